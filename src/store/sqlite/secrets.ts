/**
 * The values of secret headers, of unfinished asynchronous tasks alone: those must survive a
 * restart. They are in a table of their own and in no line of the journal; what is deleted from
 * that is zeroed in the database's file, and the write-ahead log is emptied soon afterwards.
 */
import { isFinished, type JsonText, type SecretHeaders } from '../../task.ts'
import type { Connection } from './connection.ts'
import type { CheckedGroup } from './journal.ts'
import { stateOf, type SecretWrite } from './lines.ts'

const IDS_SQL = 'select task_id from secrets'
const FIND_SQL = 'select headers from secrets where task_id = ?'
const DELETE_SQL = 'delete from secrets where task_id = ?'
// Where the journal is empty. The index of unfinished tasks is no help: each is found by its id.
const NEEDLESS_SQL = `select task_id from secrets where not exists (
  select 1 from tasks where id = task_id and mode = 'async' and completed_at is null)`

/** What a group of writes has changed; for `remember`. */
interface Change {
  readonly added: readonly string[]
  readonly removed: readonly string[]
}

export class Secrets {
  readonly #addSql: string
  /** The tasks that have some: of most groups none is among them, and then nothing is asked. */
  readonly #owners: Set<string>
  /** Whether the log may have what is not in the table any more. */
  #mayBeInLog: boolean
  /** Whether there may be some without a task: at the start, from earlier processes. */
  #mayBeNeedless = true

  constructor(private readonly connection: Connection) {
    this.#addSql = addSql(connection)
    this.#owners = new Set(connection.all(IDS_SQL).map(({ task_id }) => task_id as string))
    this.#mayBeInLog = !connection.isLogEmpty()
  }

  /** null: there are none of the task. */
  find(id: string): SecretHeaders | null {
    if (!this.#owners.has(id)) return null
    const [row] = this.connection.all(FIND_SQL, id)
    return row ? (JSON.parse(row.headers as JsonText) as SecretHeaders) : null
  }

  /** Within the group's transaction: adds those of its new tasks, deletes those of what has ended. */
  write(group: CheckedGroup, writes: readonly SecretWrite[]): Change {
    const added = writes.filter(([index, id]) => isUnfinished(group, id) && isTaken(group, index))
    const removed = this.#ownersThatEnd(group)
    if (added.length + removed.length > 0) {
      // Also when the transaction fails: its pages may be in the log by then.
      this.#mayBeInLog = true
      this.connection.withSecureDelete(() => {
        for (const [, id, headers] of added) this.connection.run(this.#addSql, id, headers)
        for (const id of removed) this.connection.run(DELETE_SQL, id)
      })
    }
    return { added: added.map(([, id]) => id), removed }
  }

  /** Once that transaction is committed. */
  remember({ added, removed }: Change): void {
    for (const id of added) this.#owners.add(id)
    for (const id of removed) this.#owners.delete(id)
  }

  /** The next `clean` deletes those without a task. */
  lookThrough(): void {
    this.#mayBeNeedless = true
  }

  /**
   * Gets what was deleted out of the log, unless somebody reads from it for long: then the next
   * call does. `isJournalEmpty`: the table `tasks` has every task as it is. Throws as a
   * transaction does.
   */
  clean(isJournalEmpty: boolean): void {
    if (isJournalEmpty && this.#mayBeNeedless) this.#deleteNeedless()
    if (this.#mayBeInLog) this.#mayBeInLog = !this.connection.emptyLog()
  }

  /** Those of tasks that were rejected, that somebody has deleted, or that an upgrade brought. */
  #deleteNeedless(): void {
    const removed = this.connection.all(NEEDLESS_SQL).map(({ task_id }) => task_id as string)
    if (removed.length > 0) {
      this.#mayBeInLog = true
      this.connection.transaction(() =>
        this.connection.withSecureDelete(() => {
          for (const id of removed) this.connection.run(DELETE_SQL, id)
        }),
      )
    }
    this.remember({ added: [], removed })
    this.#mayBeNeedless = false
  }

  #ownersThatEnd({ entries }: CheckedGroup): string[] {
    if (this.#owners.size === 0) return []
    return [...entries.keys()].filter(
      (id) => this.#owners.has(id) && isFinished(stateOf(entries.get(id)!)),
    )
  }
}

/** A group may have the end of a task, too. */
function isUnfinished({ entries }: CheckedGroup, id: string): boolean {
  const entry = entries.get(id)
  return entry !== undefined && !isFinished(stateOf(entry))
}

function isTaken({ refused }: CheckedGroup, index: number): boolean {
  return refused.every((each) => each.index !== index)
}

/** With as much padding as a page: see the table's migration. */
function addSql(connection: Connection): string {
  const { page_size } = connection.one('pragma page_size')
  return `insert or replace into secrets (task_id, padding, headers)
    values (?, zeroblob(${page_size}), ?)`
}
