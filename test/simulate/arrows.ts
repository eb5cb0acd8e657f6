/** The arrows of the state diagram in `src/task.ts`, and what a step may do to the attempts. */
import { INTERRUPTED, type Attempt, type TaskStatus } from '../../src/task.ts'
import type { Row } from '../../src/store/sqlite/rows.ts'

const ARROWS: Record<'new' | 'interrupted' | TaskStatus, readonly TaskStatus[]> = {
  new: ['queued', 'running', 'error'],
  queued: ['running', 'timeout', 'cancelled', 'error'],
  running: ['running', 'success', 'error', 'timeout', 'cancelled'],
  // Its caller sends its Idempotency-Key again.
  interrupted: ['queued', 'running', 'error'],
  success: [],
  error: [],
  timeout: [],
  cancelled: [],
}

export function arrowFault(before: Row | null, after: Row): string | null {
  const from = before === null ? 'new' : isInterrupted(before) ? 'interrupted' : before.status
  const to = after.status as TaskStatus
  if (!ARROWS[from as keyof typeof ARROWS].includes(to)) return `there is no arrow ${from} → ${to}`
  if (from === 'interrupted' && after.idempotency_key === null) {
    return 'an interrupted task runs again although it has no Idempotency-Key'
  }
  if (from === 'new' && to === 'queued' && after.mode !== 'async') return 'a synchronous task waits'
  if (from === 'new' && to === 'running' && after.mode !== 'sync')
    return 'it begins before it is accepted'
  const over = to !== 'queued' && to !== 'running'
  if (over !== (after.completed_at !== null)) return `${to} with completed_at ${after.completed_at}`
  if (over && after.due_at !== null) return 'it has ended and is due'
  return null
}

export function isInterrupted(row: Row): boolean {
  return row.status === 'error' && row.error_message === INTERRUPTED
}

export function isOpen(attempt: Attempt | undefined): boolean {
  return attempt !== undefined && attempt.durationMs === null && !attempt.interrupted
}

/** `wasSent`: whether the attempt of that number left the process that runs now. */
export function attemptsFault(
  before: readonly Attempt[],
  after: readonly Attempt[],
  row: Row,
  wasSent: (attempt: number) => boolean,
): string | null {
  for (const [index, attempt] of after.entries()) {
    if (attempt.attempt !== index + 1) return `attempt ${attempt.attempt} has place ${index + 1}`
    if (isOpen(attempt) && (index < after.length - 1 || row.status !== 'running')) {
      return `attempt ${attempt.attempt} was left open`
    }
    const earlier = before[index]
    if (earlier && !isOpen(earlier) && !Bun.deepEquals(earlier, attempt)) {
      return `attempt ${attempt.attempt} was over and has changed`
    }
  }
  const more = after.length - before.length
  if (more > 1 || more < -1) return `${before.length} attempts become ${after.length}`
  if (more === 1 && !isOpen(after.at(-1))) return 'an attempt begins closed'
  if (more === -1 && (!isOpen(before.at(-1)) || wasSent(before.length))) {
    return `attempt ${before.length} was sent and is taken back`
  }
  return null
}
