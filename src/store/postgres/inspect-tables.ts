/** What is in our own tables, for the doctor. */
import type { PostgresClient } from '../../platform/postgres.ts'
import { dayAt } from './days.ts'
import { oneRow } from './one-row.ts'
import { Partitions } from './partitions.ts'

export interface Tables {
  /** Of the one with unfinished tasks, as the statistics have it. */
  readonly live: { readonly rows: number; readonly deadRows: number }
  /** How many days from today on have partitions, without a gap. */
  readonly days: number
  /** Those whose leases hold. */
  readonly nodes: readonly InspectedNode[]
  /** Tasks of nodes that are dead for so long that others should have them. */
  readonly orphans: number
  readonly queue: Queue
}

export interface InspectedNode {
  readonly name: string
  readonly version: string
  readonly leaseMs: number
  /** TASK_MAX_HISTORY and TASK_HISTORY_TTL; null: it is of a release that does not tell. */
  readonly maxHistory: number | null
  readonly historyTtlMs: number | null
  /** How long it has been there, and how long ago it was heard of last, ms. */
  readonly startedAgoMs: number
  readonly seenAgoMs: number
  /**
   * How far its clock is ahead of the database's, ms, less how long a task of it has waited until it
   * was stored, for its place or for its commit; null: no task of it tells.
   */
  readonly aheadMs: number | null
}

export interface Queue {
  /** Asynchronous tasks that wait for their first attempt. */
  readonly queued: number
  /** How long the first of those that no node has is due, ms; 0: none is. */
  readonly lateMs: number
}

/** `now`: the database's wall clock, ms. */
export async function inspectTables(client: PostgresClient, now: number): Promise<Tables> {
  const query = (text: string) => client.query(text)
  const partitions = new Partitions({ query, transaction: (work) => client.transaction(work) })
  return {
    live: await liveRows(client),
    days: daysFrom(dayAt(now), new Set(await partitions.days())),
    nodes: await nodesOf(client),
    orphans: await orphansIn(client),
    queue: await queueOf(client),
  }
}

const LIVE_SQL = `select n_live_tup::float8 as rows, n_dead_tup::float8 as dead
  from pg_stat_all_tables where relid = 'orchestrator.live'::regclass`

async function liveRows(client: PostgresClient): Promise<Tables['live']> {
  const { rows, dead } = await oneRow(client, LIVE_SQL)
  return { rows: rows as number, deadRows: dead as number }
}

function daysFrom(today: number, days: ReadonlySet<number>): number {
  let count = 0
  while (days.has(today + count)) count++
  return count
}

// A task that its node has accepted tells how that node's clock stands: what it has claimed does
// not. Of several the one whose commit took the shortest. What the schema of the release before has
// no column for is asked for as a field.
const NODES_SQL = `select n.node as name, n.version,
    extract(epoch from n.lease_until - n.seen)::float8 * 1000 as lease_ms,
    (to_jsonb(n) ->> 'max_history')::float8 as max_history,
    (to_jsonb(n) ->> 'history_ttl_ms')::float8 as history_ttl_ms,
    extract(epoch from now() - n.started_at)::float8 * 1000 as started_ago_ms,
    extract(epoch from now() - n.seen)::float8 * 1000 as seen_ago_ms,
    (select max(l.created_at - extract(epoch from l.accepted_at) * 1000)::float8
      from orchestrator.live l
      where l.owner = n.session and l.fence = l.first_fence) as ahead_ms
  from orchestrator.nodes n where not n.dead and n.lease_until > now() order by n.node, n.started_at`

async function nodesOf(client: PostgresClient): Promise<InspectedNode[]> {
  const rows = await client.query(NODES_SQL)
  return rows.map(
    (row) =>
      ({
        name: row.name,
        version: row.version,
        leaseMs: row.lease_ms,
        maxHistory: row.max_history,
        historyTtlMs: row.history_ttl_ms,
        startedAgoMs: row.started_ago_ms,
        seenAgoMs: row.seen_ago_ms,
        aheadMs: row.ahead_ms,
      }) as InspectedNode,
  )
}

/** A lease, and 30 s for what others do in steps. */
const ORPHANS_SQL = `select count(*)::float8 as tasks
  from orchestrator.live l left join orchestrator.nodes n on n.session = l.owner
  where l.owner is not null and (n.session is null
    or n.lease_until < now() - (n.lease_until - n.seen) - interval '30 s')`

async function orphansIn(client: PostgresClient): Promise<number> {
  return (await oneRow(client, ORPHANS_SQL)).tasks as number
}

const QUEUE_SQL = `select
    count(*) filter (where status = 'queued')::float8 as queued,
    greatest(0, extract(epoch from now() - min(claim_at) filter (where owner is null)))::float8
      * 1000 as late_ms
  from orchestrator.live where mode = 'async'`

async function queueOf(client: PostgresClient): Promise<Queue> {
  const { queued, late_ms } = await oneRow(client, QUEUE_SQL)
  return { queued, lateMs: late_ms ?? 0 } as Queue
}
