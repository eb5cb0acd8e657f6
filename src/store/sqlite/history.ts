/**
 * The tasks in SQLite: plain synchronous functions over one connection. In the service they run
 * in a thread of their own (`worker.ts`), so that no disk and no long list stops the rest.
 *
 * A commit writes one row, into the journal. Some time later the journal is applied to the tables,
 * many commits in one transaction: a quarter of the CPU less, and half of the bytes, than to bring
 * each commit to the tables and their indexes. Until then, a task is looked for in the journal.
 */
import type { JsonText, Task } from '../../task.ts'
import type { MovedFile, RefusedWrite } from '../driver.ts'
import type { ClaimedTask, Retention, TaskQuery } from '../store.ts'
import type { Connection } from './connection.ts'
import { emptyGroup, Journal, type Admitted } from './journal.ts'
import { rowOf, type Entry } from './lines.ts'
import { listStep, type ListStep } from './list.ts'
import { isOutOfRoom } from './reserve.ts'
import { CLAIMED_COLUMNS, claimedOf, taskOf, type Row } from './rows.ts'
import { Tables, TRIM_STEP } from './tables.ts'

/**
 * A group of more text than this goes to the tables at once, characters: what its payloads and
 * bodies take is most of it, and would be written twice.
 */
const MAX_JOURNALED = 128 * 1024

/** More lines than this are applied, whatever else there is to do. */
const MAX_LINES = 10_000

/** On a full disk, less room does for less; so many steps make room for the next commits. */
const SMALL_TRIM_STEP = 8
const MAX_SMALL_STEPS = 16

const HEARTBEAT_SQL = 'insert or replace into heartbeat values (1, ?)'

// Without `completed_at`, SQLite would not see that the small index will do.
const UNFINISHED_SQL = `select ${CLAIMED_COLUMNS} from tasks
  where completed_at is null and status in ('queued', 'running') order by seq`

const BY_ID_SQL = 'select * from tasks where id = ?'
const BY_KEY_SQL = 'select * from tasks where idempotency_key = ?'

export class SqliteHistory {
  readonly #connection: Connection
  readonly #tables: Tables
  readonly #journal: Journal
  /** What earlier processes left, and is not claimed yet. */
  readonly #unclaimed: ClaimedTask[]

  /** A process makes one: what is unfinished in the database then is what earlier ones left. */
  constructor(connection: Connection, retention: Retention) {
    this.#connection = connection
    this.#tables = new Tables(connection, retention)
    this.#journal = new Journal(connection)
    // What a lock, or a full disk, does not let it do now is done later.
    this.#applyIfPossible()
    this.#unclaimed = this.#readUnfinished()
  }

  /**
   * All of the writes but those that it returns; or, when it throws, none. On a disk that is
   * full, what the log had taken is used again, and what the history has beyond its limits.
   * `lines`: of `packed`.
   */
  commit(lines: JsonText, now: number): RefusedWrite[] {
    return this.#withRoom(now, () => this.#commit(lines, now))
  }

