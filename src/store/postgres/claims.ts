/** How tasks that nobody owns get an owner, and lose it again. */
import type { PostgresRow } from '../../platform/postgres.ts'
import type { FencedClaim, Hold } from '../shared/database.ts'
import type { Pool } from './pool.ts'
import { CLAIMED_COLUMNS, claimedOf, numberOf } from './rows.ts'

const DUE = `owner is null and claim_at <= now() + interval '1 s'`

/** What a dead session took would be nobody's at once, and be worked on all the same. */
const ALIVE = `exists (select from orchestrator.nodes where session = $1::uuid and not dead)`

const TAKE_FROM_C = `update orchestrator.live l set owner = $1::uuid, fence = l.fence + 1
  from c where l.id = c.id and ${ALIVE}
  returning ${CLAIMED_COLUMNS.map((name) => `l.${name}`).join(', ')}, l.fence,
    case when l.due_at is null then 0
      else greatest(0, ceil(extract(epoch from l.claim_at - now()) * 1000)) end::int8 as wait_ms,
    greatest(0, floor(extract(epoch from now() - l.accepted_at) * 1000))::int8 as age_ms`

/**
 * The number is in the text, as the next power of two: with a parameter alone, the plan is one
 * for a tenth of all tasks, and takes 200 ms of a million. The outer limit stops the inner one, so
 * that no row is locked in vain.
 */
const claimSql = (most: number) => `with c as materialized (
    select id from (select id from orchestrator.live where ${DUE}
      order by claim_at, id limit ${most} for update skip locked) some limit $2::int4)
  ${TAKE_FROM_C}`

/**
 * The droplets that have tasks are found one by one, each by one look into the index: so however
 * many tasks the others have, they are not looked at. Locked are no more than are taken, of twice
 * as many: another node may have some of them.
 */
const claimExceptSql = (most: number) => `with recursive d (droplet_key) as (
    (select droplet_key from orchestrator.live where owner is null order by droplet_key limit 1)
    union all
    select (select l.droplet_key from orchestrator.live l
      where l.owner is null and l.droplet_key > d.droplet_key order by l.droplet_key limit 1)
    from d where d.droplet_key is not null),
  f as materialized (select f.id, f.claim_at from d
    cross join lateral (select id, claim_at from orchestrator.live l
      where l.droplet_key = d.droplet_key and ${DUE} order by claim_at, id limit ${2 * most}) f
    where d.droplet_key <> all($3::text[]) order by f.claim_at, f.id limit ${2 * most}),
  c as materialized (select id from (select l.id from f join orchestrator.live l using (id)
      where l.owner is null order by f.claim_at, f.id for update of l skip locked) some
    limit $2::int4)
  ${TAKE_FROM_C}`

const TAKE_SQL = `with c as materialized (select id from orchestrator.live
    where id = $2::uuid and owner is null for update)
  ${TAKE_FROM_C}`

const RELEASE_SQL = `with c as materialized (select l.id from orchestrator.live l
    join unnest($1::uuid[], $2::uuid[], $3::int8[]) as w (id, session, fence)
      on l.id = w.id and l.owner = w.session and l.fence = w.fence
    order by l.id for update of l)
  update orchestrator.live l set owner = null, cancel = false from c where l.id = c.id`

const CANCEL_SQL = `update orchestrator.live set cancel = true
  where id = $1::uuid and owner is not null returning 1`

const CANCELLED_SQL =
  'select id from orchestrator.live where cancel and owner = $1::uuid order by id'

const ENDED_SQL = `select id from unnest($1::uuid[]) as w (id)
  where not exists (select from orchestrator.live l where l.id = w.id)`

const UNOWNED_SQL = `select count(*)::int4 as tasks from
  (select from orchestrator.live where owner is null limit $1) some`

const LEAST = 16

/** As `SharedDatabase.claim`. */
export async function claim(
  pool: Pool,
  session: string,
  capacity: number,
  except: readonly string[],
): Promise<FencedClaim[]> {
  const most = 2 ** Math.ceil(Math.log2(Math.max(LEAST, capacity)))
  const rows =
    except.length === 0
      ? await pool.query(claimSql(most), [session, capacity])
      : await pool.query(claimExceptSql(most), [session, capacity, except])
  return rows.map(fencedOf).sort((a, b) => (a.task.id < b.task.id ? -1 : 1))
}

function fencedOf(row: PostgresRow): FencedClaim {
  return {
    task: claimedOf(row),
    waitMs: numberOf(row.wait_ms),
    ageMs: numberOf(row.age_ms),
    fence: numberOf(row.fence),
  }
}

/** As `SharedDatabase.take`. `id`: one of `isTaskId`. */
export async function take(pool: Pool, session: string, id: string): Promise<FencedClaim | null> {
  const [row] = await pool.query(TAKE_SQL, [session, id])
  return row ? fencedOf(row) : null
}

/** As `SharedDatabase.release`. */
export async function release(
  pool: Pool,
  holds: readonly (Hold & { readonly id: string })[],
): Promise<void> {
  const ids = holds.map(({ id }) => id)
  const sessions = holds.map(({ session }) => session)
  await pool.query(RELEASE_SQL, [ids, sessions, holds.map(({ fence }) => fence)])
}

/** As `SharedDatabase.askToCancel`. `id`: one of `isTaskId`. */
export async function askToCancel(pool: Pool, id: string): Promise<boolean> {
  return (await pool.query(CANCEL_SQL, [id])).length > 0
}

/** As `SharedDatabase.cancelled`. */
export async function cancelled(pool: Pool, session: string): Promise<string[]> {
  return (await pool.query(CANCELLED_SQL, [session])).map(({ id }) => id as string)
}

/** Those of `ids`, each one of `isTaskId`, that are not unfinished. */
export async function ended(pool: Pool, ids: readonly string[]): Promise<string[]> {
  return (await pool.query(ENDED_SQL, [ids])).map(({ id }) => id as string)
}

/** As `SharedDatabase.unowned`. */
export async function unowned(pool: Pool, max: number): Promise<number> {
  const [row] = await pool.query(UNOWNED_SQL, [max])
  return row!.tasks as number
}
