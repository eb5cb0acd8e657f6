/** Who uses the database, and what becomes of the tasks of those that are gone. */
import type { NodeInfo, SeenNode } from '../shared/work.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

/** How many tasks change hands in one statement: some 10 ms. */
const STEP = 500

const LEASE = `now() + interval '1 ms' * $1::int8`

const JOIN_SQL = `insert into orchestrator.nodes (node, version, lease_until)
  values ($2, $3, ${LEASE}) returning session`

const RENEW_SQL = `update orchestrator.nodes set lease_until = ${LEASE}, seen = now()
  where session = $2::uuid and not dead returning 1`

const END_SQL = 'update orchestrator.nodes set dead = true where session = $1::uuid'

// After a start of the server nobody has been able to renew for as long as it was away.
const BURY_SQL = `update orchestrator.nodes set dead = true
  where not dead and lease_until < now()
  and now() > pg_postmaster_start_time() + interval '1 ms' * $1::int8`

// A statement of the session may still be under way that gives it a task: so its row stays for
// far longer than any statement takes, and what it owns is looked for as long.
const FORGET_SQL = `delete from orchestrator.nodes n
  where dead and seen < now() - interval '1 hour'
  and not exists (select from orchestrator.live l where l.owner = n.session)`

const freeSql = (owner: string) => `with c as materialized (
    select id from orchestrator.live where owner = any(${owner})
    limit $1 for update skip locked)
  update orchestrator.live l set owner = null, cancel = false from c where l.id = c.id returning 1`

// What was under way has the time at which it was due: it is taken before what came later.
const RESCUE_SQL = freeSql('array(select session from orchestrator.nodes where dead)')
const LEAVE_SQL = freeSql('array[$2::uuid]')

const NODES_SQL = `select node, version,
    floor(extract(epoch from started_at) * 1000)::int8 as started_at,
    floor(extract(epoch from now() - seen) * 1000)::int8 as seen_ago, session = $1::uuid as is_self
  from orchestrator.nodes where not dead and lease_until > now() order by node, started_at`

/** As `SharedDatabase.join`. */
export async function join(pool: Pool, node: NodeInfo, leaseMs: number): Promise<string> {
  const [row] = await pool.query(JOIN_SQL, [leaseMs, node.name, node.version])
  return row!.session as string
}

/** As `SharedDatabase.renew`. */
export async function renew(pool: Pool, session: string, leaseMs: number): Promise<boolean> {
  return (await pool.query(RENEW_SQL, [leaseMs, session])).length > 0
}

/** As `SharedDatabase.leave`. */
export async function leave(pool: Pool, session: string): Promise<void> {
  await pool.query(END_SQL, [session])
  while ((await pool.query(LEAVE_SQL, [STEP, session])).length === STEP);
}

/** As `SharedDatabase.rescue`. */
export async function rescue(pool: Pool, limit: number, leaseMs: number): Promise<number> {
  await pool.query(BURY_SQL, [leaseMs])
  const { length } = await pool.query(RESCUE_SQL, [limit])
  if (length < limit) await pool.query(FORGET_SQL)
  return length
}

/** As `SharedDatabase.nodes`. */
export async function nodes(pool: Pool, session: string): Promise<SeenNode[]> {
  const rows = await pool.query(NODES_SQL, [session])
  return rows.map((row) => ({
    name: row.node as string,
    version: row.version as string,
    startedAt: numberOf(row.started_at),
    seenAgoMs: Math.max(0, numberOf(row.seen_ago)),
    isSelf: row.is_self as boolean,
  }))
}
