/** At most TASK_CONCURRENCY asynchronous attempts are in flight. */
import { modeOf } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function concurrencyLimit({ model }: Context): Checker {
  return {
    sent({ process }) {
      const { inFlight } = model.requests
      const count = [...inFlight].filter(({ task }) => modeOf(task) === 'async').length
      return count > process.concurrency ? `${count} are in flight at once` : null
    },
  }
}
