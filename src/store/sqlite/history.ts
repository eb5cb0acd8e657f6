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
import { claimedOf, mayHaveSecrets, taskOf, withSecrets } from '../task-row.ts'
import type { Connection } from './connection.ts'
import type { Journal } from './journal.ts'
import { cellsOf, type Entry, type SecretWrite } from './lines.ts'
import { listStep, type ListStep } from './list.ts'
import { CLAIMED_COLUMNS, type Row } from './rows.ts'
import { Writer } from './writer.ts'

// Without `completed_at`, SQLite would not see that the small index will do.
const UNFINISHED_SQL = `select ${CLAIMED_COLUMNS} from tasks
  where completed_at is null and status in ('queued', 'running') order by seq`

const BY_ID_SQL = 'select * from tasks where id = ?'
const BY_KEY_SQL = 'select * from tasks where idempotency_key = ?'

export class SqliteHistory {
  readonly #connection: Connection
  readonly #writer: Writer
  readonly #journal: Journal
  /** What earlier processes left, and is not claimed yet. */
  readonly #unclaimed: ClaimedTask[]

  /** A process makes one: what is unfinished in the database then is what earlier ones left. */
  constructor(connection: Connection, retention: Retention) {
    this.#connection = connection
    this.#writer = new Writer(connection, retention)
    this.#journal = this.#writer.journal
    // What a lock, or a full disk, does not let it do now is done later.
    this.#writer.applyIfPossible()
    this.#unclaimed = this.#readUnfinished()
  }

  /** `lines`, `secrets`: what `packed` and `secretsOf` made of the writes. */
  commit(lines: JsonText, now: number, secrets: readonly SecretWrite[]): RefusedWrite[] {
    return this.#writer.commit(lines, now, secrets)
  }

  catchUp(now: number): string[] {
    return this.#writer.catchUp(now)
  }

  /** As `StoreDriver.trim`. */
  trim(now: number): boolean {
    return this.#writer.trim(now)
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
    if (entry?.fixed) return this.#withSecrets(taskOf(cellsOf(entry)))
    const [row] = this.#connection.all(sql, value)
    return row ? this.#withSecrets(taskOf(this.#withEntry(row))) : null
  }

  #withSecrets(task: Task): Task {
    return mayHaveSecrets(task) ? withSecrets(task, this.#writer.secrets.find(task.id)) : task
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
    const { isLocked } = this.#writer.applyIfPossible()
    if (isLocked && !mayBeBehind) throw new DatabaseLocked('database is locked')
    return listStep(this.#connection, query, from)
  }

  movedFile(): MovedFile | null {
    return this.#connection.movedFile()
  }

  /** So that other programs find all in the tables; else the next start does it. */
  close(): void {
    this.#writer.applyIfPossible()
    this.#connection.close()
  }
}
