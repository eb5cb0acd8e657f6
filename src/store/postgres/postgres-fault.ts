/** What Postgres has refused, in words. */
import { errorText } from '../../errors.ts'
import { PostgresError } from '../../platform/postgres.ts'

/** For people, without the password: by SQLSTATE, or what Bun knows a failed connection by. */
export function postgresFault(error: unknown, url: string): string {
  const { host, username, pathname } = new URL(url)
  if (!(error instanceof PostgresError)) return errorText(error)
  const [user, name] = [decodeURIComponent(username), decodeURIComponent(pathname.slice(1))]
  switch (error.state ?? error.code) {
    case 'ERR_POSTGRES_CONNECTION_REFUSED':
    case 'ERR_POSTGRES_CONNECTION_TIMEOUT':
      return `no Postgres answers at ${host}`
    case '28P01':
    case '28000':
      return `the server at ${host} refuses the user ${user}: ${error.message}`
    case '3D000':
      return `the server at ${host} has no database ${name}: create it first`
    case '42501':
      return `the user ${user} may not do all that is needed: ${error.message}`
    case '08P01':
      return `a pooler at ${host} refuses how we connect: add ?prepare=false to the URL`
    case '55P03':
      return 'its schema cannot be used or changed while others hold its tables, as a backup does, or change them: try again'
    case '53300':
      return `the server at ${host} takes no more connections: ${error.message}`
    default:
      return `the server at ${host}: ${error.message}`
  }
}
