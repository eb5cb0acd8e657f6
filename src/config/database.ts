/** Where the tasks are kept: a SQLite file, or a Postgres that several nodes share. */
import type { Kind } from './kinds.ts'
import { fileFault } from './paths.ts'
import { maskUrl } from './urls.ts'

const IN_MEMORY = ':memory:'
const POSTGRES = /^postgres(?:ql)?:\/\//i

export const database: Kind<string> = {
  allowed: `the path of a SQLite file, ${IN_MEMORY}, or postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
  parse: (text) => (text === IN_MEMORY || databaseFault(text) === null ? text : undefined),
  reason: databaseFault,
  mask: maskUrl,
  show: shownDatabase,
}

/** Whether the effective TASK_DB is a server. */
export function isPostgres(db: string): boolean {
  return POSTGRES.test(db)
}

/** For people and logs: without the password, and without what may be one among the parameters. */
export function shownDatabase(db: string): string {
  const url = isPostgres(db) ? URL.parse(db) : null
  if (!url) return db
  if (url.password !== '') url.password = '***'
  const secrets = [...url.searchParams.keys()].filter((name) => /pass|key|secret/i.test(name))
  for (const name of secrets) url.searchParams.set(name, '***')
  return url.href
}

function databaseFault(text: string): string | null {
  if (POSTGRES.test(text)) return serverFault(text)
  // RFC 3986, section 3.1; one letter is a drive of Windows.
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) return 'no other database is supported, and no other URL'
  return fileFault(text)
}

function serverFault(text: string): string | null {
  if (/[\s\p{Cc}]/u.test(text)) return 'it holds white space: percent-encode it'
  const url = URL.parse(text)
  if (!url || url.hostname === '')
    return 'it names no host; in a password, percent-encode @ : / ? #'
  if (url.hash !== '') return 'it has a fragment: percent-encode # in a password'
  return url.pathname.length > 1 ? null : 'it names no database'
}
