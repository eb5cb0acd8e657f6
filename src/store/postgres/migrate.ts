/** The schema `orchestrator`, brought up to date by whichever node starts first. */
import type { PostgresClient, PostgresQuery } from '../../platform/postgres.ts'
import { MIGRATIONS } from './migrations/index.ts'

/** Of a database that has all migrations. */
export const LATEST_VERSION = MIGRATIONS.length

/** Detaching concurrently, and much that is measured here, began with this version. */
export const OLDEST_SERVER = 140_000

/** For people. */
export const META_IS_EMPTY = 'its table orchestrator.meta is empty: the schema is damaged'

/** "orch", for `pg_advisory_xact_lock`: whoever changes the schema or adds a day has it. */
export const SCHEMA_LOCK = 0x6f726368

/** Whether the database takes no writes: so is a standby, and so may a setting have it. */
export const READ_ONLY = "current_setting('transaction_read_only') = 'on'"

const LOCK_SQL = `select pg_advisory_xact_lock(${SCHEMA_LOCK})`
const SERVER_SQL = `select current_setting('server_version_num')::int4 as number,
  current_setting('server_version') as name, pg_is_in_recovery() as standby,
  current_setting('server_encoding') as encoding, ${READ_ONLY} as read_only,
  current_setting('transaction_isolation') as isolation,
  current_setting('array_nulls') as array_nulls`
// `create schema if not exists` wants the right to create one, also where it exists.
const PRESENT_SQL = `select to_regnamespace('orchestrator') is not null as schema,
  to_regclass('orchestrator.meta') is not null as meta`
const CREATE_SCHEMA_SQL = 'create schema orchestrator'
const CREATE_META_SQL = `create table orchestrator.meta
  (version int4 not null, tested timestamptz not null default now())`
const START_SQL = 'insert into orchestrator.meta (version) values (0)'
const VERSION_SQL = 'select version from orchestrator.meta'
// Somebody may read a table for long, as a backup does. What changes the table would wait for him,
// and all nodes for that, until their leases are over.
const LIMIT_SQL = "select set_config('lock_timeout', '1s', true)"
const SET_VERSION_SQL = 'update orchestrator.meta set version = $1'

/** Throws, with a message for people, when the server or the schema is not one for us. */
export async function migrate(client: PostgresClient): Promise<void> {
  const [server] = await client.query(SERVER_SQL)
  refuseServer(server as unknown as Server)
  await client.transaction(async (query) => {
    await query(LOCK_SQL)
    const present = await versionOf(query)
    if (present > LATEST_VERSION) {
      const known = `this version knows schemas up to ${LATEST_VERSION}`
      throw new Error(`its schema is of a newer version of the service: ${present}, and ${known}`)
    }
    if (present === LATEST_VERSION) return
    await query(LIMIT_SQL)
    for (const migration of MIGRATIONS.slice(present)) await query(migration)
    await query(SET_VERSION_SQL, [LATEST_VERSION])
  })
}

interface Server {
  readonly number: number
  readonly name: string
  readonly standby: boolean
  readonly encoding: string
  readonly read_only: boolean
  /** These two may be others than ours only behind a pooler, which lets us say nothing of them. */
  readonly isolation: string
  readonly array_nulls: 'on' | 'off'
}

function refuseServer(server: Server): void {
  const { number, name, standby, encoding, read_only: isReadOnly } = server
  if (number < OLDEST_SERVER) throw new Error(`it is Postgres ${name}: 14 or newer is needed`)
  if (standby) throw new Error('it is a standby, which takes no writes: name the primary')
  if (isReadOnly) throw new Error('it is read-only: default_transaction_read_only is on')
  if (encoding !== 'UTF8') throw new Error(`its encoding is ${encoding}: UTF8 is needed`)
  refuseSetting('default_transaction_isolation', server.isolation, 'read committed')
  refuseSetting('array_nulls', server.array_nulls, 'on')
}

function refuseSetting(name: string, value: string, needed: string): void {
  if (value === needed) return
  const command = `alter role … set ${name} = '${needed}'`
  throw new Error(`its ${name} is ${value}: set it for the user with ${command}`)
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
