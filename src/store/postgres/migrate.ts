/** The schema `orchestrator`, brought up to date by whichever node starts first. */
import type { PostgresClient, PostgresQuery } from '../../platform/postgres.ts'
import { MIGRATIONS } from './migrations/index.ts'
import { SERVER_COLUMNS, serverFault, serverOf } from './server.ts'

/** Of a database that has all migrations. */
export const LATEST_VERSION = MIGRATIONS.length

/** For people. */
export const META_IS_EMPTY = 'its table orchestrator.meta is empty: the schema is damaged'

/** "orch", for `pg_advisory_xact_lock`: whoever changes the schema or adds a day has it. */
export const SCHEMA_LOCK = 0x6f726368

const LOCK_SQL = `select pg_advisory_xact_lock(${SCHEMA_LOCK})`
const SERVER_SQL = `select ${SERVER_COLUMNS}`
// `create schema if not exists` wants the right to create one, also where it exists.
const PRESENT_SQL = `select to_regnamespace('orchestrator') is not null as schema,
  to_regclass('orchestrator.meta') is not null as meta`
const CREATE_SCHEMA_SQL = 'create schema orchestrator'
const CREATE_META_SQL = `create table orchestrator.meta
  (version int4 not null, tested timestamptz not null default now())`
const START_SQL = 'insert into orchestrator.meta (version) values (0)'
const VERSION_SQL = 'select version from orchestrator.meta'
const LIMIT_SQL = "select set_config('lock_timeout', $1, true)"
const SET_VERSION_SQL = 'update orchestrator.meta set version = $1'

/** How long to wait for a lock of others, ms; 0: without end. */
export interface SchemaWaits {
  /** Before the look at the schema: a node that starts meanwhile may be making it. */
  readonly look: number
  /**
   * With each change. Somebody may read a table for long, as a backup does. A change of a table would
   * wait for that reader, and all nodes would wait behind it, until their leases are over.
   */
  readonly change: number
}

const WAITS: SchemaWaits = { look: 10_000, change: 1000 }

/** Throws, with a message for people, when the server or the schema is not one for us. */
export async function upgradeSchema(
  client: PostgresClient,
  waits: SchemaWaits = WAITS,
): Promise<void> {
  const [server] = await client.query(SERVER_SQL)
  const fault = serverFault(serverOf(server!))
  if (fault) throw new Error(`it ${fault.found}; ${fault.advice}`)
  await client.transaction(async (query) => {
    await query(LIMIT_SQL, [`${waits.look}`])
    await query(LOCK_SQL)
    const present = await versionOf(query)
    if (present > LATEST_VERSION) {
      const known = `this version knows schemas up to ${LATEST_VERSION}`
      throw new Error(`its schema is of a newer version of the service: ${present}, and ${known}`)
    }
    if (present === LATEST_VERSION) return
    await query(LIMIT_SQL, [`${waits.change}`])
    for (const migration of MIGRATIONS.slice(present)) await query(migration)
    await query(SET_VERSION_SQL, [LATEST_VERSION])
  })
}

/** Makes what is needed to know it. */
async function versionOf(query: PostgresQuery): Promise<number> {
  const [present] = await query(PRESENT_SQL)
  if (!present!.schema) await query(CREATE_SCHEMA_SQL)
  if (!present!.meta) {
    await query(CREATE_META_SQL)
    await query(START_SQL)
  }
  const [row] = await query(VERSION_SQL)
  if (!row) throw new Error(META_IS_EMPTY)
  return row.version as number
}
