import { useApp } from '../state/app.ts'
import { Icon } from '../ui/icon.tsx'
import type { HeaderLine } from './form.ts'

export function HeaderFields() {
  const { submitForm } = useApp()
  const { headers } = submitForm.form.value
  const error = submitForm.errors.value.headers
  const set = (lines: readonly HeaderLine[]) => submitForm.change({ headers: lines })
  return (
    <div class="field" role="group" aria-label="Headers">
      <span class="label">Headers</span>
      {headers.map((line, i) => (
        <Line
          key={i}
          line={line}
          number={i + 1}
          change={(changed) => set(headers.with(i, changed))}
          remove={() => set(headers.toSpliced(i, 1))}
        />
      ))}
      {error ? (
        <p class="complaint small any" role="alert">
          <Icon name="warning" />
          {error}
        </p>
      ) : null}
      <button
        type="button"
        class="button small add-header"
        onClick={() => set([...headers, { name: '', value: '' }])}
      >
        Add a header
      </button>
    </div>
  )
}

interface LineProps {
  line: HeaderLine
  number: number
  change: (line: HeaderLine) => void
  remove: () => void
}

function Line({ line, number, change, remove }: LineProps) {
  return (
    <div class="header-line">
      <input
        class="mono"
        aria-label={`Name of header ${number}`}
        placeholder="Name"
        value={line.name}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => change({ ...line, name: event.currentTarget.value })}
      />
      <input
        class="mono"
        aria-label={`Value of header ${number}`}
        placeholder="Value"
        value={line.value}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => change({ ...line, value: event.currentTarget.value })}
      />
      <button
        type="button"
        class="button icon-only"
        aria-label={`Remove header ${number}`}
        onClick={remove}
      >
        <Icon name="cross" />
      </button>
    </div>
  )
}
