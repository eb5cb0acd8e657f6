/** No attempt is sent before its delay or its backoff is over. */
import type { Checker } from '../check/checker.ts'

/** The wall clock counts in whole ms. */
const ROUNDING_MS = 1.5

export function backoffKept(): Checker {
  return {
    sent({ request: { task, sentAt } }) {
      const earlyMs = task.notBefore - sentAt
      return earlyMs > ROUNDING_MS ? `it is sent ${Math.round(earlyMs)} ms too early` : null
    },
  }
}
