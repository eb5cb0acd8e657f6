/** Everything that changes the table `tasks`, and counts what has ended in it. */
import { nameKey } from '../../droplets/droplet.ts'
import { isFinished } from '../../task.ts'
import type { Retention } from '../store.ts'
import type { Connection } from './connection.ts'
import { FinishedCounts } from './finished-counts.ts'
import { stateOf, type Entry } from './lines.ts'
import { INSERT_SQL, RESUME_SQL, sqlValues, UPDATE_SQL } from './rows.ts'

/** Finished tasks that one step forgets at most, beyond those that it adds. */
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
  transaction(work: (finished: FinishedCounts) => void): void {
    const finished = new FinishedCounts()
    this.connection.transaction(() => {
      work(finished)
      for (const change of finished.changes()) this.connection.run(COUNT_SQL, ...change)
    })
    this.#finished += finished.total
  }

  /** Within a transaction: brings the rows to what the entries say, and forgets as many. */
  apply(entries: ReadonlyMap<string, Entry>, finished: FinishedCounts): void {
    for (const entry of entries.values()) this.#applyEntry(entry, finished)
    this.#forgetExcess(entries.size + TRIM_STEP, finished)
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
    const { id, fixed, asked, changing, before } = entry
    const values = sqlValues([id, ...(fixed ?? []), ...(asked ?? []), ...changing])
    this.connection.run(fixed ? INSERT_SQL : asked ? RESUME_SQL : UPDATE_SQL, ...values)
    const after = stateOf(entry)
    if (before && isFinished(before)) finished.add(before.dropletKey, before.status, -1)
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
