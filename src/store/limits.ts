/** How long the store waits for its database. */
import { OrchestratorError } from '../errors.ts'
import { within } from '../platform/time-limit.ts'
import type { Clock } from '../ports.ts'
import { DatabaseLocked } from './driver.ts'

/** How long another process may hold the database's lock before that counts as a failure, ms. */
const MAX_LOCKED_MS = 5000
/** How long a list waits for that, ms: then it is told as it was before the lock. */
const MAX_LOCKED_LIST_MS = 1000
/** How soon a locked database is tried again, ms: doubling, for most locks are short. */
const MIN_WAIT_MS = 2
const MAX_WAIT_MS = 50

/**
 * Repeats `commit` while another process holds the lock: reads go on meanwhile, and new writes
 * gather. Two groups of writes may change places then; nobody asks for a task's next step before
 * the last is on disk. Rejects as `commit` does.
 */
export function retryWhileLocked<T>(clock: Clock, commit: () => Promise<T>): Promise<T> {
  return retryUntil(clock, clock.monotonic() + MAX_LOCKED_MS, commit)
}

/**
 * The list as it is now. While another process holds the lock for long, as it was before: `read`
 * is told that it may be behind.
 */
export async function listThroughLock<T>(
  clock: Clock,
  read: (mayBeBehind: boolean) => Promise<T>,
): Promise<T> {
  try {
    return await retryUntil(clock, clock.monotonic() + MAX_LOCKED_LIST_MS, () => read(false))
  } catch (error) {
    if (error instanceof DatabaseLocked) return read(true)
    throw error
  }
}

/** `end`: monotonic ms. */
async function retryUntil<T>(clock: Clock, end: number, work: () => Promise<T>): Promise<T> {
  for (let wait = MIN_WAIT_MS; ; wait = Math.min(2 * wait, MAX_WAIT_MS)) {
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof DatabaseLocked) || clock.monotonic() >= end) throw error
    }
    await clock.sleep(wait)
  }
}

/** As `read` settles; or rejects with STORE_UNAVAILABLE after `ms`. */
export async function withReadLimit<T>(clock: Clock, ms: number, read: Promise<T>): Promise<T> {
  const result = await within(clock, ms, null, () => read)
  if (result.ok) return result.value
  if (result.kind === 'failed') throw result.cause
  throw new OrchestratorError('STORE_UNAVAILABLE', 'The history cannot be read now')
}
