/** The schema's history: migration n takes the database from version n - 1 to n. */
import tasks from './001-tasks.sql' with { type: 'text' }

export const MIGRATIONS: readonly string[] = [tasks]
