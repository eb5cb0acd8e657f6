/** What a Postgres is like, for `check` and `doctor`: nothing of it is changed. */
import type { PostgresClient } from '../../platform/postgres.ts'
import type { Clock } from '../../ports.ts'
import { inspectTables, type Tables } from './inspect-tables.ts'
import { LATEST_VERSION, META_IS_EMPTY } from './migrate.ts'
import { oneRow } from './one-row.ts'
import { SERVER_COLUMNS, serverOf, type Server } from './server.ts'

export interface PostgresState {
  readonly server: ServerState
  /** Whether this user may do what the service does. */
  readonly rights: Rights
  /** 0: our tables are not there yet; null: this user may not look. */
  readonly schema: number | null
  /** What this version of the program makes of it. */
  readonly latestSchema: number
  readonly connections: Connections
  /** What holds back vacuum for the longest time; null: nothing that this user may see. */
  readonly oldest: OldTransaction | null
  /** The same of replicas, which tell no time. */
  readonly replica: OldReplica | null
  /** null: our tables are not there, or are newer than we know. */
  readonly tables: Tables | null
}

interface ServerState extends Server {
  /** It confirms what is not on its disk. */
  readonly losesCommits: boolean
  readonly bytes: number
  /** Its wall clock, ms; to half of what the way there and back takes. */
  readonly now: number
  /** How far that is ahead of ours. */
  readonly aheadMs: number
}

interface Rights {
  readonly user: string
  /** To make the schema, where it is not there; else to use it and all that is in it. */
  readonly mayUse: boolean
  /** To change the rows of all tables that are there: their owner may have taken that away. */
  readonly mayWrite: boolean
}

export interface Connections {
  /** For others than superusers. */
  readonly max: number
  readonly used: number
}

export interface OldTransaction {
  readonly what: 'transaction' | 'prepared transaction'
  /** Whose, or how it is called. */
  readonly name: string
  readonly ageMs: number
  /** Nothing is done in it: its client has forgotten to end it. */
  readonly isIdle: boolean
}

export interface OldReplica {
  /** A standby without a slot tells what it reads by `hot_standby_feedback`. */
  readonly what: 'replication slot' | 'standby'
  readonly name: string
  /** How many transactions have begun since the one that it holds. */
  readonly transactions: number
}

/** Rejects with a `PostgresError`; nothing in it is a password. */
export async function inspectPostgres(
  client: PostgresClient,
  clock: Pick<Clock, 'now'>,
): Promise<PostgresState> {
  // Connects: that takes longer than an answer, which tells the time.
  await client.query('select 1')
  const server = await serverState(client, clock)
  const rights = await rightsOf(client)
  const schema = await schemaOf(client, rights)
  const isKnown = rights.mayUse && schema !== null && schema > 0 && schema <= LATEST_VERSION
  return {
    server,
    rights,
    schema,
    latestSchema: LATEST_VERSION,
    connections: await connectionsOf(client),
    oldest: await oldestTransaction(client),
    tables: isKnown ? await inspectTables(client, server.now) : null,
    replica: await oldestReplica(client),
  }
}

const SERVER_SQL = `select ${SERVER_COLUMNS},
  'off' in (current_setting('fsync'), current_setting('synchronous_commit')) as loses_commits,
  pg_database_size(current_database())::float8 as bytes,
  extract(epoch from clock_timestamp())::float8 * 1000 as now`

async function serverState(
  client: PostgresClient,
  clock: Pick<Clock, 'now'>,
): Promise<ServerState> {
  const asked = clock.now()
  const row = await oneRow(client, SERVER_SQL)
  const { loses_commits: losesCommits, bytes, now } = row
  const aheadMs = (now as number) - (asked + clock.now()) / 2
  return { ...serverOf(row), losesCommits, bytes, now, aheadMs } as ServerState
}

