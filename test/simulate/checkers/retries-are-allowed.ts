/**
 * Nothing is sent after max_retries failures, attempts that the gate has passed over included, or
 * after an answer that is final.
 */
import { failuresIn, isRetryable } from '../model/rules.ts'
import type { Checker } from '../check/checker.ts'

export function retriesAreAllowed(): Checker {
  return {
    sent({ request: { task }, previous }) {
      const failures = failuresIn(task.attempts) + task.passedOver
      const maxRetries = task.row!.max_retries as number
      if (failures > maxRetries) return `it is sent after ${failures} failures`
      const attemptBefore = task.attempts.at(-2)
      if (!previous || !attemptBefore || attemptBefore.interrupted) return null
      // Its time was over, too, when its process went on.
      if (previous.endedInPause) return null
      return isRetryable(previous.result) ? null : 'it is sent again after a final answer'
    },
  }
}
