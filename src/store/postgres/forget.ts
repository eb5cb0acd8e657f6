/** Deletes single finished tasks, with all that belongs to them. */
import type { PostgresQuery } from '../../platform/postgres.ts'
import { countSql } from './count-sql.ts'
import type { Pool } from './pool.ts'
import { numberOf } from './rows.ts'

/** How many tasks one statement forgets at most: some 30 ms. */
export const FORGET_STEP = 500

export interface Excess {
  /** How many finished tasks there may be. */
  readonly maxFinished: number
  /** Those that ended before that are too old, ms; 0: none is. */
  readonly cutoff: number
  /**
   * Only those that ended then or later, ms: what was deleted last lies before it until vacuum
   * comes, and would be looked through again and again.
   */
  readonly from: number
  /** Whose counts. */
  readonly writer: string
}

export interface Forgotten {
  readonly tasks: number
  /** When the last of them had ended, ms; null: there was none. */
  readonly last: number | null
  /** How many finished ones are left; null: another node forgets some just now. */
  readonly left: number | null
}

/** "orci", for `pg_advisory_xact_lock`. */
const FORGET_LOCK = 0x6f726369

// Two at the same time would wait for each other's rows, in vain. And no compiling, which takes a
// second: behind a pooler, the connection has it.
const LOCK_SQL = `select pg_try_advisory_xact_lock(${FORGET_LOCK}) as ours,
  set_config('jit', 'off', true)`

/**
 * The oldest first; with one that runs again meanwhile, nothing of it goes. The number in the text
 * is for the plan (as in claim-sql.ts).
 */
const FORGET_SQL = `with t as materialized (
    select coalesce(sum(tasks), 0)::int8 as finished from orchestrator.counts),
  o as materialized (select id, completed_at from orchestrator.history
    where completed_at >= $3::int8 order by completed_at, id limit ${FORGET_STEP}),
  f as materialized (select id, completed_at from (
      select id, completed_at, row_number() over (order by completed_at, id) as place from o) p
    where p.completed_at < $2::int8 or p.place <= (select finished from t) - $1::int8),
  h as (delete from orchestrator.history h using f where h.id = f.id
    returning h.id, h.droplet_key, h.status),
  p as (delete from orchestrator.payload p using h where p.id = h.id),
  k as (delete from orchestrator.keys k using h where k.id = any(array[h.id])),
  c as (${countSql('h', -1, '$4')})
  select (select count(*) from h)::int4 as tasks, max(completed_at) as last,
    (select finished from t) - (select count(*) from h) as left from f`

/** At most `FORGET_STEP` of what is too much or too old. */
export function forget(pool: Pool, excess: Excess): Promise<Forgotten> {
  return pool.transaction(async (query) => {
    const [lock] = await query(LOCK_SQL)
    return lock!.ours ? forgetIn(query, excess) : { tasks: 0, last: null, left: null }
  })
}

/** Once the lock is ours, so that what is counted is what others have left. */
async function forgetIn(
  query: PostgresQuery,
  { maxFinished, cutoff, from, writer }: Excess,
): Promise<Forgotten> {
  const [row] = await query(FORGET_SQL, [maxFinished, cutoff, from, writer])
  const { tasks, last, left } = row!
  return {
    tasks: numberOf(tasks),
    last: last === null ? null : numberOf(last),
    left: numberOf(left),
  }
}
