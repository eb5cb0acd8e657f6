/** A backoff is a list of waits, ms: one before each retry. */
const FIRST_MS = 1000
const LONGEST_MS = 60_000

/** Doubling from 1 s, at most 60 s: `[1000, 2000, 4000]` for three retries. */
export function backoff(retries: number): number[] {
  return Array.from({ length: retries }, (_, retry) => waitBefore(retry))
}

/** The wait before retry `retry` (from 0), ms, lengthened by what the droplet asked for. */
export function waitBefore(retry: number, retryAfterMs = 0): number {
  const wait = Math.min(FIRST_MS * 2 ** retry, LONGEST_MS)
  return Math.max(wait, Math.min(retryAfterMs, LONGEST_MS))
}

/** The longest that any wait between attempts can be, ms. */
export const LONGEST_WAIT_MS = LONGEST_MS
