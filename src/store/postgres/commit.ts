/** Writes groups of changes: all of a group or nothing, but for what is refused. */
import { PostgresError, type PostgresQuery, type PostgresValue } from '../../platform/postgres.ts'
import { isFinished } from '../../task.ts'
import type { RefusedWrite } from '../driver.ts'
import type { SharedWrite } from '../shared/database.ts'
import { COMMIT_SQL, RESUME_SQL, valuesOf } from './commit-sql.ts'
import { fold, type Change } from './fold.ts'
import type { Pool } from './pool.ts'

/** Nodes that wait for each other: one of them is told so, and may try again. */
const CONFLICT = /^40/
/** What is wrong with one row: a value that cannot be, one that another row has, or that is too long. */
const OF_A_ROW = /^(2[23]|54000$)/
/** Where it says that there is none for a row: by a code that has other meanings, too. */
const FINDS_PARTITIONS = 'ExecFindPartition'
const MAX_TRIES = 5

const ENDED_SQL = `select w.id from unnest($1::uuid[], $2::text[], $3::int8[])
    as w (id, status, completed_at)
  cross join lateral (select from orchestrator.history h where h.id = w.id
    and h.status = w.status and h.completed_at = w.completed_at limit 1) h`

/** Something to write when nothing else is, to see whether the disk takes it again. */
const TEST_SQL = 'update orchestrator.meta set tested = now()'

interface Group {
  readonly rounds: readonly (readonly Change[])[]
  readonly writer: string
}

/** Changes of a group that were refused, and why. */
type Refusals = Map<Change, RefusedWrite['reason']>

export interface CommitPorts {
  readonly pool: Pool
  /** Makes the partitions that the ids want; again after `forget`. */
  readonly partitions: { ensureFor(ids: readonly string[]): Promise<void>; forget(): void }
}

/** As `SharedDatabase.commit`. `writer`: whose counts; no two commits at once have the same. */
export async function commit(
  ports: CommitPorts,
  writes: readonly SharedWrite[],
  writer: string,
): Promise<RefusedWrite[]> {
  const { rounds, refused } = fold(writes)
  if (rounds.length === 0) {
    if (writes.length === 0) await ports.pool.query(TEST_SQL)
    return [...refused]
  }
  const ids = rounds[0]!.map(({ task }) => task.id)
  const refusals = await tryAgain(ports, ids, () => writeGroup(ports.pool, { rounds, writer }))
  return [...refused, ...refusedBy(refusals)].sort((a, b) => a.index - b.index)
}

async function tryAgain<T>(
  { partitions }: CommitPorts,
  ids: readonly string[],
  work: () => Promise<T>,
): Promise<T> {
  for (let tries = 1; ; tries++) {
    await partitions.ensureFor(ids)
    try {
      return await work()
    } catch (error) {
      if (!(error instanceof PostgresError) || tries === MAX_TRIES) throw error
      // Another node has dropped a day that this one had seen.
      if (error.routine === FINDS_PARTITIONS) partitions.forget()
      else if (!CONFLICT.test(error.state ?? '')) throw error
    }
  }
}

async function writeGroup(pool: Pool, group: Group): Promise<Refusals> {
  try {
    return await writeTogether(pool, group)
  } catch (error) {
    if (!isOfARow(error)) throw error
    return pool.transaction((query) => writeRounds(query, group, writeRejectable))
  }
}

const isOfARow = (error: unknown): error is PostgresError =>
  error instanceof PostgresError &&
  OF_A_ROW.test(error.state ?? '') &&
  error.routine !== FINDS_PARTITIONS

/** Mostly one statement, and then there is no need to tell the server where a transaction ends. */
function writeTogether(pool: Pool, group: Group): Promise<Refusals> {
  const [first = [], ...others] = group.rounds
  const resumes = first.some(({ kind }) => kind === 'resume')
  if (others.length === 0 && !(resumes && first.length > 1)) {
    return writeRound((text, values) => pool.query(text, values), first, group)
  }
  return pool.transaction((query) => writeRounds(query, group, writeRound))
}

async function writeRounds(
  query: PostgresQuery,
  group: Group,
  write: typeof writeRound,
): Promise<Refusals> {
  const refusals: Refusals = new Map()
  for (const round of group.rounds) {
    for (const [change, reason] of await write(query, round, group)) refusals.set(change, reason)
  }
  return refusals
}

/**
 * Still all or nothing, but for the rows that the database rejects. Those are looked for by halves:
 * one of 1,000 is found by some 20 tries.
 */
async function writeRejectable(
  query: PostgresQuery,
  changes: readonly Change[],
  group: Group,
): Promise<Refusals> {
  await query('savepoint part')
  try {
    const refusals = await writeRound(query, changes, group)
    await query('release savepoint part')
    return refusals
  } catch (error) {
    if (!isOfARow(error)) throw error
    await query('rollback to savepoint part')
    await query('release savepoint part')
    if (changes.length === 1) return new Map([[changes[0]!, { error: textOf(error) }]])
  }
  const middle = changes.length / 2
  const first = await writeRejectable(query, changes.slice(0, middle), group)
  const second = await writeRejectable(query, changes.slice(middle), group)
  return new Map([...first, ...second])
}

function textOf({ state, message }: PostgresError): string {
  return state === '23505' ? 'there is a task with its id' : message
}

/** No two of the changes are of one task. */
async function writeRound(
  query: PostgresQuery,
  changes: readonly Change[],
  { writer }: Group,
): Promise<Refusals> {
  const { resume = [], other = [] } = Object.groupBy(changes, ({ kind }) =>
    kind === 'resume' ? 'resume' : 'other',
  )
  const [written, late] = [new Set<unknown>(), new Set<unknown>()]
  const write = async (sql: string, some: Change[]) => {
    if (some.length === 0) return
    for (const { id, is_late: isLate } of await query(sql, valuesOf(some, writer))) {
      ;(isLate ? late : written).add(id)
    }
  }
  await write(COMMIT_SQL, other)
  await write(RESUME_SQL, resume)
  const missing = changes.filter(({ task }) => !written.has(task.id))
  const ended = await alreadyEnded(query, missing)
  const refused = missing.filter(({ task }) => !ended.has(task.id))
  const isKeyTaken = ({ kind, task }: Change) => kind === 'insert' && !late.has(task.id)
  return new Map(
    refused.map((change) => [change, isKeyTaken(change) ? 'key taken' : 'not owned'] as const),
  )
}

/** After a lost connection an end may be written a second time: then it is there already. */
async function alreadyEnded(
  query: PostgresQuery,
  missing: readonly Change[],
): Promise<ReadonlySet<unknown>> {
  const ends = missing.filter(({ kind, task }) => kind === 'update' && isFinished(task))
  if (ends.length === 0) return new Set()
  const values: PostgresValue[] = [
    ends.map(({ task }) => task.id),
    ends.map(({ task }) => task.status),
    ends.map(({ task }) => task.completedAt),
  ]
  return new Set((await query(ENDED_SQL, values)).map(({ id }) => id))
}

/** What was folded into a change that was refused is not there to be changed. */
function* refusedBy(refusals: Refusals): Generator<RefusedWrite> {
  for (const [{ first, others }, reason] of refusals) {
    yield { index: first, reason }
    const follows = reason === 'key taken' ? 'not owned' : reason
    for (const index of others) yield { index, reason: follows }
  }
}
