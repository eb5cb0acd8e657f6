/** Who uses the database. */
import type { NodeInfo, SeenNode } from '../shared/work.ts'
import type { Retention } from '../store.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

const LEASE = `now() + interval '1 ms' * $1::int8`

const JOIN_SQL = `insert into orchestrator.nodes
    (node, version, lease_until, max_history, history_ttl_ms)
  values ($2, $3, ${LEASE}, $4, $5) returning session`

const RENEW_SQL = `update orchestrator.nodes set lease_until = ${LEASE}, seen = now()
  where session = $2::uuid and not dead returning 1`

const NODES_SQL = `select node, version,
    floor(extract(epoch from started_at) * 1000)::int8 as started_at,
    floor(extract(epoch from now() - seen) * 1000)::int8 as seen_ago,
    coalesce(session = $1::uuid, false) as is_self
  from orchestrator.nodes where not dead and lease_until > now() order by node, started_at`

/** As `SharedDatabase.join`. `orchestrator doctor` compares what all nodes keep. */
export async function join(
  pool: Pool,
  node: NodeInfo,
  leaseMs: number,
  { maxFinished, ttlMs }: Retention,
): Promise<string> {
  const values = [leaseMs, node.name, node.version, maxFinished, ttlMs]
  const [row] = await pool.query(JOIN_SQL, values)
  return row!.session as string
}

/** As `SharedDatabase.renew`. */
export async function renew(pool: Pool, session: string, leaseMs: number): Promise<boolean> {
  return (await pool.query(RENEW_SQL, [leaseMs, session])).length > 0
}

/** As `SharedDatabase.nodes`. */
export async function nodes(pool: Pool, session: string): Promise<SeenNode[]> {
  const rows = await pool.query(NODES_SQL, [session || null])
  return rows.map((row) => ({
    name: row.node as string,
    version: row.version as string,
    startedAt: numberOf(row.started_at),
    seenAgoMs: Math.max(0, numberOf(row.seen_ago)),
    isSelf: row.is_self as boolean,
  }))
}
