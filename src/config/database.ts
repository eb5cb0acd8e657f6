/** Where the tasks are kept: a SQLite file, or a Postgres that several nodes share. */
import type { Kind } from './kinds.ts'
import { fileFault } from './paths.ts'
import { isPostgresUrl, maskedPostgres, postgresUrlFault, shownPostgres } from './postgres-url.ts'
import { maskUrl } from './urls.ts'

const IN_MEMORY = ':memory:'
/** What libpq takes, too: as the name of a file it would be made, and logged. */
const DSN = /(?:^|\s)(?:host|hostaddr|dbname|user|password|service)\s*=/i

export const database: Kind<string> = {
  allowed: `the path of a SQLite file, ${IN_MEMORY}, or postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
  parse: (text) => (text === IN_MEMORY || databaseFault(text) === null ? text : undefined),
  reason: databaseFault,
  mask: masked,
  show: shownDatabase,
}

/** Whether the effective TASK_DB is a server. */
export const isPostgres = isPostgresUrl

/** For people and logs: without the password, and without what may be one among the parameters. */
export function shownDatabase(db: string): string {
  return isPostgresUrl(db) ? shownPostgres(db) : db
}

function masked(text: string): string {
  if (DSN.test(text)) return '***'
  return isPostgresUrl(text) ? maskedPostgres(text) : maskUrl(text)
}

function databaseFault(text: string): string | null {
  if (isPostgresUrl(text)) return postgresUrlFault(text)
  if (DSN.test(text)) return 'a list of host=… and the like is not supported: write it as a URL'
  // RFC 3986, section 3.1; one letter is a drive of Windows.
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) return 'no other database is supported, and no other URL'
  return fileFault(text)
}
