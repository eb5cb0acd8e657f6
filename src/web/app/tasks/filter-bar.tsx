/** The filters, one field each; what is chosen is in the address at once. */
import { useState } from 'preact/hooks'
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { useRead } from '../state/use-read.ts'
import { FILTER_NAMES, STATUS_CHOICES, type Filters, type FilterName } from './filters.ts'
import { ChoiceField, TextField } from './filter-fields.tsx'
import { MomentField, SpanField } from './time-fields.tsx'

const RARE: readonly FilterName[] = [
  'request_id',
  'replay_of',
  'mode',
  'created_after',
  'created_before',
]

export function FilterBar({ filters }: { filters: Filters }) {
  const { router } = useApp()
  const names = useDropletNames()
  const [isMore, setMore] = useState(RARE.some((name) => filters[name] !== undefined))
  const set = (changes: Partial<Record<FilterName, string | null>>) => router.setQuery(changes)
  const props = (name: FilterName) => ({
    name,
    value: filters[name] ?? '',
    onSet: (value: string) => set({ [name]: value || null }),
  })
  return (
    <form class="filters" aria-label="Filters" onSubmit={(event) => event.preventDefault()}>
      <ChoiceField label="State" all="any state" choices={STATUS_CHOICES} {...props('status')} />
      <TextField label="Droplet" placeholder="any" choices={names} {...props('droplet_name')} />
      <TextField label="Answer" placeholder="404 or 5xx" {...props('response_status')} />
      <SpanField {...props('since')} onSet={(since) => set({ since, created_after: null })} />
      <button type="button" class="button" aria-expanded={isMore} onClick={() => setMore(!isMore)}>
        {isMore ? 'Fewer filters' : 'More filters'}
      </button>
      {FILTER_NAMES.some((name) => filters[name] !== undefined) ? (
        <a class="button filters-clear" href={link(['tasks'])}>
          Clear
        </a>
      ) : null}
      {isMore ? (
        <div class="filters-rare">
          <TextField label="Request id" {...props('request_id')} />
          <TextField label="Replays of task" {...props('replay_of')} />
          <ChoiceField label="Mode" all="any mode" choices={['sync', 'async']} {...props('mode')} />
          <MomentField
            label="Accepted from"
            {...props('created_after')}
            onSet={(created_after) => set({ created_after, since: null })}
          />
          <MomentField label="Accepted before" {...props('created_before')} />
        </div>
      ) : null}
    </form>
  )
}

/** Only to suggest: a list that can't be read is none. */
function useDropletNames(): readonly string[] {
  const { value } = useRead('droplet names', (client, signal) => client.droplets({}, signal))
  return value?.droplets.map(({ name }) => name) ?? []
}
