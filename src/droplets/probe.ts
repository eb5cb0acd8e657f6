/** One probe of a droplet, and when the next is due. */
import { within } from '../platform/time-limit.ts'
import type { Clock, Fetch } from '../ports.ts'
import { USER_AGENT } from '../version.ts'
import type { Finding } from './down-log.ts'

const PROBE_LIMIT_MS = 2000

export interface ProbePorts {
  clock: Clock
  fetch: Fetch
  /** Ends the probe. */
  stop: AbortSignal
}

/** What `GET <url>/health` is answered with; nothing, when no answer came in 2 s. Never rejects. */
export async function probe(url: string, { clock, fetch, stop }: ProbePorts): Promise<Finding> {
  const headers = { accept: 'application/json', 'user-agent': USER_AGENT }
  const answer = await within(clock, PROBE_LIMIT_MS, stop, async (signal) => {
    const response = await fetch(`${url}/health`, { method: 'GET', headers, signal })
    // Not awaited: how the body ends makes no difference.
    response.body?.cancel().catch(() => {})
    return response.status
  })
  return answer.ok ? { status: answer.value, error: null } : { status: null, error: answer.error }
}

/**
 * ms until a droplet's next turn. It has one in each interval, at `phase` (0 to 1) of it; a turn
 * that is less than a tenth of the interval away is left out. `now`: monotonic ms.
 */
export function untilNextProbe(phase: number, intervalMs: number, now: number): number {
  const sinceStart = now % intervalMs
  const wait = (phase * intervalMs - sinceStart + intervalMs) % intervalMs
  return wait < intervalMs / 10 ? wait + intervalMs : wait
}
