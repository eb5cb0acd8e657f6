/** Where the tasks are kept: a SQLite file, or a Postgres that several nodes share. */
import type { Kind } from './kinds.ts'
import { fileFault } from './paths.ts'
import { maskUrl } from './urls.ts'

const IN_MEMORY = ':memory:'
const POSTGRES = /^postgres(?:ql)?:\/\//i
/** What libpq takes, too: as the name of a file it would be made, and logged. */
const DSN = /(?:^|\s)(?:host|hostaddr|dbname|user|password|service)\s*=/i
/** Those of Bun.SQL. */
const SSL_MODES: readonly string[] = [
  ...['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
]

export const database: Kind<string> = {
  allowed: `the path of a SQLite file, ${IN_MEMORY}, or postgres://USER:PASSWORD@HOST:PORT/DATABASE`,
  parse: (text) => (text === IN_MEMORY || databaseFault(text) === null ? text : undefined),
  reason: databaseFault,
  mask: masked,
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

/** Of what is not allowed: what stands before a host may be a password, whole or cut off. */
function masked(text: string): string {
  if (DSN.test(text)) return '***'
  const [scheme] = POSTGRES.exec(text) ?? []
  if (scheme === undefined) return maskUrl(text)
  const [place] = /@[\w.:-]*(?:\/[\w-]*)?$/.exec(text) ?? ['']
  return `${scheme}***${place}`
}

function databaseFault(text: string): string | null {
  if (POSTGRES.test(text)) return serverFault(text)
  if (DSN.test(text)) return 'a list of host=… and the like is not supported: write it as a URL'
  // RFC 3986, section 3.1; one letter is a drive of Windows.
  if (/^[a-z][a-z0-9+.-]+:/i.test(text)) return 'no other database is supported, and no other URL'
  return fileFault(text)
}

function serverFault(text: string): string | null {
  if (/[\s\p{Cc}]/u.test(text)) return 'it holds white space: percent-encode it'
  const url = URL.parse(text)
  const encode = 'in a password, percent-encode @ : / ? # %'
  if (!url || url.hostname === '') return `its host and port cannot be read; ${encode}`
  if (url.hash !== '') return `it has a fragment; ${encode}`
  if (!isDecodable(text)) return `a % in it begins no percent-encoding; ${encode}`
  if (url.username === '') return 'it names no user'
  if (url.pathname.length < 2) return 'it names no database'
  const mode = url.searchParams.get('sslmode')
  return mode === null || SSL_MODES.includes(mode)
    ? null
    : `sslmode is one of ${SSL_MODES.join(', ')}`
}

function isDecodable(text: string): boolean {
  try {
    decodeURIComponent(text)
    return true
  } catch {
    return false
  }
}
