/** Opens the database that several nodes share. */
import { postgresClient } from '../../platform/postgres.ts'
import type { Clock } from '../../ports.ts'
import type { SharedDatabase } from '../shared/database.ts'
import type { Retention } from '../store.ts'
import { PostgresDatabase } from './database.ts'
import { upgradeSchema, type SchemaWaits } from './migrate.ts'
import { postgresFault } from './postgres-fault.ts'

export interface PostgresPorts {
  readonly clock: Clock
  /** Who connects: the server knows the connections by it. */
  readonly name?: string
  /** See `upgradeSchema`. */
  readonly waits?: SchemaWaits
}

/**
 * Brings the schema up to date where that is needed. Rejects with a message for people, without
 * the password. `url`: as in TASK_DB; with `prepare=false` where a pooler is between.
 */
export async function openPostgres(
  url: string,
  retention: Retention,
  { clock, name = 'orchestrator', waits }: PostgresPorts,
): Promise<SharedDatabase> {
  const client = postgresClient(url, name, 1)
  try {
    await upgradeSchema(client, waits)
  } catch (error) {
    throw new Error(postgresFault(error, url), { cause: error })
  } finally {
    await client.close()
  }
  const database = new PostgresDatabase(
    (max, maxStatementMs) => postgresClient(url, name, max, maxStatementMs),
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
