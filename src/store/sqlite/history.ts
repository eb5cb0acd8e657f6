/**
 * The tasks in SQLite: plain synchronous functions over one connection. In the service they run
 * in a thread of their own (`worker.ts`), so that no disk and no long list stops the rest.
 */
import { nameKey } from '../../droplets/droplet.ts'
import { errorText } from '../../errors.ts'
import type { Task } from '../../task.ts'
import type { MovedFile, RefusedWrite, Write } from '../driver.ts'
import type { ClaimedTask, Retention, TaskQuery, WriteResult } from '../store.ts'
import type { Connection } from './connection.ts'
import { FinishedCounts } from './finished-counts.ts'
import { hasCode } from './has-code.ts'
import { listStep, type ListStep } from './list.ts'
import { isOutOfRoom } from './reserve.ts'
import {
  CLAIMED_COLUMNS,
  claimedOf,
  INSERT_SQL,
  insertValues,
  RESUME_SQL,
  resumeValues,
  taskOf,
  UPDATE_SQL,
  updateValues,
} from './rows.ts'

/** Finished tasks that one commit forgets at most, beyond those that it adds. */
const TRIM_STEP = 64

/** On a full disk, less room does for less; so many steps make room for the next commits. */
const SMALL_TRIM_STEP = 8
const MAX_SMALL_STEPS = 16

const COUNT_SQL = `insert into task_counts values (?, ?, ?)
  on conflict do update set tasks = tasks + excluded.tasks`

const FINISHED_SQL = 'select coalesce(sum(tasks), 0) as total from task_counts'

const LAST_SEQ_SQL = 'select coalesce(max(seq), 0) as seq from tasks'

// Without `completed_at`, SQLite would not see that the small index will do.
const UNFINISHED_SQL = `select ${CLAIMED_COLUMNS} from tasks
  where completed_at is null and status in ('queued', 'running') and seq <= ? order by seq`

const OLDEST_SQL = 'select min(completed_at) as at from tasks where completed_at is not null'

// Read first, then deleted one by one: a delete that returns its rows takes a third longer. And
// not droplet_key: a column behind the payload costs as many reads as that has pages.
const OLDEST_ROWS_SQL = `select seq, droplet_name, status from tasks
  where completed_at is not null and completed_at < ? order by completed_at limit ?`

const DELETE_SQL = 'delete from tasks where seq = ?'

export class SqliteHistory {
  readonly #connection: Connection
  #finished: number
  /** Tasks with a `seq` up to this were left by earlier processes. */
  readonly #lastLeft: number
  /** Those that are not claimed yet; null: not read yet. */
  #unclaimed: ClaimedTask[] | null = null

  /** A process makes one: what is unfinished in the database then is what earlier ones left. */
  constructor(
    connection: Connection,
    private readonly retention: Retention,
  ) {
    this.#connection = connection
    this.#finished = this.#connection.one(FINISHED_SQL).total as number
    this.#lastLeft = this.#connection.one(LAST_SEQ_SQL).seq as number
  }

  /**
   * All of the writes but those that it returns; or, when it throws, none. On a disk that is
   * full, what the log had taken is used again, and what the history has beyond its limits.
   */
  commit(writes: readonly Write[], now: number): RefusedWrite[] {
    return this.#withRoom(now, () => this.#commit(writes, now))
  }

  #withRoom<T>(now: number, work: () => T): T {
    try {
      return work()
    } catch (error) {
      if (!isOutOfRoom(error) || !this.#makeRoom(now)) throw error
    }
    return work()
  }

