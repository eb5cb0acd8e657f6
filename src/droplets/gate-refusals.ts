/** What the gate of one droplet tells those that it does not let in. */
import type { Refusal } from './gate.ts'

/** A new task, for which there is neither a place nor room to wait. */
export function overloaded(inFlight: number, waiting: number): Refusal {
  const reason = `${inFlight} requests are under way, and ${waiting} tasks wait`
  return { admitted: false, kind: 'overloaded', reason }
}

/** A later attempt, whose time was over before it got a place. */
export function noPlaceInTime(maxConcurrency: number): Refusal {
  const reason = `no place among the ${maxConcurrency} requests at once in time`
  return { admitted: false, kind: 'passed over', reason }
}

/** An attempt, for which the circuit has not closed in time. `openMs`: how long it has been open. */
export function passedOver(openMs: number): Refusal {
  return { admitted: false, kind: 'passed over', reason: circuitText(openMs) }
}

/** A new task, that does not wait for a droplet which has been away for long. */
export function circuitOpen(openMs: number, retryAfterMs: number): Refusal {
  return {
    admitted: false,
    kind: 'circuit open',
    reason: circuitText(openMs),
    retryAfterMs: Math.max(0, retryAfterMs),
  }
}

function circuitText(openMs: number): string {
  return `circuit open: the droplet has not been there for ${Math.ceil(openMs / 1000)} s`
}
