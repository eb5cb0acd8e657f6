/** Submits the same again; values of secret headers are asked for, since nobody has kept them. */
import { useId, useState } from 'preact/hooks'
import type { Task } from '../../../client/types.ts'
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { AskDialog } from './ask-dialog.tsx'

export function ReplayDialog({ task, close }: { task: Task; close: () => void }) {
  const { session, router } = useApp()
  const [secrets, setSecrets] = useState<Record<string, string>>({})
  const replay = async () => {
    const body = task.secret_headers.length === 0 ? {} : { headers: secrets }
    const client = session.client.peek()
    const { task_id } = await client.replay(task.id, body, { prefer: 'respond-async' })
    router.go(link(['tasks', task_id]))
  }
  return (
    <AskDialog title="Replay this task?" verb="Replay" tone="primary" act={replay} close={close}>
      <p class="quiet">
        The same request is sent to {task.droplet_name} once more, as a new asynchronous task.
      </p>
      {task.secret_headers.map((name) => (
        <SecretField
          key={name}
          name={name}
          value={secrets[name] ?? ''}
          onInput={(value) => setSecrets({ ...secrets, [name]: value })}
        />
      ))}
    </AskDialog>
  )
}

interface SecretFieldProps {
  name: string
  value: string
  onInput: (value: string) => void
}

function SecretField({ name, value, onInput }: SecretFieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>
        {name} <span class="quiet">(secret: its value was not kept)</span>
      </label>
      <input
        id={id}
        type="password"
        autocomplete="off"
        required
        value={value}
        onInput={(event) => onInput(event.currentTarget.value)}
      />
    </div>
  )
}
