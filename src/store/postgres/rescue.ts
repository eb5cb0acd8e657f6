/** What becomes of the tasks of sessions that are gone. */
import type { Task } from '../../task.ts'
import type { DeadNode } from '../shared/work.ts'
import { FREE_C } from './free-sql.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

/** How many tasks change hands in one statement: 7 to 12 ms. */
const STEP = 500

const END_SQL = 'update orchestrator.nodes set dead = true where session = $1::uuid'

const ownedSql = (mode: Task['mode']) => `(select count(*) from orchestrator.live l
    where l.owner = n.session and l.mode = '${mode}')`

// After a start of the server nobody has been able to renew for as long as it was away; nor where
// it has stood still, and then who asks could not either.
const BURY_SQL = `update orchestrator.nodes n set dead = true
  where not dead and lease_until < now()
  and now() > pg_postmaster_start_time() + interval '1 ms' * $1::int8
  and exists (select from orchestrator.nodes where session = $2::uuid
    and not dead and lease_until > now() + interval '1 ms' * ($1::int8 / 2))
  returning session, node, floor(extract(epoch from now() - seen) * 1000)::int8 as seen_ago,
    ${ownedSql('async')} as async_tasks, ${ownedSql('sync')} as sync_tasks`

// A statement of the session may still be under way that gives it a task: so its row stays for
// far longer than any statement takes, and what it owns is looked for as long.
const FORGET_SQL = `delete from orchestrator.nodes n
  where dead and seen < now() - interval '1 hour'
  and not exists (select from orchestrator.live l where l.owner = n.session)`

const freeSql = (owner: string) => `with c as materialized (
    select id from orchestrator.live where owner = any(${owner})
    limit $1 for update skip locked)
  ${FREE_C} returning 1`

// What was under way has the time at which it was due: it is taken before what came later.
const RESCUE_SQL = freeSql('array(select session from orchestrator.nodes where dead)')
const LEAVE_SQL = freeSql('array[$2::uuid]')

/** As `SharedDatabase.leave`. */
export async function leave(pool: Pool, session: string): Promise<void> {
  await pool.query(END_SQL, [session])
  while ((await pool.query(LEAVE_SQL, [STEP, session])).length === STEP);
}

/** As `SharedDatabase.declareDead`. */
export async function declareDead(
  pool: Pool,
  session: string,
  leaseMs: number,
): Promise<DeadNode[]> {
  const rows = await pool.query(BURY_SQL, [leaseMs, session])
  return rows.map((row) => ({
    session: row.session as string,
    name: row.node as string,
    seenAgoMs: numberOf(row.seen_ago),
    asyncTasks: numberOf(row.async_tasks),
    syncTasks: numberOf(row.sync_tasks),
  }))
}

/** As `SharedDatabase.rescue`. */
export async function rescue(pool: Pool, limit: number): Promise<number> {
  const { length } = await pool.query(RESCUE_SQL, [limit])
  if (length < limit) await pool.query(FORGET_SQL)
  return length
}
