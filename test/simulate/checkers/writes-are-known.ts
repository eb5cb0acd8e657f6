/** Every write is of a task that was submitted, and of the kind that fits the task's state. */
import { hasEnded } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function writesAreKnown({ model, disk }: Context): Checker {
  return {
    idIssued: ({ taskId }) =>
      model.tasks.find(taskId!) ? 'its id was given to another task before' : null,

    writing({ taskId, kind }) {
      const task = model.tasks.find(taskId!)
      if (!task) return 'a task is written that was never submitted'
      if ((kind === 'insert') !== (task.row === null)) {
        return `${kind} of a task that is ${task.row ? '' : 'not '}on disk`
      }
      if ((kind === 'resume') !== hasEnded(task))
        return `${kind} of a task that is ${task.row?.status}`
      const isForgotten = hasEnded(task) && !disk.has(task.id)
      return isForgotten ? 'it runs again, but the history has forgotten it' : null
    },

    writeRefused({ kind, reason }) {
      if (typeof reason === 'object') return null
      // `fences-hold` looks into those of a node that shares the store with others.
      if (model.leases) return null
      // The history may forget an interrupted task just before it would run again.
      return kind === 'resume' ? null : `its ${kind} is refused: ${reason}`
    },
  }
}