  #commit(lines: JsonText, now: number): RefusedWrite[] {
    let group = emptyGroup()
    this.#tables.transaction((finished) => {
      // Within the transaction: look-ups on their own would take and release a lock each.
      group = this.#journal.admit(lines)
      // Something to write when nothing else is, to see whether the disk takes it again.
      const isEmpty = group.lines + group.refused.length === 0
      if (isEmpty) this.#connection.run(HEARTBEAT_SQL, now)
      if (this.#mayWait(group)) return this.#journal.append(group)
      this.#tables.apply(this.#journal.with(group), finished)
      this.#journal.clear()
    })
    if (this.#mayWait(group)) this.#journal.add(group)
    else this.#journal.forget()
    return group.refused
  }

  /** Whether the tables may have the group later. A finished task that waits could be trimmed. */
  #mayWait({ text, lines, hasResume }: Admitted): boolean {
    if (hasResume || text.length > MAX_JOURNALED) return false
    return this.#journal.length + lines <= MAX_LINES
  }

  /** Applies the journal to the tables. Throws, and has applied nothing, as a commit does. */
  catchUp(now: number): void {
    this.#withRoom(now, () => this.#apply())
  }

  #apply(): void {
    if (this.#journal.length === 0) return
    this.#tables.transaction((finished) => {
      this.#tables.apply(this.#journal.entries, finished)
      this.#journal.clear()
    })
    this.#journal.forget()
  }

  /** What can't be applied stays in the journal, where nothing is lost. */
  #applyIfPossible(): void {
    try {
      this.#withRoom(null, () => this.#apply())
    } catch {
      // The commits that fail for the same reason say so.
    }
  }

  /** `now`: null where it is not known; then nothing is forgotten for it. */
  #withRoom<T>(now: number | null, work: () => T): T {
    try {
      return work()
    } catch (error) {
      const isFreed = isOutOfRoom(error) && this.#connection.freeSpace()
      const isForgotten = isOutOfRoom(error) && now !== null && this.#forgetForRoom(now)
      if (!isFreed && !isForgotten) throw error
    }
    return work()
  }

  /** The reserve is there to forget what is over the limits: more tasks would only eat it up. */
  #forgetForRoom(now: number): boolean {
    if (!this.#tables.isOverLimits(now) || !this.#connection.reserve?.giveUp()) return false
    for (let steps = 0; steps < MAX_SMALL_STEPS && this.#trim(now, SMALL_TRIM_STEP);) steps++
    this.#connection.freeSpace()
    return true
  }

  /** Forgets a step's worth of what is over the limits; true when there may be more. */
  trim(now: number): boolean {
    this.catchUp(now)
    const mayBeMore = this.#withRoom(now, () => this.#trim(now, TRIM_STEP))
    if (!mayBeMore) this.#connection.reserve?.keep()
    return mayBeMore
  }

  #trim(now: number, max: number): boolean {
    if (!this.#tables.isOverLimits(now)) return false
    this.#tables.trim(now, max)
    return true
  }

  find(id: string): Task | null {
    return this.#latest(this.#journal.get(id), BY_ID_SQL, id)
  }

  findByKey(idempotencyKey: string): Task | null {
    const id = this.#journal.idOfKey(idempotencyKey)
    return id === undefined ? this.#latest(undefined, BY_KEY_SQL, idempotencyKey) : this.find(id)
  }

  /** `entry`: known to be of the task. */
  #latest(entry: Entry | undefined, sql: string, value: string): Task | null {
    if (entry?.fixed) return taskOf(rowOf(entry))
    const [row] = this.#connection.all(sql, value)
    return row ? taskOf(this.#withEntry(row)) : null
  }

  /** What the journal has of it, over what the table has. */
  #withEntry(row: Row): Row {
    const entry = this.#journal.get(row.id as string)
    return entry ? { ...row, ...rowOf(entry) } : row
  }

  /** The next of those that an earlier process left; each is returned once. */
  claim(capacity: number): ClaimedTask[] {
    return this.#unclaimed.splice(0, capacity)
  }

  #readUnfinished(): ClaimedTask[] {
    const rows = this.#connection.all(UNFINISHED_SQL).map((row) => this.#withEntry(row))
    const fresh = [...this.#journal.entries.values()].filter(({ fixed }) => fixed).map(rowOf)
    return [...rows, ...fresh].filter((row) => row.completed_at == null).map(claimedOf)
  }

  /**
   * The first step of a list, or the one that starts at `from`; null: a foreign cursor. While
   * nothing can be written, what was committed in the moment before that may be missing.
   */
  list(query: TaskQuery, from: number | null = null): ListStep | null {
    this.#applyIfPossible()
    return listStep(this.#connection, query, from)
  }

  movedFile(): MovedFile | null {
    return this.#connection.movedFile()
  }

  /** Whoever opens the file next, with whatever program, finds all in its tables. */
  close(): void {
    this.#applyIfPossible()
    this.#connection.close()
  }
}