  /** The reserve is there to forget what is over the limits: more tasks would only eat it up. */
  #makeRoom(now: number): boolean {
    const isFreed = this.#connection.freeSpace()
    if (!this.#isOverLimits(now) || !this.#connection.reserve?.giveUp()) return isFreed
    for (let steps = 0; steps < MAX_SMALL_STEPS && this.#trim(now, SMALL_TRIM_STEP);) steps++
    this.#connection.freeSpace()
    return true
  }

  #commit(writes: readonly Write[], now: number): RefusedWrite[] {
    const refused: RefusedWrite[] = []
    this.#transaction((finished) => {
      for (const [index, write] of writes.entries()) {
        const reason = this.#attempt(write, finished)
        if (reason !== null) refused.push({ index, reason })
      }
      // Something to write when nothing else is, to see whether the disk takes it again.
      if (writes.length === 0) this.#run('insert or replace into heartbeat values (1, ?)', now)
      this.#forgetExcess(writes.length + TRIM_STEP, finished)
    })
    return refused
  }

  /** Forgets a step's worth of what is over the limits; true when there may be more. */
  trim(now: number): boolean {
    const mayBeMore = this.#withRoom(now, () => this.#trim(now, TRIM_STEP))
    if (!mayBeMore) this.#connection.reserve?.keep()
    return mayBeMore
  }

  #trim(now: number, max: number): boolean {
    if (!this.#isOverLimits(now)) return false
    this.#transaction((finished) => {
      this.#forgetExcess(max, finished)
      if (this.#hasExpired(now)) this.#forget(now - this.retention.ttlMs, max, finished)
    })
    return true
  }

  #isOverLimits(now: number): boolean {
    return this.#finished > this.retention.maxFinished || this.#hasExpired(now)
  }

  #hasExpired(now: number): boolean {
    const { ttlMs } = this.retention
    if (ttlMs <= 0) return false
    const oldest = this.#connection.one(OLDEST_SQL).at as number | null
    return oldest !== null && oldest < now - ttlMs
  }

  find(id: string): Task | null {
    const [row] = this.#connection.all('select * from tasks where id = ?', id)
    return row ? taskOf(row) : null
  }

  findByKey(idempotencyKey: string): Task | null {
    const sql = 'select * from tasks where idempotency_key = ?'
    const [row] = this.#connection.all(sql, idempotencyKey)
    return row ? taskOf(row) : null
  }

  /** The next of those that an earlier process left; each is returned once. */
  claim(capacity: number): ClaimedTask[] {
    // Read once: each page of its own would sort all of them again.
    this.#unclaimed ??= this.#connection.all(UNFINISHED_SQL, this.#lastLeft).map(claimedOf)
    return this.#unclaimed.splice(0, capacity)
  }

  /** The first step of a list, or the one that starts at `from`; null: a foreign cursor. */
  list(query: TaskQuery, from: number | null = null): ListStep | null {
    return listStep(this.#connection, query, from)
  }

  movedFile(): MovedFile | null {
    return this.#connection.movedFile()
  }

  close(): void {
    this.#connection.close()
  }

  /** null when it is written. Throws when the disk takes nothing. */
  #attempt(write: Write, finished: FinishedCounts): RefusedWrite['reason'] | null {
    try {
      const result = this.#write(write, finished)
      return result === 'written' ? null : result
    } catch (error) {
      if (!this.#connection.inTransaction || isAboutTheDatabase(error)) throw error
      return { error: errorText(error) }
    }
  }

  #write(write: Write, finished: FinishedCounts): WriteResult {
    const [kind, task] = write
    if (this.#change(write) === 0) return kind === 'insert' ? 'key taken' : 'not owned'
    const key = nameKey(task.dropletName)
    if (task.completedAt !== null) finished.add(key, task.status, 1)
    // Only interrupted tasks run again, and those have ended in error.
    if (kind === 'resume') finished.add(key, 'error', -1)
    return 'written'
  }

  /** How many rows it changed. */
  #change([kind, task]: Write): number {
    switch (kind) {
      case 'insert':
        return this.#run(INSERT_SQL, ...insertValues(task))
      case 'resume':
        return this.#run(RESUME_SQL, ...resumeValues(task))
      case 'update':
        return this.#run(UPDATE_SQL, ...updateValues(task))
    }
  }

  /** At most `max` of the oldest that are too many. */
  #forgetExcess(max: number, finished: FinishedCounts): void {
    const excess = this.#finished + finished.total - this.retention.maxFinished
    if (excess > 0) this.#forget(Number.MAX_SAFE_INTEGER, Math.min(max, excess), finished)
  }

  #forget(completedBefore: number, max: number, finished: FinishedCounts): void {
    for (const row of this.#connection.all(OLDEST_ROWS_SQL, completedBefore, max)) {
      this.#run(DELETE_SQL, row.seq!)
      finished.add(nameKey(row.droplet_name as string), row.status as string, -1)
    }
  }

  #transaction(work: (finished: FinishedCounts) => void): void {
    const finished = new FinishedCounts()
    this.#connection.transaction(() => {
      work(finished)
      for (const change of finished.changes()) this.#run(COUNT_SQL, ...change)
    })
    this.#finished += finished.total
  }

  /** How many rows it changed. */
  #run(sql: string, ...values: Parameters<Connection['run']>[1][]): number {
    return this.#connection.run(sql, ...values).changes
  }
}

const ABOUT_THE_DATABASE =
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|CORRUPT|NOTADB|NOMEM|READONLY|CANTOPEN|PROTOCOL|INTERRUPT)/

/**
 * Whether SQLite cannot write at all now. Every other error (a constraint, a value that is too
 * big or of a wrong type) is about one write, which would fail again: its statement is undone,
 * and the transaction goes on.
 */
function isAboutTheDatabase(error: unknown): boolean {
  return hasCode(error, ABOUT_THE_DATABASE)
}
