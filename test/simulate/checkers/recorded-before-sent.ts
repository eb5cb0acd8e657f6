/** A request leaves the service only when its attempt is on disk. */
import { isOpen } from '../model/row.ts'
import type { Checker, Context } from '../check/checker.ts'

export function recordedBeforeSent({ model }: Context): Checker {
  return {
    sending({ taskId, attempt }) {
      const task = model.tasks.find(taskId!)
      if (!task?.row) return 'it is sent, but is not on disk'
      if (task.row.status !== 'running') return `it is sent, and on disk it is ${task.row.status}`
      const recorded = task.attempts.at(-1)
      if (recorded?.attempt === attempt && isOpen(recorded)) return null
      return `attempt ${attempt} is sent, but on disk there is ${JSON.stringify(recorded)}`
    },
  }
}
