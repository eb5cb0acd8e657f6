/**
 * The port to whatever keeps the tasks. Every store passes the suite in `test/store/suite`.
 *
 * Ownership: an unfinished task belongs to the store that inserted, resumed or claimed it, until
 * it has ended. Only its owner may change it; a change by anybody else is 'not owned' and changes
 * nothing. With SQLite the one process owns all; with a shared database many do.
 */
import { OrchestratorError } from '../errors.ts'
import type { AttemptResult } from '../events.ts'
import type { SharedWork } from './shared/work.ts'
import type { StatusFilter, Task, TaskSummary } from '../task.ts'

/** Which tasks are meant: those that match all that is given. */
export interface TaskFilter {
  status?: StatusFilter
  /** Only tasks of these droplets, in any case. An empty list matches none. */
  droplets?: readonly string[]
  /**
   * And those of all droplets whose names begin so, in any case: with it, `droplets` are not the
   * only ones.
   */
  dropletPrefixes?: readonly string[]
  mode?: Task['mode']
  /** Both ends included. */
  responseStatus?: { readonly from: number; readonly to: number }
  /** Wall clock, ms. */
  createdFrom?: number
  /** Wall clock, ms; not that moment itself. */
  createdBefore?: number
  requestId?: string
  replayOf?: string
}

export interface TaskQuery extends TaskFilter {
  /** 1 to 1000. */
  limit: number
  /** `nextCursor` of the page before. */
  cursor?: string
  /** Without it, or true: all matches are counted, which takes as long as there are many. */
  counted?: boolean
}

export interface TaskPage {
  tasks: TaskSummary[]
  /** All matches, not only this page's; null: they were not to be counted. */
  total: number | null
  nextCursor: string | null
}

/** An unfinished task, as much of it as waiting in a queue needs. */
export type ClaimedTask = Pick<
  Task,
  'id' | 'mode' | 'dropletName' | 'createdAt' | 'delayMs' | 'dueAt' | 'timeoutMs' | 'deadlineMs'
> & { readonly status: 'queued' | 'running' }

/** How many finished tasks are kept, and for how long. */
export interface Retention {
  maxFinished: number
  /** 0: no limit of age. */
  ttlMs: number
}

/** For the metrics: how many writes shared how many commits. */
export interface StoreStats {
  readonly commits: number
  readonly writes: number
  /** Commits that failed. */
  readonly failures: number
}

/**
 * What became of a write.
 * - `written`: it is synced to disk, and its events have been told.
 * - `key taken`: another task has the Idempotency-Key; nothing was written.
 * - `not owned`: the task has ended, is gone, or is another store's, or this store may own nothing
 *   any more; nothing was written.
 */
export type WriteResult = 'written' | 'key taken' | 'not owned'

export interface TaskStore {
  /**
   * Why it takes no new tasks now, for everybody who asks; null: it takes them. Set from a failed
   * write until writing works again, too.
   */
  readonly fault: string | null
  readonly stats: StoreStats
  /** The work of several nodes; null: this process is the only one, and owns all. */
  readonly shared: SharedWork | null
  /**
   * Stores a new task, which this store owns from then on; with `forAnyone`, where several nodes
   * share the store, nobody does, and its event says so. Rejects with STORE_UNAVAILABLE when
   * nothing can be written, and then the task is not there; and with an Error when the database
   * rejects this one task.
   */
  insert(task: Task, forAnyone?: boolean): Promise<WriteResult>
  /** Stores an interrupted task that runs again. Owns and rejects as `insert` does. */
  resume(task: Task): Promise<WriteResult>
  /**
   * Stores the new state of a task of ours. `result`: of the attempt that led to it. While
   * nothing can be written, the write waits and is tried again. Rejects with an Error when the
   * database rejects this one state, and with STORE_UNAVAILABLE once the store is closed.
   */
  update(task: Task, result?: AttemptResult): Promise<WriteResult>
  find(id: string): Promise<Task | null>
  findByKey(idempotencyKey: string): Promise<Task | null>
  /**
   * Newest first. null: the cursor was not issued by this store. While nothing can be written, it
   * may be behind what `find` gives.
   */
  list(query: TaskQuery): Promise<TaskPage | null>
  /**
   * Takes up to `capacity` unfinished tasks that nobody owns, oldest first; this store owns them
   * from then on. Fewer than `capacity`: there are no more now.
   */
  claim(capacity: number): Promise<ClaimedTask[]>
  /** Writes what is pending, then closes the database. May be called again. */
  close(): Promise<void>
}

/** The error for a task that cannot be stored: it was not started. `fault`: why, for people. */
export function storeUnavailable(fault: string | null = null): OrchestratorError {
  const message = 'The task could not be written to disk; it was not started'
  return new OrchestratorError('STORE_UNAVAILABLE', fault ? `${message}: ${fault}` : message)
}
