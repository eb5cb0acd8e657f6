import { useEffect, useMemo } from 'preact/hooks'
import type { Droplet } from '../../../client/types.ts'
import { useApp, useLive } from '../state/app.ts'
import { count, longDuration, plural } from '../ui/format.ts'
import { Icon } from '../ui/icon.tsx'
import { useRowKeys } from '../ui/row-keys.ts'
import { SearchField } from '../ui/search-field.tsx'
import { Empty, ErrorBox, Loading } from '../ui/states.tsx'
import { useRem } from '../ui/use-rem.ts'
import { VirtualRows } from '../ui/virtual-rows.tsx'
import { DropletCard } from './card.tsx'
import { DropletColumns, DropletRow } from './row.tsx'
import { DropletStore, type ListState } from './store.ts'
import { rankOf } from './trouble.ts'

/** More cards than that are no board any more: a table then. */
const MOST_CARDS = 60
/** As `.droplet-row` of style has it. */
const ROW_REM = 2.75

export function DropletsView() {
  const { session } = useApp()
  const store = useMemo(() => new DropletStore(session), [session])
  useLive('droplets', store)
  useEffect(() => () => store.stop(), [store])
  useRowKeys()
  const list = store.list.value
  const error = store.error.value
  if (!list) {
    return error ? (
      <ErrorBox error={error} title="The droplets cannot be listed" retry={() => store.read()} />
    ) : (
      <Loading what="Reading the droplets" />
    )
  }
  return <Board list={list} state={store.state.value!} />
}

function Board({ list, state }: { list: readonly Droplet[]; state: ListState }) {
  const { router } = useApp()
  const text = router.location.value.query.get('q') ?? ''
  const found = useMemo(() => list.filter(matching(text)), [list, text])
  const search = (q: string) => router.setQuery({ q }, true)
  return (
    <>
      <div class="page-head">
        <h1>Droplets</h1>
        <Summary list={list} />
        <div class="end">
          <SearchField label="Search droplets" value={text} onInput={search} />
        </div>
      </div>
      <OldList state={state} />
      <p class="only-read" role="status">
        {text === '' ? '' : plural(found.length, 'droplet matches', 'droplets match')}
      </p>
      {list.length === 0 ? (
        <NoDroplets />
      ) : found.length === 0 ? (
        <Empty title="No droplet matches">
          <button type="button" class="button" onClick={() => search('')}>
            Show all {count(list.length)}
          </button>
        </Empty>
      ) : (
        // By all there are: what is found should not change its form with every letter.
        <Droplets droplets={found} asTable={list.length > MOST_CARDS} />
      )}
    </>
  )
}

function Droplets({ droplets, asTable }: { droplets: readonly Droplet[]; asTable: boolean }) {
  const rowHeight = Math.round(ROW_REM * useRem())
  if (!asTable) {
    return (
      <ul class="board" aria-label="Droplets">
        {droplets.map((droplet) => (
          <li key={droplet.name}>
            <DropletCard droplet={droplet} />
          </li>
        ))}
      </ul>
    )
  }
  return (
    <div class="panel droplet-table">
      <DropletColumns />
      <VirtualRows
        label="Droplets"
        items={droplets}
        rowHeight={rowHeight}
        keyOf={({ name }) => name}
        row={(droplet) => <DropletRow droplet={droplet} />}
      />
    </div>
  )
}

function Summary({ list }: { list: readonly Droplet[] }) {
  const how = (reachable: boolean | null) => (droplet: Droplet) => droplet.reachable === reachable
  const parts = [
    [list.length, 'known'],
    [list.filter(how(true)).length, 'reachable'],
    [list.filter((droplet) => rankOf(droplet) === 0).length, 'away'],
    [list.filter(how(null)).length, 'not asked yet'],
  ] as const
  const words = parts.filter(([number], i) => i < 2 || number > 0)
  return <p class="quiet">{words.map(([number, word]) => `${count(number)} ${word}`).join(', ')}</p>
}

/** The Registry has not answered lately: what is listed may be out of date. */
function OldList({ state }: { state: ListState }) {
  if (state.cache_status === 'active') return null
  const age = state.cache_age_seconds
  return (
    <p class="note">
      <Icon name="warning" />
      <span>
        The Registry did not answer
        {age === null ? '' : `; this list is ${longDuration(age)} old`}. Tasks go on with it.
      </span>
    </p>
  )
}

function NoDroplets() {
  return (
    <Empty title="No droplet is known">
      <p class="quiet">
        The Registry answers and lists none. Add one there: it is shown here with the next sync.
      </p>
    </Empty>
  )
}

function matching(text: string): (droplet: Droplet) => boolean {
  const wanted = text.trim().toLowerCase()
  if (wanted === '') return () => true
  return ({ name, url, last_error: error }) =>
    [name, url, error ?? ''].some((one) => one.toLowerCase().includes(wanted))
}
