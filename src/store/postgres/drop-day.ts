/** Drops whole days of the history. */
import { PostgresError, type PostgresQuery } from '../../platform/postgres.ts'
import { firstIdOf, nameOf } from './days.ts'
import type { CandidateDay } from './days-to-drop.ts'
import { SCHEMA_LOCK } from './migrate.ts'
import type { Partitions } from './partitions.ts'
import type { Pool } from './pool.ts'

/**
 * For how long others may have to wait while we wait for theirs. Who reads for longer, as a
 * backup does, puts the day off; `detach concurrently` would wait for him, and can be half done.
 * Then all others wait for us, and not for long where this process is paused in between: behind
 * a pooler, the connection has no such limit.
 */
const LIMITS_SQL = `select set_config('lock_timeout', '50ms', true),
  set_config('idle_in_transaction_session_timeout', '5s', true)`
const NOT_NOW = /^55P03$/

/** Files of many GB are unlinked. */
const MAX_DROP_MS = 60_000
const KEYS_STEP = 5000

const LOCK_SQL = `select pg_try_advisory_xact_lock(${SCHEMA_LOCK}) as ours`

const LIVE_SQL = `select 1 from orchestrator.live where id >= $1::uuid and id < $2::uuid limit 1`

const YOUNGER_SQL = `select 1 from orchestrator.history
  where id >= $1::uuid and id < $2::uuid and completed_at >= $3::int8 limit 1`

// Before the days go, which must take no time; not those of tasks that have come meanwhile.
const KEYS_SQL = `delete from orchestrator.keys where key in
  (select key from orchestrator.keys k where id >= $1::uuid and id < $2::uuid
    and not exists (select from orchestrator.live l where l.id = k.id) limit ${KEYS_STEP})
  returning 1`

const COUNTS_SQL = 'delete from orchestrator.counts where day = $1::int4'

interface Ports {
  readonly pool: Pool
  readonly partitions: Partitions
}

/** Drops the first of them that may go; true when there was one. `cutoff`: as in `DayLimits`. */
export async function dropOneOf(
  candidates: readonly CandidateDay[],
  ports: Ports,
  cutoff: number,
): Promise<boolean> {
  for (const candidate of candidates) {
    const isFree = await mayGo(ports.pool, candidate, cutoff)
    if (isFree && (await drop(ports, candidate.day))) return true
  }
  return false
}

async function mayGo(pool: Pool, { day, isOnlyOld }: CandidateDay, cutoff: number) {
  const range = [firstIdOf(day), firstIdOf(day + 1)]
  if ((await pool.query(LIVE_SQL, range)).length > 0) return false
  return !isOnlyOld || (await pool.query(YOUNGER_SQL, [...range, cutoff])).length === 0
}

async function drop({ pool, partitions }: Ports, day: number): Promise<boolean> {
  const range = [firstIdOf(day), firstIdOf(day + 1)]
  while ((await pool.query(KEYS_SQL, range)).length === KEYS_STEP);
  try {
    const isDropped = await pool.transaction((query) => dropIn(query, day, range), MAX_DROP_MS)
    if (isDropped) partitions.forget()
    return isDropped
  } catch (error) {
    const isLocked = error instanceof PostgresError && NOT_NOW.test(error.state ?? '')
    if (isLocked || error instanceof DayInUse) return false
    throw error
  }
}

/** One transaction: a task that comes meanwhile waits, and finds no partition then. */
async function dropIn(query: PostgresQuery, day: number, range: string[]): Promise<boolean> {
  await query(LIMITS_SQL)
  const [lock] = await query(LOCK_SQL)
  if (!lock!.ours) return false
  for (const parent of ['payload', 'history']) {
    await query(
      `alter table orchestrator.${parent} detach partition orchestrator.${parent}_${nameOf(day)}`,
    )
  }
  // One may have come before the locks.
  if ((await query(LIVE_SQL, range)).length > 0) throw new DayInUse()
  for (const parent of ['payload', 'history']) {
    await query(`drop table orchestrator.${parent}_${nameOf(day)}`)
  }
  await query(COUNTS_SQL, [day])
  return true
}

/** A task of the day has come: nothing is done. */
class DayInUse extends Error {}
