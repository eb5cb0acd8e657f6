/** Opens the database that several nodes share. */
import { errorText } from '../../errors.ts'
import { PostgresError, postgresClient } from '../../platform/postgres.ts'
import type { Clock } from '../../ports.ts'
import type { SharedDatabase } from '../shared/database.ts'
import type { Retention } from '../store.ts'
import { PostgresDatabase } from './database.ts'
import { migrate } from './migrate.ts'

export interface PostgresPorts {
  readonly clock: Clock
}

/**
 * Brings the schema up to date where that is needed. Rejects with a message for people, without
 * the password. `url`: as in TASK_DB; with `prepare=false` where a pooler is between.
 */
export async function openPostgres(
  url: string,
  retention: Retention,
  { clock }: PostgresPorts,
): Promise<SharedDatabase> {
  const client = postgresClient(url, 1)
  try {
    await migrate(client)
  } catch (error) {
    throw new Error(postgresFault(error, url), { cause: error })
  } finally {
    await client.close()
  }
  const database = new PostgresDatabase(
    (max, maxStatementMs) => postgresClient(url, max, maxStatementMs),
    retention,
    clock,
  )
  try {
    await database.prepare()
    return database
  } catch (error) {
    await database.close()
    throw new Error(postgresFault(error, url), { cause: error })
  }
}

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
    case '53300':
      return `the server at ${host} takes no more connections: ${error.message}`
    default:
      return `the server at ${host}: ${error.message}`
  }
}
