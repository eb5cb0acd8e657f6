import type { Answer } from './droplet-plan.ts'

/** The header's value, and the wait that it asks for at the wall-clock time `wall`, ms. */
export function retryAfterHeader(
  retryAfter: Answer['retryAfter'],
  wall: number,
): { value: string | null; waitMs: number } {
  if (!retryAfter) return { value: null, waitMs: 0 }
  const { seconds, asDate } = retryAfter
  if (!asDate) return { value: String(seconds), waitMs: seconds * 1000 }
  // An HTTP date has whole seconds.
  const date = Math.floor(wall / 1000) * 1000 + seconds * 1000
  return { value: new Date(date).toUTCString(), waitMs: Math.max(0, date - wall) }
}
