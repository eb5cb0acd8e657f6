import { useMemo } from 'preact/hooks'
import type { Droplet } from '../../../client/types.ts'
import { useApp } from '../state/app.ts'
import { useRead } from '../state/use-read.ts'
import { suggested } from '../tasks/suggested.ts'
import { Icon } from '../ui/icon.tsx'
import { visible } from '../ui/visible.ts'
import { Field } from './field.tsx'
import { jsonFault } from './form.ts'

const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE']

export function MainFields() {
  return (
    <>
      <DropletField />
      <TargetFields />
      <PayloadField />
    </>
  )
}

function DropletField() {
  const { submitForm } = useApp()
  const { droplet_name } = submitForm.form.value
  const { value } = useRead('droplets to submit to', (client, signal) =>
    client.droplets({}, signal),
  )
  const droplets = value?.droplets ?? []
  const names = droplets.map(({ name }) => name)
  const name = droplet_name.trim().toLowerCase()
  const chosen = droplets.find((droplet) => droplet.name.toLowerCase() === name)
  return (
    <Field label="Droplet" error={submitForm.errors.value.droplet_name}>
      {(props) => (
        <>
          <input
            {...props}
            name="droplet_name"
            list="submit-droplets"
            value={droplet_name}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => submitForm.change({ droplet_name: event.currentTarget.value })}
          />
          <datalist id="submit-droplets">
            {suggested(names, droplet_name).map((one) => (
              <option key={one} value={one} />
            ))}
          </datalist>
          <Warning droplet={chosen} isUnknown={value !== null && name !== '' && !chosen} />
        </>
      )}
    </Field>
  )
}

function Warning({ droplet, isUnknown }: { droplet: Droplet | undefined; isUnknown: boolean }) {
  const words = isUnknown ? 'No droplet of this name is known here.' : warningOf(droplet)
  return (
    <p class="droplet-warning small" role="status">
      {words ? (
        <>
          <Icon name="warning" />
          <span class="any">{visible(words)}</span>
        </>
      ) : null}
    </p>
  )
}

function warningOf(droplet: Droplet | undefined): string | null {
  if (!droplet) return null
  if (droplet.status === 'inactive' || droplet.status === 'error') {
    return `The Registry lists it as ${droplet.status}: nothing is sent to it.`
  }
  const error = droplet.last_error ? `: ${droplet.last_error}` : '.'
  if (droplet.circuit !== 'closed') return `It is not there now, its circuit is open${error}`
  return droplet.reachable === false ? `It does not answer now${error}` : null
}

function TargetFields() {
  const { submitForm } = useApp()
  const { method, path } = submitForm.form.value
  const errors = submitForm.errors.value
  return (
    <div class="submit-target">
      <Field label="Method" error={errors.method}>
        {(props) => (
          <select
            {...props}
            name="method"
            value={method}
            onChange={(event) => submitForm.change({ method: event.currentTarget.value })}
          >
            {METHODS.map((one) => (
              <option key={one}>{one}</option>
            ))}
          </select>
        )}
      </Field>
      <Field label="Path and query" error={errors.path}>
        {(props) => (
          <input
            {...props}
            class="mono"
            name="path"
            value={path}
            spellcheck={false}
            autocomplete="off"
            onInput={(event) => submitForm.change({ path: event.currentTarget.value })}
          />
        )}
      </Field>
    </div>
  )
}

function PayloadField() {
  const { submitForm } = useApp()
  const { payload, method } = submitForm.form.value
  const fault = useMemo(() => jsonFault(payload), [payload])
  const isRefused = method === 'GET' && payload.trim() !== '' && payload.trim() !== '{}'
  const wrong = fault ?? (isRefused ? 'A GET has no payload' : undefined)
  return (
    <Field
      label="Payload"
      hint="JSON, sent as it is written here; empty for none"
      error={submitForm.errors.value.payload ?? wrong}
    >
      {(props) => (
        <textarea
          {...props}
          name="payload"
          rows={8}
          value={payload}
          spellcheck={false}
          onInput={(event) => submitForm.change({ payload: event.currentTarget.value })}
        />
      )}
    </Field>
  )
}
