import type { Database } from 'bun:sqlite'
import { dirname, resolve } from 'node:path'
import { freeBytes } from '../../platform/disk.ts'
import { databaseBytes } from './database-bytes.ts'
import { MIGRATIONS } from './migrations/index.ts'

/** "ORCH", in the header of each database that we make. Those of earlier builds have 0. */
export const APPLICATION_ID = 0x4f524348

/** Of a database that has all migrations. */
export const LATEST_VERSION = MIGRATIONS.length

/** 0 for a database without migrations. */
export function versionOf(db: Database): number {
  return db.query<{ user_version: number }, []>('pragma user_version').get()!.user_version
}

/** Brings the schema to `version` if it is older. */
export function upgradeSchema(db: Database, version = LATEST_VERSION): void {
  const present = versionOf(db)
  const missing = MIGRATIONS.slice(present, version)
  // What the log takes is needed for what comes now.
  if (missing.length > 0) writeBack(db)
  db.run('pragma secure_delete = on')
  for (const [index, migration] of missing.entries()) {
    db.transaction(() => {
      migration.before?.(db)
      db.run(migration.sql)
      migration.after?.(db)
      if (present > 0 && migration.isThorough) db.run(MARK_SQL)
      db.run(`pragma application_id = ${APPLICATION_ID}`)
      db.run(`pragma user_version = ${present + index + 1}`)
    }).immediate()
  }
  db.run('pragma secure_delete = off')
  if (isRewriteDue(db)) rewrite(db)
}

/** A table that is there until the file is written anew: a crash, or a full disk, may come first. */
const REWRITE_DUE = 'rewrite_due'
/** It may be there: from the migration before, or from an upgrade that had no room to rewrite. */
const MARK_SQL = `create table if not exists ${REWRITE_DUE} (n)`

function isRewriteDue(db: Database): boolean {
  return db.query('select 1 from sqlite_schema where name = ?').get(REWRITE_DUE) !== null
}

/**
 * Writes the file anew, without what is in no row any more; earlier versions zeroed nothing that
 * they deleted. Takes some 10 s for a million tasks, and for a moment twice the room. Where there
 * is not as much, the next start tries again.
 */
function rewrite(db: Database): void {
  writeBack(db)
  if (freeBytes(dirname(resolve(db.filename))) < 2.5 * databaseBytes(db)) return
  try {
    db.run('vacuum')
    db.run(`drop table ${REWRITE_DUE}`)
  } catch {
    // The rows themselves have been cleaned.
  }
  writeBack(db)
}

/** Writes the log into the database as far as that can be, and gives its room back. */
function writeBack(db: Database): void {
  try {
    db.run('pragma wal_checkpoint(truncate)')
  } catch {
    // What comes next finds out whether there is room.
  }
}
