/** Submits the same again; values of secret headers are asked for, since nobody has kept them. */
import { useId, useMemo, useState } from 'preact/hooks'
import type { Task } from '../../../client/types.ts'
import { useApp } from '../state/app.ts'
import { link } from '../state/router.ts'
import { randomId } from '../submit/random-id.ts'
import { AskDialog } from './ask-dialog.tsx'

export function ReplayDialog({ task, close }: { task: Task; close: () => void }) {
  const { session, router } = useApp()
  const [secrets, setSecrets] = useState<Record<string, string>>({})
  // Tried again after an answer that was lost, it runs once; with other secrets it is another one.
  const key = useMemo(() => `replay-${randomId()}`, [secrets])
  const replay = async () => {
    const body = task.secret_headers.length === 0 ? {} : { headers: secrets }
    const client = session.client.peek()
    const from = router.location.peek()
    const headers = { prefer: 'respond-async', idempotencyKey: key }
    const { task_id } = await client.replay(task.id, body, headers)
    // Whoever has gone elsewhere meanwhile stays there.
    if (router.location.peek() === from) router.go(link(['tasks', task_id]))
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
