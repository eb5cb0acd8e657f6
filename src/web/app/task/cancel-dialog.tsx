import type { Task } from '../../../client/types.ts'
import { useApp } from '../state/app.ts'
import { AskDialog } from './ask-dialog.tsx'

export function CancelDialog({ task, close }: { task: Task; close: () => void }) {
  const { session } = useApp()
  return (
    <AskDialog
      title="Cancel this task?"
      verb="Cancel the task"
      tone="danger"
      act={() => session.client.peek().cancel(task.id)}
      close={close}
    >
      <p class="quiet">
        {task.status === 'running'
          ? 'Its request is broken off. The droplet may have done what it was asked for already.'
          : 'It waits; nothing more is sent.'}
      </p>
    </AskDialog>
  )
}
