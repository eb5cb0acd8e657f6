/** No attempt is sent before its delay or its backoff is over. */
import type { Checker, Context } from '../check/checker.ts'

/** The wall clock counts in whole ms. */
const ROUNDING_MS = 1.5

export function backoffKept({ world }: Context): Checker {
  return {
    sent({ request: { task, sentAt }, previous }) {
      const earlyMs = task.notBefore - sentAt
      const skewMs = world.skewMs(sentAt - (previous?.endedAt ?? task.issuedAt))
      return earlyMs > ROUNDING_MS + skewMs
        ? `it is sent ${Math.round(earlyMs)} ms too early`
        : null
    },
  }
}
