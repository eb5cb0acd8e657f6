import { MAX_RETRY_WAIT_MS } from '../task.ts'

/** The waits between attempts: 1 s, doubling, at most 60 s. */
const FIRST_WAIT_MS = 1000

/** The wait before retry `retry` (from 0), ms; longer when the droplet asked for that. */
export function waitBefore(retry: number, retryAfterMs = 0): number {
  const wait = Math.min(FIRST_WAIT_MS * 2 ** retry, MAX_RETRY_WAIT_MS)
  return Math.max(wait, Math.min(retryAfterMs, MAX_RETRY_WAIT_MS))
}
