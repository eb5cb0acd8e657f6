/** The schema's history: migration n takes the database from version n - 1 to n. */
import type { Database } from 'bun:sqlite'
import tasks from './001-tasks.sql' with { type: 'text' }
import filters from './002-filters.sql' with { type: 'text' }
import journal from './003-journal.sql' with { type: 'text' }
import secretHeaders from './004-secret-headers.sql' with { type: 'text' }
import trace from './005-trace.sql' with { type: 'text' }
import { addTraceToJournal } from './add-trace-to-journal.ts'
import { makeDropletKeys } from './droplet-keys.ts'
import { moveSecrets } from './move-secrets.ts'

export interface Migration {
  /** Makes what the SQL needs and SQLite can't compute. */
  readonly before?: (db: Database) => void
  readonly sql: string
  /** Does with the tables what SQL can't. */
  readonly after?: (db: Database) => void
  /** Whether nothing of what it has removed may stay in the file. */
  readonly isThorough?: true
}

export const MIGRATIONS: readonly Migration[] = [
  { sql: tasks },
  { before: makeDropletKeys, sql: filters },
  { sql: journal },
  { sql: secretHeaders, after: moveSecrets, isThorough: true },
  { sql: trace, after: addTraceToJournal },
]
