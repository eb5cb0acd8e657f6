/** A task makes only the transitions of the state diagram in `src/task.ts`. */
import type { Row } from '../../../src/store/sqlite/rows.ts'
import { isFinished, type TaskStatus } from '../../../src/task.ts'
import { isInterrupted } from '../model/row.ts'
import type { Checker } from '../check/checker.ts'

type From = 'new' | 'interrupted' | TaskStatus

const TRANSITIONS: Record<From, readonly TaskStatus[]> = {
  // A synchronous one may be cancelled while it waits at the gate.
  new: ['queued', 'running', 'error', 'cancelled'],
  queued: ['running', 'timeout', 'cancelled', 'error'],
  running: ['running', 'success', 'error', 'timeout', 'cancelled'],
  // Its caller sends its Idempotency-Key again.
  interrupted: ['queued', 'running', 'error', 'cancelled'],
  success: [],
  error: [],
  timeout: [],
  cancelled: [],
}

export function transitions(): Checker {
  return {
    written: ({ before, after }) => transitionFault(before, after) ?? endFault(after),
  }
}

function transitionFault(before: Row | null, after: Row): string | null {
  const from = fromOf(before)
  const to = after.status as TaskStatus
  if (!TRANSITIONS[from].includes(to)) return `there is no transition ${from} → ${to}`
  if (from === 'interrupted' && after.idempotency_key === null) {
    return 'an interrupted task runs again although it has no Idempotency-Key'
  }
  if (from !== 'new') return null
  if (to === 'cancelled' && after.mode !== 'sync') return 'it is cancelled before it is accepted'
  if (to === 'queued' && after.mode !== 'async') return 'a synchronous task is queued'
  if (to === 'running' && after.mode !== 'sync') return 'it runs before it is accepted'
  return null
}

function fromOf(before: Row | null): From {
  if (before === null) return 'new'
  return isInterrupted(before) ? 'interrupted' : (before.status as TaskStatus)
}

function endFault(after: Row): string | null {
  const status = after.status as TaskStatus
  if (isFinished({ status }) !== (after.completed_at !== null)) {
    return `${status} with completed_at ${after.completed_at}`
  }
  return isFinished({ status }) && after.due_at !== null ? 'it has ended and is due' : null
}
