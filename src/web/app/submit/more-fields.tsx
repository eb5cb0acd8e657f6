import { useEffect, useState } from 'preact/hooks'
import { useApp } from '../state/app.ts'
import { Field } from './field.tsx'
import type { Form } from './form.ts'
import { HeaderFields } from './header-fields.tsx'

type TextName = 'timeout_ms' | 'deadline_ms' | 'max_retries' | 'delay_seconds' | 'idempotencyKey'

export function MoreFields() {
  return (
    <>
      <ModeField />
      <HeaderFields />
      <Options />
    </>
  )
}

function ModeField() {
  const { submitForm } = useApp()
  const { isAsync } = submitForm.form.value
  const choose = (isAsync: boolean) => submitForm.change({ isAsync })
  return (
    <div class="field">
      <span id="mode-label" class="label">
        Who waits for the answer
      </span>
      <div class="choice" role="group" aria-labelledby="mode-label">
        <button type="button" aria-pressed={!isAsync} onClick={() => choose(false)}>
          This page (synchronous)
        </button>
        <button type="button" aria-pressed={isAsync} onClick={() => choose(true)}>
          Nobody (asynchronous)
        </button>
      </div>
    </div>
  )
}

const OPTIONS: readonly (keyof Form)[] = [
  'timeout_ms',
  'deadline_ms',
  'max_retries',
  'delay_seconds',
  'idempotencyKey',
  'meta',
]

function Options() {
  const { submitForm } = useApp()
  const errors = submitForm.errors.value
  const isFaulty = OPTIONS.some((name) => errors[name] !== undefined)
  const [isOpen, setOpen] = useState(false)
  // A fault opens them; that it is gone does not close them under who types.
  useEffect(() => {
    if (isFaulty) setOpen(true)
  }, [isFaulty])
  const { isAsync } = submitForm.form.value
  return (
    <details
      class="submit-options"
      open={isOpen}
      onToggle={(event) => setOpen(event.currentTarget.open)}
    >
      <summary>Options</summary>
      <div class="submit-grid">
        <NumberField name="timeout_ms" label="One attempt may take (ms)" />
        <NumberField name="deadline_ms" label="The whole task may take (ms)" />
        <NumberField name="max_retries" label="Retries (0–10)" />
        {isAsync ? <NumberField name="delay_seconds" label="Not before (s from now)" /> : null}
        <TextField
          name="idempotencyKey"
          label="Idempotency-Key"
          hint="However often it is sent, it runs once"
        />
      </div>
      <MetaField />
    </details>
  )
}

function NumberField(props: { name: TextName; label: string }) {
  return <TextField {...props} inputMode="numeric" hint="Empty: as the service has it" />
}

interface TextFieldProps {
  name: TextName
  label: string
  hint: string
  inputMode?: 'numeric'
}

function TextField({ name, label, hint, inputMode }: TextFieldProps) {
  const { submitForm } = useApp()
  return (
    <Field label={label} hint={hint} error={submitForm.errors.value[name]}>
      {(props) => (
        <input
          {...props}
          name={name}
          inputMode={inputMode}
          value={submitForm.form.value[name]}
          autocomplete="off"
          onInput={(event) => submitForm.change({ [name]: event.currentTarget.value })}
        />
      )}
    </Field>
  )
}

function MetaField() {
  const { submitForm } = useApp()
  return (
    <Field
      label="Meta"
      hint="Your own notes, a JSON object: kept with the task, never sent on"
      error={submitForm.errors.value.meta}
    >
      {(props) => (
        <textarea
          {...props}
          name="meta"
          rows={3}
          spellcheck={false}
          value={submitForm.form.value.meta}
          onInput={(event) => submitForm.change({ meta: event.currentTarget.value })}
        />
      )}
    </Field>
  )
}
