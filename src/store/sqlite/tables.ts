/** Everything that changes the table `tasks`, and counts what has ended in it. */
import { nameKey } from '../../droplets/droplet.ts'
import { errorText } from '../../errors.ts'
import { isFinished } from '../../task.ts'
import type { Retention } from '../store.ts'
import type { Connection } from './connection.ts'
import { FinishedCounts } from './finished-counts.ts'
import { hasCode } from './has-code.ts'
import { stateOf, type Entry } from './lines.ts'
import { INSERT_SQL, RESUME_SQL, sqlValues, UPDATE_SQL } from './rows.ts'

/** What one step of trimming forgets at most; applying forgets as many more as it adds. */
export const TRIM_STEP = 64

const COUNT_SQL = `insert into task_counts values (?, ?, ?)
  on conflict do update set tasks = tasks + excluded.tasks`

const FINISHED_SQL = 'select coalesce(sum(tasks), 0) as total from task_counts'

const OLDEST_SQL = 'select min(completed_at) as at from tasks where completed_at is not null'

// Read first, then deleted one by one: a delete that returns its rows takes a third longer. And
// not droplet_key: a column behind the payload costs as many reads as that has pages.
const OLDEST_ROWS_SQL = `select seq, droplet_name, status from tasks
  where completed_at is not null and completed_at < ? order by completed_at limit ?`

const DELETE_SQL = 'delete from tasks where seq = ?'

export class Tables {
  #finished: number

  constructor(
    private readonly connection: Connection,
    private readonly retention: Retention,
  ) {
    this.#finished = connection.one(FINISHED_SQL).total as number
  }

  /** All of what `work` does or, when it throws, nothing of it. `finished`: what it changes. */
  transaction<T>(work: (finished: FinishedCounts) => T): T {
    const finished = new FinishedCounts()
    const result = this.connection.transaction(() => {
      const done = work(finished)
      for (const change of finished.changes()) this.connection.run(COUNT_SQL, ...change)
      return done
    })
    this.#finished += finished.total
    return result
  }

  /**
   * Within a transaction: brings the rows to what the entries say, and forgets about as many of
   * the oldest where there are too many. Returns what the database rejects of it, for people: that
   * would be rejected again, and is left out.
   */
  apply(entries: ReadonlyMap<string, Entry>, finished: FinishedCounts): string[] {
    const rejected: string[] = []
    for (const entry of entries.values()) {
      try {
        this.#applyEntry(entry, finished)
      } catch (error) {
        if (isAboutTheDatabase(error)) throw error
        rejected.push(`task ${entry.id}: ${errorText(error)}`)
      }
    }
    this.#forgetExcess(entries.size + TRIM_STEP, finished)
    return rejected
  }

  isOverLimits(now: number): boolean {
    return this.#finished > this.retention.maxFinished || this.#hasExpired(now)
  }

  /** Forgets at most `max` of what is too many, and as much of what is too old. */
  trim(now: number, max: number): void {
    this.transaction((finished) => {
      this.#forgetExcess(max, finished)
      if (this.#hasExpired(now)) this.#forget(now - this.retention.ttlMs, max, finished)
    })
  }

  #applyEntry(entry: Entry, finished: FinishedCounts): void {
    const { id, fixed, asked, changing, stored } = entry
    const values = sqlValues([id, ...(fixed ?? []), ...(asked ?? []), ...changing])
    const sql = fixed ? INSERT_SQL : asked ? RESUME_SQL : UPDATE_SQL
    // Somebody may have deleted the row meanwhile.
    if (this.connection.run(sql, ...values).changes === 0) return
    const after = stateOf(entry)
    if (stored && isFinished(stored)) finished.add(stored.dropletKey, stored.status, -1)
    if (isFinished(after)) finished.add(after.dropletKey, after.status, 1)
  }

  #hasExpired(now: number): boolean {
    const { ttlMs } = this.retention
    if (ttlMs <= 0) return false
    const oldest = this.connection.one(OLDEST_SQL).at as number | null
    return oldest !== null && oldest < now - ttlMs
  }

  /** At most `max` of the oldest that are too many. */
  #forgetExcess(max: number, finished: FinishedCounts): void {
    const excess = this.#finished + finished.total - this.retention.maxFinished
    if (excess > 0) this.#forget(Number.MAX_SAFE_INTEGER, Math.min(max, excess), finished)
  }

  #forget(completedBefore: number, max: number, finished: FinishedCounts): void {
    for (const row of this.connection.all(OLDEST_ROWS_SQL, completedBefore, max)) {
      this.connection.run(DELETE_SQL, row.seq!)
      finished.add(nameKey(row.droplet_name as string), row.status as string, -1)
    }
  }
}

const ABOUT_THE_DATABASE =
  /^SQLITE_(FULL|IOERR|BUSY|LOCKED|CORRUPT|NOTADB|NOMEM|READONLY|CANTOPEN|PROTOCOL|INTERRUPT)/

/**
 * Whether SQLite cannot write at all now. Every other error (a constraint, a value that is too
 * big or of a wrong type) is about one row: its statement is undone, and the transaction goes on.
 */
function isAboutTheDatabase(error: unknown): boolean {
  return hasCode(error, ABOUT_THE_DATABASE)
}
