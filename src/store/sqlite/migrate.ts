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
  for (const [index, migration] of MIGRATIONS.slice(0, version).entries()) {
    if (index < present) continue
    db.transaction(() => {
      migration.before?.(db)
      db.run(migration.sql)
      db.run(`pragma application_id = ${APPLICATION_ID}`)
      db.run(`pragma user_version = ${index + 1}`)
    }).immediate()
  }
}
