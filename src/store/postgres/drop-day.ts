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

/** A day that may go, if no task of it is unfinished. */
export interface CandidateDay {
  readonly day: number
  /** Only for its age: then none of its tasks may have ended lately. */
  readonly isOnlyOld: boolean
}

/** The oldest first. */
export function daysToDrop(
  days: readonly number[],
  counts: readonly DayOfCounts[],
  { maxFinished, today, cutoff }: DayLimits,
): CandidateDay[] {
  const tasksFrom = (day: number) =>
    counts.reduce((sum, one) => (one.day < day ? sum : sum + one.tasks), 0)
  const candidates = days.map((day) => {
    const newer = tasksFrom(day + 1)
    const isNeedless = newer >= maxFinished || tasksFrom(day) - newer <= 0
    return { day, isOnlyOld: !isNeedless, mayGo: isNeedless || startOf(day + 1) <= cutoff }
  })
  // Clocks differ: some node may be in yesterday.
  return candidates.filter(({ day, mayGo }) => mayGo && day < today - 1)
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
