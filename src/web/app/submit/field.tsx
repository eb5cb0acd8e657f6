import type { ComponentChildren } from 'preact'
import { useId } from 'preact/hooks'
import { visible } from '../ui/visible.ts'
import { Icon } from '../ui/icon.tsx'

/** What makes an input belong to its label and to what is wrong with it. */
export interface InputProps {
  id: string
  'aria-invalid': boolean
  'aria-describedby': string | undefined
}

interface FieldProps {
  label: string
  hint?: string
  /** What is wrong with it; undefined: nothing. */
  error: string | undefined
  children: (props: InputProps) => ComponentChildren
}

export function Field({ label, hint, error, children }: FieldProps) {
  const id = useId()
  const notes = [hint && `${id}-hint`, error && `${id}-error`].filter((note) => note)
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {children({
        id,
        'aria-invalid': error !== undefined,
        'aria-describedby': notes.length > 0 ? notes.join(' ') : undefined,
      })}
      {hint ? (
        <p id={`${id}-hint`} class="quiet small">
          {hint}
        </p>
      ) : null}
      {error === undefined ? null : (
        <p id={`${id}-error`} class="complaint small" role="alert">
          <Icon name="warning" />
          <span class="any">{visible(error)}</span>
        </p>
      )}
    </div>
  )
}
