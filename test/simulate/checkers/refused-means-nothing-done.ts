/** A submission that is refused leaves no task, and so sends nothing; unless it names the task. */
import type { Checker, Context } from '../check/checker.ts'

export function refusedMeansNothingDone({ model }: Context): Checker {
  return {
    // A later process can't know.
    sent: ({ request: { task }, process }) =>
      task.refusedBy === process.number && (task.owner?.fence ?? 1) === 1
        ? 'it is sent, and its caller was told that it was not started'
        : null,

    refused({ call, code, details }) {
      // Accepted, waited for, ended and forgotten, all before it was read: rare, but right.
      if (code === 'TASK_NOT_FOUND' || call.created === null) return null
      // It was begun, and its next step can't be recorded: see told-in-time.
      if (code === 'STORE_UNAVAILABLE' && details.task_id === call.created) return null
      // It is undone: see refused-is-undone.
      if (code === 'STORE_UNAVAILABLE' && model.leases) return null
      return `${call.kind} was refused, and ${call.created} is on disk`
    },
  }
}
