/** The schema's history: migration n takes the database from version n - 1 to n. */
import type { Database } from 'bun:sqlite'
import tasks from './001-tasks.sql' with { type: 'text' }
import filters from './002-filters.sql' with { type: 'text' }
import journal from './003-journal.sql' with { type: 'text' }
import { makeDropletKeys } from './droplet-keys.ts'

export interface Migration {
  /** Makes what the SQL needs and SQLite can't compute. */
  readonly before?: (db: Database) => void
  readonly sql: string
}

export const MIGRATIONS: readonly Migration[] = [
  { sql: tasks },
  { before: makeDropletKeys, sql: filters },
  { sql: journal },
]
