import { useEffect, useId, useState } from 'preact/hooks'
import { suggested } from './suggested.ts'
import type { FilterName } from './filters.ts'

export interface FieldProps {
  name: FilterName
  /** '' is no filter. */
  value: string
  onSet: (value: string) => void
}

interface ChoiceProps extends FieldProps {
  label: string
  all: string
  choices: readonly string[]
  /** What a choice is called; without it, as it is. */
  words?: (choice: string) => string
}

const asItIs = (choice: string) => choice

export function ChoiceField(props: ChoiceProps) {
  const { label, all, choices, words = asItIs, name, value, onSet } = props
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        name={name}
        value={value}
        onChange={(event) => onSet(event.currentTarget.value)}
      >
        <option value="">{all}</option>
        {choices.map((choice) => (
          <option key={choice} value={choice}>
            {words(choice)}
          </option>
        ))}
        {value === '' || choices.includes(value) ? null : <option value={value}>{value}</option>}
      </select>
    </div>
  )
}

interface TextProps extends FieldProps {
  label: string
  placeholder?: string
  /** Suggestions. */
  choices?: readonly string[]
}

/** Set when it is left, with Enter, or when a suggestion is taken: not with every letter. */
export function TextField({ label, placeholder, choices, name, value, onSet }: TextProps) {
  const id = useId()
  const [text, setText] = useState(value)
  // It changes with the address, too: by a link, or by going back.
  useEffect(() => setText(value), [value])
  const set = (typed: string) => typed.trim() !== value && onSet(typed.trim())
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <input
        id={id}
        name={name}
        value={text}
        placeholder={placeholder}
        list={choices ? `${id}-choices` : undefined}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => {
          setText(event.currentTarget.value)
          const isTaken = event instanceof InputEvent && event.inputType === 'insertReplacementText'
          if (isTaken) set(event.currentTarget.value)
        }}
        onChange={(event) => set(event.currentTarget.value)}
        onKeyDown={(event) => event.key === 'Enter' && set(event.currentTarget.value)}
      />
      {choices ? (
        <datalist id={`${id}-choices`}>
          {suggested(choices, text).map((choice) => (
            <option key={choice} value={choice} />
          ))}
        </datalist>
      ) : null}
    </div>
  )
}
