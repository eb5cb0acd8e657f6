/** What `GroupCommitStore` asks of a database: whole groups of writes, and reads. */
import type { Task } from '../task.ts'
import type { SharedWork } from './shared/work.ts'
import type { ClaimedTask, TaskPage, TaskQuery, WriteResult } from './store.ts'

/**
 * `resume` is the update that makes a finished task unfinished again, as it is asked for now.
 * `hold`: what `SharedOwnership.holdOf` said when the write was asked for.
 */
export type Write = readonly [kind: 'insert' | 'update' | 'resume', task: Task, hold?: unknown]

/** A write of a group that changed nothing, while its neighbours were written. */
export interface RefusedWrite {
  /** Its place in the group. */
  readonly index: number
  /** `error`: the database rejects this one write, and would reject it again. */
  readonly reason: Exclude<WriteResult, 'written'> | { readonly error: string }
}

/** Another process holds the database's lock: what was asked for may work in a moment. */
export class DatabaseLocked extends Error {}

/** What has become of a file behind our back: what is written now, nobody will find. */
export interface MovedFile {
  readonly file: string
  readonly role: 'database file' | 'write-ahead log of the database'
  readonly became: 'deleted' | 'replaced' | 'truncated'
}

/** Of a database that several nodes share: who owns what, besides their work. */
export interface SharedOwnership extends SharedWork {
  /** Why it takes no new tasks now, for people; null: it does. */
  readonly fault: string | null
  /**
   * By what right the task is written now: for `Write`. A write that waits for long must not get
   * the right of a later owner. `forAnyone`: of an insert that nobody is to own.
   */
  holdOf(task: Task, forAnyone: boolean): unknown
  /** Whether what was written by that right is still this process's: it may have lost all since. */
  isOurs(hold: unknown): boolean
}

export interface StoreDriver {
  /** Without it, this process owns all. */
  readonly shared?: SharedOwnership
  /**
   * Writes the group in one synced transaction and tells which of its writes were refused.
   * Rejects, and nothing is written, when the database takes nothing at all: with DatabaseLocked
   * when that is because of another process. An empty group tests whether writing works again.
   * `now` is the wall clock, ms.
   */
  commit(writes: readonly Write[], now: number): Promise<RefusedWrite[]>
  /**
   * Finishes the work that commits put off: lists may be behind until then. The store asks for it
   * again and again (`CatchUp`). Returns what the database has rejected of it, for people. Rejects
   * as `commit` does.
   */
  catchUp(now: number): Promise<string[]>
  /**
   * Deletes some of the finished tasks that are over the limits; true: there may be more. With
   * SQLite also, for good, what is left of the secret headers of tasks that have ended. Rejects as
   * `commit` does.
   */
  trim(now: number): Promise<boolean>
  find(id: string): Promise<Task | null>
  findByKey(idempotencyKey: string): Promise<Task | null>
  claim(capacity: number): Promise<ClaimedTask[]>
  /**
   * Rejects with DatabaseLocked when another process keeps it from what `catchUp` does, unless it
   * may be behind.
   */
  list(query: TaskQuery, mayBeBehind: boolean): Promise<TaskPage | null>
  /** null while the paths lead to the files that are open, whole, or there are none. */
  movedFile(): Promise<MovedFile | null>
  close(): Promise<void>
}
