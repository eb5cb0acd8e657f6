import { useId } from 'preact/hooks'
import { ChoiceField, type FieldProps } from './filter-fields.tsx'
import { momentOf, SPANS } from './filters.ts'

/** How far back, from now: the list moves on with the time. */
export function SpanField(props: FieldProps) {
  return (
    <ChoiceField
      {...props}
      label="Accepted in"
      all="all the history"
      choices={Object.keys(SPANS)}
      words={(span) => SPANS[span]!.words}
    />
  )
}

/** A moment by the reader's clock; in the address it is in Unix seconds. */
export function MomentField({ label, name, value, onSet }: FieldProps & { label: string }) {
  const id = useId()
  const set = (text: string) => {
    const ms = text === '' ? null : momentOf(text)
    onSet(ms === null ? '' : String(ms / 1000))
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        type="datetime-local"
        step={1}
        value={localText(value)}
        onChange={(event) => set(event.currentTarget.value)}
      />
    </div>
  )
}

function localText(value: string): string {
  const ms = momentOf(value)
  if (ms === null) return ''
  const offset = new Date(ms).getTimezoneOffset() * 60_000
  return new Date(ms - offset).toISOString().slice(0, 19)
}
