/** Whole days of the history that nobody needs any more. */
import { PostgresError, type PostgresQuery } from '../../platform/postgres.ts'
import { firstIdOf, nameOf, startOf } from './days.ts'
import { SCHEMA_LOCK } from './migrate.ts'
import type { Partitions } from './partitions.ts'
import type { Pool } from './pool.ts'

export interface DayOfCounts {
  readonly day: number
  readonly tasks: number
}

export interface DayLimits {
  readonly maxFinished: number
  readonly today: number
  /** What ended before that is too old, ms; 0: nothing is. */
  readonly cutoff: number
}

/**
 * For how long others may have to wait while we wait for theirs. Who reads for longer, as a
 * backup does, puts the day off; `detach concurrently` would wait for him, and can be half done.
 */
const MAX_WAIT_SQL = `set local lock_timeout = '50ms'`
const NOT_NOW = /^55P03$/

/** Files of many GB are unlinked. */
const MAX_DROP_MS = 60_000
const KEYS_STEP = 5000

const LOCK_SQL = `select pg_try_advisory_xact_lock(${SCHEMA_LOCK}) as ours`

const LIVE_SQL = `select 1 from orchestrator.live where id >= $1::uuid and id < $2::uuid limit 1`

const YOUNGER_SQL = `select 1 from orchestrator.history
  where id >= $1::uuid and id < $2::uuid and completed_at >= $3::int8 limit 1`

const KEYS_SQL = `delete from orchestrator.keys where key in
  (select key from orchestrator.keys where id >= $1::uuid and id < $2::uuid limit ${KEYS_STEP})`

const COUNTS_SQL = 'delete from orchestrator.counts where day = $1::int4'

interface Ports {
  readonly pool: Pool
  readonly partitions: Partitions
}

/** Drops the oldest day that may go; true when there was one. `counts`: the newest first. */
export async function dropDay(
  ports: Ports,
  counts: readonly DayOfCounts[],
  limits: DayLimits,
): Promise<boolean> {
  for (const day of await ports.partitions.days()) {
    // Clocks differ: some node may be in yesterday.
    if (day >= limits.today - 1) return false
    if ((await mayGo(ports.pool, day, counts, limits)) && (await drop(ports, day))) return true
  }
  return false
}

async function mayGo(
  pool: Pool,
  day: number,
  counts: readonly DayOfCounts[],
  { maxFinished, cutoff }: DayLimits,
): Promise<boolean> {
  const range = [firstIdOf(day), firstIdOf(day + 1)]
  const newer = counts.filter((one) => one.day > day)
  const isEmpty = counts.every((one) => one.day !== day || one.tasks === 0)
  const isTooMuch = newer.reduce((sum, { tasks }) => sum + tasks, 0) >= maxFinished
  const isTooOld = async () =>
    startOf(day + 1) <= cutoff && (await pool.query(YOUNGER_SQL, [...range, cutoff])).length === 0
  if (!isEmpty && !isTooMuch && !(await isTooOld())) return false
  return (await pool.query(LIVE_SQL, range)).length === 0
}

async function drop({ pool, partitions }: Ports, day: number): Promise<boolean> {
  const range = [firstIdOf(day), firstIdOf(day + 1)]
  while ((await pool.query(`${KEYS_SQL} returning 1`, range)).length === KEYS_STEP);
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
  await query(MAX_WAIT_SQL)
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
