/** No attempt is sent after the task's deadline. */
import type { Checker, Context } from '../check/checker.ts'

/** The wall clock counts in whole ms. */
const ROUNDING_MS = 1.5

export function deadlineKept({ world }: Context): Checker {
  return {
    sent({ request: { task, sentAt } }) {
      const deadline = task.row!.deadline_ms as number | null
      if (deadline === null || task.deadlineFrom === null) return null
      const lateMs = sentAt - (task.deadlineFrom.latest + deadline)
      return lateMs > ROUNDING_MS + world.skewMs(deadline)
        ? `it is sent ${lateMs} ms after its deadline`
        : null
    },
  }
}
