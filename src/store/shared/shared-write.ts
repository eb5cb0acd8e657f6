import { maxWaitOf, type Task } from '../../task.ts'
import type { Hold, SharedWrite } from './database.ts'

/**
 * A write as the database takes it; `now`: by the clock that the task's times are of, ms. It may
 * have been set back since they were.
 */
export function sharedWrite(
  kind: SharedWrite['kind'],
  task: Task,
  hold: Hold | null,
  now: number,
): SharedWrite {
  const waitMs = task.dueAt === null ? 0 : Math.min(task.dueAt - now, maxWaitOf(task))
  return { kind, task, hold, waitMs: Math.max(0, waitMs) }
}
