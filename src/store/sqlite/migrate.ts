import type { Database } from 'bun:sqlite'
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
export function migrate(db: Database, version = LATEST_VERSION): void {
  const present = versionOf(db)
  const missing = MIGRATIONS.slice(present, version)
  db.run('pragma secure_delete = on')
  for (const [index, migration] of missing.entries()) {
    db.transaction(() => {
      migration.before?.(db)
      db.run(migration.sql)
      migration.after?.(db)
      db.run(`pragma application_id = ${APPLICATION_ID}`)
      db.run(`pragma user_version = ${present + index + 1}`)
    }).immediate()
  }
  db.run('pragma secure_delete = off')
  if (present > 0 && missing.some(({ isThorough }) => isThorough)) rewrite(db)
}

/**
 * Writes the file anew, without what is in no row any more; earlier versions zeroed nothing that
 * they deleted. Takes some 10 s for a million tasks, and for a moment twice the room: where there is
 * not as much, it stays as it is.
 */
function rewrite(db: Database): void {
  try {
    db.run('vacuum')
  } catch {
    // The rows themselves have been cleaned.
  }
}
