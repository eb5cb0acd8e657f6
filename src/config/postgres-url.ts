/** The URL of a Postgres: what is wrong with one, and how it is shown. */

const SCHEME = /^postgres(?:ql)?:\/\//i
/** Those of Bun.SQL. */
const SSL_MODES: readonly string[] = [
  ...['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full'],
]

export function isPostgresUrl(text: string): boolean {
  return SCHEME.test(text)
}

/** Whether it says that a pooler is between, as PgBouncer: Bun reads that from no URL. */
export function isPooled(url: string): boolean {
  return new URL(url).searchParams.get('prepare') === 'false'
}

/** Without the password, and without what may be one among the parameters. */
export function shownPostgres(text: string): string {
  const url = new URL(text)
  if (url.password !== '') url.password = '***'
  const secrets = [...url.searchParams.keys()].filter((name) => /pass|key|secret/i.test(name))
  for (const name of secrets) url.searchParams.set(name, '***')
  return url.href
}

/** One that is not allowed: what stands before a host may be a password, whole or cut off. */
export function maskedPostgres(text: string): string {
  const [scheme = ''] = SCHEME.exec(text) ?? []
  const [place] = /@[\w.:-]*(?:\/[\w-]*)?$/.exec(text) ?? ['']
  return `${scheme}***${place}`
}

/** For people; null: it is a URL of a Postgres. */
export function postgresUrlFault(text: string): string | null {
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
