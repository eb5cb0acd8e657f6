/** Whether a database is ours: looked at before anything in it is changed. */
import { Database } from 'bun:sqlite'
import { fileSize } from '../../platform/disk.ts'
import { APPLICATION_ID, LATEST_VERSION, upgradeSchema, versionOf } from './migrate.ts'

/** Names of tables that a message tells. */
const MAX_NAMES = 5

/**
 * Throws, with a message for people, unless the file is empty, missing or a database of ours.
 * `maxLockedMs`: how long another process's lock is waited for. Changes no byte of it.
 */
export function refuseForeignFile(file: string, maxLockedMs: number): void {
  if (fileSize(file) === 0) return
  using db = openToLook(file, maxLockedMs)
  refuseForeign(db)
}

/** Opens a file that is not empty, to look at it: nothing of it changes, also when it is closed. */
export function openToLook(file: string, maxLockedMs: number): Database {
  // Whoever closes the file last writes the log into it, unless he may only read. But who may
  // only read leaves a log behind where there was none.
  const hasLog = fileSize(`${file}-wal`) > 0
  const db = new Database(file, hasLog ? { readonly: true } : { readwrite: true })
  db.run(`pragma busy_timeout = ${maxLockedMs}`)
  return db
}

/** The same for a database that is open. */
export function refuseForeign(db: Database): void {
  const id = db.query<{ application_id: number }, []>('pragma application_id').get()!.application_id
  const version = versionOf(db)
  const tables = tablesOf(db)
  const mayBeOurs = id === 0 || id === APPLICATION_ID
  if (mayBeOurs && version === 0 && tables.length === 0) return
  const isOurs = id === APPLICATION_ID || (id === 0 && hasOurSchema(db, version))
  if (!isOurs) throw new Error(foreign(tables))
  if (version > LATEST_VERSION) {
    const known = `has schema ${version}, and this version knows schemas up to ${LATEST_VERSION}`
    throw new Error(`written by a newer version of the service: it ${known}`)
  }
  if (!hasOurSchema(db, version)) throw new Error(`damaged: not all of schema ${version} is there`)
}

function foreign(tables: readonly string[]): string {
  const names = tables.slice(0, MAX_NAMES).join(', ') || 'none'
  const more = tables.length > MAX_NAMES ? ', …' : ''
  return `it is a database of something else (tables: ${names}${more}): name another file in TASK_DB`
}

function tablesOf(db: Database): string[] {
  const sql = `select name from sqlite_schema where type in ('table', 'view')
    and name not like 'sqlite\\_%' escape '\\' order by name`
  return db.query<{ name: string }, []>(sql).values().flat() as string[]
}

/** Whether it has each of our tables with each of its columns. Others may have added some. */
function hasOurSchema(db: Database, version: number): boolean {
  if (version === 0) return false
  using ours = new Database(':memory:')
  upgradeSchema(ours, version)
  const present = new Set(tablesOf(db))
  return tablesOf(ours).every((table) => {
    if (!present.has(table)) return false
    const columns = columnsOf(db, table)
    return columnsOf(ours, table).isSubsetOf(columns)
  })
}

function columnsOf(db: Database, table: string): Set<unknown> {
  try {
    return new Set(db.query('select name from pragma_table_info(?)').values(table).flat())
  } catch {
    // A virtual table of a module that is not here: not ours.
    return new Set()
  }
}
