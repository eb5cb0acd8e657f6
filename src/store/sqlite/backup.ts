/** A copy of a database that is in use: by SQLite itself, from a single moment. */
import { Database } from 'bun:sqlite'
import { fileSize } from '../../platform/disk.ts'
import { openToLook, refuseForeign } from './ownership.ts'

export interface BackupReport {
  readonly tasks: number
  readonly bytes: number
}

/** How long another process's lock is waited for, ms. Only a start, or an end, takes one. */
const MAX_LOCKED_MS = 5000

// Of the tasks that are only in the journal, the first line is always an insert.
const COUNT_SQL = `select (select count(*) from tasks) + (select count(*) from journal,
  json_each(journal.lines) as line where json_extract(line.value, '$[0]') = 'insert') as tasks`
const COUNT_WITHOUT_JOURNAL_SQL = 'select count(*) as tasks from tasks'

/**
 * Copies all that is committed, what is only in the write-ahead log and in the journal included,
 * into the empty file `target`, and checks the copy. The service goes on meanwhile: a reader holds
 * up no writer, only the log grows until it is done. Takes some 2 s for a million tasks. Throws,
 * with a message for people.
 */
export function copyDatabase(database: string, target: string): BackupReport {
  {
    using source = openToLook(database, MAX_LOCKED_MS)
    refuseForeign(source)
    source.run('vacuum into ?', [target])
  }
  return { tasks: checkedTasks(target), bytes: fileSize(target) }
}

/** How many tasks there are in a database that is sound. */
function checkedTasks(file: string): number {
  using db = new Database(file, { readonly: true })
  const { quick_check } = db.query<{ quick_check: string }, []>('pragma quick_check(1)').get()!
  if (quick_check !== 'ok') throw new Error(`the copy is damaged: ${quick_check}`)
  // There was none before version 3.
  const hasJournal = db.query("select 1 from sqlite_schema where name = 'journal'").get() !== null
  const sql = hasJournal ? COUNT_SQL : COUNT_WITHOUT_JOURNAL_SQL
  return db.query<{ tasks: number }, []>(sql).get()!.tasks
}
