/**
 * The tasks in SQLite: plain synchronous functions over one connection. In the service they run
 * in a thread of their own (`worker.ts`), so that no disk and no long list stops the rest.
 *
 * A commit writes one row, into the journal. Some time later the journal is applied to the tables,
 * many commits in one transaction: a quarter of the CPU less, and half of the bytes, than to bring
 * each commit to the tables and their indexes. Until then, a task is looked for in the journal.
 */
import type { JsonText, Task } from '../../task.ts'
import { DatabaseLocked, type MovedFile, type RefusedWrite } from '../driver.ts'
import type { ClaimedTask, Retention, TaskQuery } from '../store.ts'
import type { Connection } from './connection.ts'
import type { FinishedCounts } from './finished-counts.ts'
import { Journal, type CheckedGroup } from './journal.ts'
import { cellsOf, type Entry } from './lines.ts'
import { listStep, type ListStep } from './list.ts'
import { isOutOfRoom } from './reserve.ts'
import { CLAIMED_COLUMNS, claimedOf, taskOf, type Row } from './rows.ts'
import { Tables, TRIM_STEP } from './tables.ts'

/**
 * A group with more text than this is applied at once, characters. Most of it is payloads and
 * bodies, which would be written twice: into the journal and into the table.
 */
const MAX_JOURNALED_LENGTH = 128 * 1024

/**
 * A commit that would bring the journal over so many lines, or characters, applies it: so it never
 * takes more memory, or more room for its one transaction, than these.
 */
const MAX_LINES = 4000
const MAX_LENGTH = 8 * 1024 * 1024

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
  /**
   * The journal can't be applied, and not for a lock: until it can, no commit goes into it, and
   * no list tries it.
   */
  #isBehind = false
  /** What the tables have rejected, for people; not told yet. */
  #rejected: string[] = []

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
   * `lines`: what `packed` made of the writes.
   */
  commit(lines: JsonText, now: number): RefusedWrite[] {
    return this.#withRoom(now, () => this.#commit(lines, now))
  }

  /** On a disk with little left, each group goes to the tables at once, in a small transaction. */

  #commit(lines: JsonText, now: number): RefusedWrite[] {
    const isTight = this.#connection.isDiskTight()
    if (isTight) this.#applyRowByRow()
    const { group, rejected } = this.#tables.transaction((finished) => {
      // Within the transaction: look-ups on their own would take and release a lock each.
      const group = this.#journal.check(lines)
      const isEmpty = group.lineCount + group.refused.length === 0
      // Something to write when nothing else is, to see whether the disk takes it again.
      if (isEmpty) this.#connection.run(HEARTBEAT_SQL, now)
      if (isTight || isEmpty || !this.#mayStayInJournal(group)) {
        return { group, rejected: this.#applyWith(this.#journal.mergedWith(group), finished) }
      }
      this.#journal.writeRow(group)
      return { group, rejected: null }
    })
    if (rejected) this.#applied(rejected)
    else this.#journal.remember(group)
    return group.refused
  }

  /**
   * A task that runs again may not: until that is applied, its row looks finished, and could be
   * trimmed.
   */
  #mayStayInJournal({ text, lineCount, hasResume }: CheckedGroup): boolean {
    if (hasResume || text.length > MAX_JOURNALED_LENGTH || this.#isBehind) return false
    const journal = this.#journal
    return journal.lineCount + lineCount <= MAX_LINES && journal.textLength <= MAX_LENGTH
  }

  /**
   * Applies the journal to the tables. Throws, and has applied nothing, as a commit does. Returns
   * what the tables have rejected since the last call, for people: it is not in the history.
   */
  catchUp(now: number): string[] {
    this.#withRoom(now, () => this.#apply())
    return this.#rejected.splice(0)
  }

  #apply(): void {
    if (this.#journal.lineCount === 0) return
    try {
      if (this.#connection.isDiskTight()) this.#applyRowByRow()
      else this.#applyAtOnce()
    } catch (error) {
      this.#isBehind = !(error instanceof DatabaseLocked)
      throw error
    }
  }

  #applyAtOnce(): void {
    const { entries } = this.#journal
    this.#applied(this.#tables.transaction((finished) => this.#applyWith(entries, finished)))
  }

  /** As if each commit had gone to the tables itself. */
  #applyRowByRow(): void {
    if (this.#journal.lineCount === 0) return
    const rows = this.#journal.rows()
    this.#journal.forget()
    try {
      for (const { n, lines } of rows) {
        const rejected = this.#tables.transaction((finished) => {
          this.#journal.deleteRow(n)
          return this.#tables.apply(this.#journal.check(lines).entries, finished)
        })
        this.#rejected.push(...rejected)
      }
    } finally {
      this.#journal.reread()
    }
    this.#applied([])
  }

  #applyWith(entries: ReadonlyMap<string, Entry>, finished: FinishedCounts): string[] {
    this.#journal.deleteRows()
    return this.#tables.apply(entries, finished)
  }

  #applied(rejected: readonly string[]): void {
    this.#rejected.push(...rejected)
    this.#journal.forget()
    this.#isBehind = false
  }

  /**
   * What can't be applied stays in the journal, where nothing is lost: `catchUp` tries again and
   * tells why. Returns whether that is for a lock.
   */
  #applyIfPossible(now: number | null = null): { isLocked: boolean } {
    try {
      this.#withRoom(now, () => this.#apply())
      return { isLocked: false }
    } catch (error) {
      return { isLocked: error instanceof DatabaseLocked }
    }
  }

  /** `now`: the wall clock, ms; null when it is not known, and then no task is deleted for it. */
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
    // Trimming does not need that, and may make the room for it.
    this.#applyIfPossible(now)
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
    if (entry?.fixed) return taskOf(cellsOf(entry))
    const [row] = this.#connection.all(sql, value)
    return row ? taskOf(this.#withEntry(row)) : null
  }

  /** What the journal has of it, over what the table has. */
  #withEntry(row: Row): Row {
    const entry = this.#journal.get(row.id as string)
    return entry ? { ...row, ...cellsOf(entry) } : row
  }

  /** The next of those that an earlier process left; each is returned once. */
  claim(capacity: number): ClaimedTask[] {
    return this.#unclaimed.splice(0, capacity)
  }

  #readUnfinished(): ClaimedTask[] {
    const rows = this.#connection.all(UNFINISHED_SQL).map((row) => this.#withEntry(row))
    const fresh = [...this.#journal.entries.values()].filter(({ fixed }) => fixed).map(cellsOf)
    return [...rows, ...fresh].filter((row) => row.completed_at == null).map(claimedOf)
  }

  /**
   * The first step of a list, or the one that starts at `from`; null: a foreign cursor. While the
   * journal can't be applied, the list is as old as the last time that it could: new tasks are
   * missing, and some that have ended look unfinished. Throws DatabaseLocked when that is for a
   * lock, unless it `mayBeBehind`.
   */
  list(query: TaskQuery, from: number | null = null, mayBeBehind = true): ListStep | null {
    const { isLocked } = this.#isBehind ? { isLocked: false } : this.#applyIfPossible()
    if (isLocked && !mayBeBehind) throw new DatabaseLocked('database is locked')
    return listStep(this.#connection, query, from)
  }

  movedFile(): MovedFile | null {
    return this.#connection.movedFile()
  }

  /** So that other programs find all in the tables; else the next start does it. */
  close(): void {
    this.#applyIfPossible()
    this.#connection.close()
  }
}
