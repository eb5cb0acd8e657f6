/** Every task of a database, for `migrate`: read from a copy, so that the database stays as it is. */
import { Database } from 'bun:sqlite'
import type { Task } from '../../task.ts'
import { mayHaveSecrets, taskOf, withSecrets } from '../task-row.ts'
import { Connection } from './connection.ts'
import { SqliteHistory } from './history.ts'
import type { Row } from './rows.ts'

/** Of one batch. A task that waits has its payload whole, and may be larger than all of the text. */
const MAX_TASKS = 500
const MAX_TEXT = 4 * 1024 * 1024

const KEEP_ALL = { maxFinished: Number.MAX_SAFE_INTEGER, ttlMs: 0 }

/** What is asked for of it. */
export type Part = 'finished' | 'unfinished'

const CONDITIONS: Readonly<Record<Part, string>> = {
  finished: 'completed_at is not null',
  unfinished: 'completed_at is null',
}

const COUNT_SQL = 'select count(*) as tasks from tasks'
const JOURNAL_SQL = 'select count(*) as tasks from journal'

export class WholeHistory {
  readonly #db: Database

  /**
   * `copy` is ours to change: it gets the newest schema, and its journal comes to the tables.
   * Throws, with a message for people.
   */
  constructor(copy: string) {
    new SqliteHistory(new Connection(copy), KEEP_ALL).close()
    this.#db = new Database(copy, { readonly: true })
    if (countOf(this.#db, JOURNAL_SQL) > 0) {
      this.#db.close()
      throw new Error('the newest tasks cannot be read: is the disk full?')
    }
  }

  get total(): number {
    return countOf(this.#db, COUNT_SQL)
  }

  /** In the order in which they were accepted, a batch at a time, each read when it is asked for. */
  *batches(part: Part): Generator<Task[]> {
    const sql = `select tasks.*, secrets.headers as secret_values
      from tasks left join secrets on secrets.task_id = tasks.id
      where seq > ? and ${CONDITIONS[part]} order by seq limit ${MAX_TASKS}`
    const statement = this.#db.query<Row, [number]>(sql)
    for (let last = 0; ;) {
      const batch: Task[] = []
      let length = 0
      for (const row of statement.iterate(last)) {
        batch.push(taskIn(row))
        last = row.seq as number
        length += lengthOf(row)
        if (length >= MAX_TEXT) break
      }
      if (batch.length === 0) return
      yield batch
    }
  }

  close(): void {
    this.#db.close()
  }
}

const countOf = (db: Database, sql: string) => db.query<{ tasks: number }, []>(sql).get()!.tasks

/** A row of values may have outlived its task's end. */
function taskIn(row: Row): Task {
  const task = taskOf(row)
  const isKept = row.secret_values != null && mayHaveSecrets(task)
  return isKept ? withSecrets(task, JSON.parse(row.secret_values as string)) : task
}

function lengthOf(row: Row): number {
  const texts = Object.values(row).filter((value) => typeof value === 'string')
  return texts.reduce((sum, text) => sum + text.length, 0)
}