// Tables are asked for in the catalogue: by their names only who may use the schema may ask. New
// days are tables, and only the owner of one may add a part to it.
const MAY_WRITE = ['select', 'insert', 'update', 'delete']
  .map((what) => `has_table_privilege(oid, '${what}')`)
  .join(' and ')
const RIGHTS_SQL = `select current_user::text as user,
  case when to_regnamespace('orchestrator') is null
    then has_database_privilege(current_database(), 'create')
    else has_schema_privilege('orchestrator', 'usage')
      and has_schema_privilege('orchestrator', 'create')
      and not exists (select 1 from pg_class
        where relnamespace = to_regnamespace('orchestrator') and relkind in ('r', 'p')
        and not pg_has_role(relowner, 'usage'))
    end as may_use,
  not exists (select 1 from pg_class
    where relnamespace = to_regnamespace('orchestrator') and relkind in ('r', 'p')
    and not relispartition
    and not (${MAY_WRITE})) as may_write`

async function rightsOf(client: PostgresClient): Promise<Rights> {
  const { user, may_use, may_write } = await oneRow(client, RIGHTS_SQL)
  return { user, mayUse: may_use, mayWrite: may_write } as Rights
}

const HAS_META_SQL = `select exists (select 1 from pg_class
  where relnamespace = to_regnamespace('orchestrator') and relname = 'meta') as present`
const VERSION_SQL = 'select version::float8 as version from orchestrator.meta'

async function schemaOf(client: PostgresClient, { mayUse }: Rights): Promise<number | null> {
  if (!(await oneRow(client, HAS_META_SQL)).present) return 0
  if (!mayUse) return null
  const [row] = await client.query(VERSION_SQL)
  if (!row) throw new Error(META_IS_EMPTY)
  return row.version as number
}

const CONNECTIONS_SQL = `select least(
    current_setting('max_connections')::float8
      - current_setting('superuser_reserved_connections')::float8
      - coalesce(current_setting('reserved_connections', true)::float8, 0),
    (select nullif(datconnlimit, -1)::float8 from pg_database where datname = current_database()),
    (select nullif(rolconnlimit, -1)::float8 from pg_roles where rolname = current_user)) as max,
  (select count(*)::float8 from pg_stat_activity where backend_type = 'client backend') as used`

async function connectionsOf(client: PostgresClient): Promise<Connections> {
  const { max, used } = await oneRow(client, CONNECTIONS_SQL)
  return { max, used } as Connections
}

// Of other users' sessions only who may read the statistics sees the times.
const OLDEST_SQL = `select * from (
    select 'transaction' as what,
      concat_ws(' ', usename, nullif(application_name, ''), 'pid ' || pid) as name,
      extract(epoch from now() - xact_start)::float8 * 1000 as age_ms,
      state like 'idle in transaction%' as idle
    from pg_stat_activity
    where xact_start is not null and datname = current_database() and pid <> pg_backend_pid()
    union all
    select 'prepared transaction', gid, extract(epoch from now() - prepared)::float8 * 1000, false
    from pg_prepared_xacts where database = current_database()
  ) as open order by age_ms desc limit 1`

async function oldestTransaction(client: PostgresClient): Promise<OldTransaction | null> {
  const [row] = await client.query(OLDEST_SQL)
  if (!row) return null
  return { what: row.what, name: row.name, ageMs: row.age_ms, isIdle: row.idle } as OldTransaction
}

// What logical slots hold (`catalog_xmin`) is rows of the catalogue alone.
const REPLICA_SQL = `select what, name, age(xmin)::float8 as transactions from (
    select 'replication slot' as what, slot_name::text as name, xmin from pg_replication_slots
    union all
    select 'standby', concat_ws(' ', application_name, host(client_addr)), backend_xmin
    from pg_stat_replication
  ) as held where xmin is not null order by age(xmin) desc, what limit 1`

async function oldestReplica(client: PostgresClient): Promise<OldReplica | null> {
  const [row] = await client.query(REPLICA_SQL)
  if (!row) return null
  return { what: row.what, name: row.name, transactions: row.transactions } as OldReplica
}
