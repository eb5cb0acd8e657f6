import { useRef } from 'preact/hooks'
import { useKeys } from '../state/app.ts'
import { Icon } from './icon.tsx'

interface SearchFieldProps {
  /** What is searched: `Search droplets`. */
  label: string
  value: string
  onInput: (value: string) => void
}

/** `/` goes to it, Escape empties it and leaves. */
export function SearchField({ label, value, onInput }: SearchFieldProps) {
  const field = useRef<HTMLInputElement>(null)
  useKeys([{ keys: '/', label, run: () => field.current?.focus() }])
  const leave = (event: KeyboardEvent) => {
    if (event.key !== 'Escape') return
    onInput('')
    field.current?.blur()
  }
  return (
    <div class="search">
      <Icon name="search" />
      <input
        ref={field}
        type="search"
        aria-label={label}
        placeholder={label}
        value={value}
        spellcheck={false}
        autocomplete="off"
        onInput={(event) => onInput(event.currentTarget.value)}
        onKeyDown={leave}
      />
      <kbd aria-hidden="true">/</kbd>
    </div>
  )
}
