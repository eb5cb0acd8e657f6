/** Drops whole days of the history. */
import { PostgresError, type PostgresQuery } from '../../platform/postgres.ts'
import { firstIdOf, nameOf } from './days.ts'
import type { CandidateDay } from './days-to-drop.ts'
import { SCHEMA_LOCK } from './migrate.ts'
import type { Partitions } from './partitions.ts'
import type { Pool } from './pool.ts'
import { inSpan, type Span } from './spans.ts'

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

const SCHEMA_LOCK_SQL = `select pg_try_advisory_xact_lock(${SCHEMA_LOCK}) as ours`

const TABLES_LOCK_SQL = `lock table only orchestrator.payload, only orchestrator.history
  in access exclusive mode`

// The ids are in the texts, so that no other day is looked at (see spans.ts).
const liveSql = (day: Span) => `select 1 from orchestrator.live where ${inSpan(day)} limit 1`

const youngerSql = (day: Span) => `select 1 from orchestrator.history
  where ${inSpan(day)} and completed_at >= $1::int8 limit 1`

// Once their tasks are gone, which must take no time: until then whoever sends one again has it
// forgotten (see find.ts). Where a process ended in between, they go with the next day.
const keysSql = (days: Span) => `delete from orchestrator.keys where key in
  (select key from orchestrator.keys k where ${inSpan(days)} and not exists (
    select from orchestrator.payload p where p.id = k.id and ${inSpan(days)}) limit ${KEYS_STEP})
  returning 1`

const COUNTS_SQL = 'delete from orchestrator.counts where day = $1::int4'

interface Ports {
  readonly pool: Pool
  readonly partitions: Partitions
}

/** Drops the first of them that may go; true when there was one. */
export async function dropOneOf(
  candidates: readonly CandidateDay[],
  ports: Ports,
): Promise<boolean> {
  const { pool } = ports
  for (const candidate of candidates) {
    const isFree = await mayGo((text, values) => pool.query(text, values), candidate)
    if (isFree && (await drop(ports, candidate))) return true
  }
  return false
}

async function mayGo(query: PostgresQuery, { day, endedBefore }: CandidateDay): Promise<boolean> {
  const span = { from: firstIdOf(day), to: firstIdOf(day + 1) }
  if ((await query(liveSql(span))).length > 0) return false
  return (await query(youngerSql(span), [endedBefore])).length === 0
}

async function drop({ pool, partitions }: Ports, candidate: CandidateDay): Promise<boolean> {
  try {
    const isDropped = await pool.transaction((query) => dropIn(query, candidate), MAX_DROP_MS)
    if (!isDropped) return false
  } catch (error) {
    if (error instanceof PostgresError && NOT_NOW.test(error.state ?? '')) return false
    throw error
  }
  partitions.forget()
  await forgetKeys(pool, await partitions.days(), candidate.day)
  return true
}

/** One transaction: a task that comes meanwhile waits, and finds no partition then. */
async function dropIn(query: PostgresQuery, candidate: CandidateDay): Promise<boolean> {
  await query(LIMITS_SQL)
  const [lock] = await query(SCHEMA_LOCK_SQL)
  if (!lock!.ours) return false
  await query(TABLES_LOCK_SQL)
  // One may have come, or ended, before the locks.
  if (!(await mayGo(query, candidate))) return false
  const name = nameOf(candidate.day)
  for (const parent of ['payload', 'history']) {
    await query(
      `alter table orchestrator.${parent} detach partition orchestrator.${parent}_${name}`,
    )
    await query(`drop table orchestrator.${parent}_${name}`)
  }
  await query(COUNTS_SQL, [candidate.day])
  return true
}

/** Those of a day that is gone, and of all that are gone between it and the one before that is not. */
async function forgetKeys(pool: Pool, days: readonly number[], day: number): Promise<void> {
  const before = days.findLast((each) => each < day)
  const from = before === undefined ? null : firstIdOf(before + 1)
  const sql = keysSql({ from, to: firstIdOf(day + 1) })
  while ((await pool.query(sql)).length === KEYS_STEP);
}
