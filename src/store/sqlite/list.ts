/** Lists of tasks, newest first, each with the number of all matches where that is asked for. */
import { statusesOf, type TaskSummary } from '../../task.ts'
import type { TaskFilter, TaskQuery } from '../store.ts'
import type { Connection } from './connection.ts'
import { readCursor } from './cursor.ts'
import { dropletKeys } from './droplet-keys.ts'
import { countedOf, hasCounts, pageOf, partsOf, type Span } from './list-parts.ts'
import { summaryOf } from '../task-row.ts'

export interface ListedTask {
  readonly seq: number
  readonly task: TaskSummary
}

/** As much of a list as one step finds. */
export interface ListStep {
  /** At most `limit`. */
  readonly tasks: ListedTask[]
  /** All matches that this step saw; 0 where they are not to be counted. */
  readonly total: number
  /** Where the next step starts; null: that was the last. */
  readonly next: number | null
}

/**
 * How many places in the order of acceptance one step looks at, where matches must be counted one
 * by one: a few ms, for which commits wait.
 */
const STEP = 20_000

/** Finished tasks from their counts; the few others are counted. */
const TOTAL_SQL = `select
  (select coalesce(sum(tasks), 0) from task_counts
   where (?1 is null or droplet_key in (select value from json_each(?1)))
   and (?2 is null or status in (select value from json_each(?2)))) +
  (select count(*) from tasks where completed_at is null
   and (?1 is null or droplet_key in (select value from json_each(?1)))
   and (?2 is null or status in (select value from json_each(?2)))) as total`

const LAST_SQL = 'select coalesce(max(seq), 0) as seq from tasks where seq < ?'

/** null: the cursor is none of ours. */
export function listStep(
  connection: Connection,
  query: TaskQuery,
  from: number | null,
): ListStep | null {
  const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor)
  if (before === null) return null
  const keys = dropletKeys(connection, query)
  const filter = { ...query, ...(keys && { droplets: keys }) }
  if (!hasCounts(filter)) return stepOver(connection, filter, before, from)
  const tasks = listed(connection, filter, { from: 0, before })
  const total = query.counted === false ? 0 : storedTotal(connection, filter)
  return { tasks, total, next: null }
}

function listed(connection: Connection, query: TaskQuery, span: Span): ListedTask[] {
  if (query.limit === 0 || span.from >= span.before) return []
  return pageOf(connection, partsOf(query), span, query.limit).map((row) => ({
    seq: row.seq as number,
    task: summaryOf(row),
  }))
}

function storedTotal(connection: Connection, { status, droplets }: TaskFilter): number {
  const keys = droplets === undefined ? null : JSON.stringify(droplets)
  const statuses = status === undefined ? null : JSON.stringify(statusesOf(status))
  return connection.one(TOTAL_SQL, keys, statuses).total as number
}

/**
 * Lists those matches in one stretch of the history that the page still needs. Where all are to be
 * counted the first stretch is the newest, else the first before the cursor.
 */
function stepOver(
  connection: Connection,
  query: TaskQuery,
  before: number,
  start: number | null,
): ListStep {
  const last = (seq: number) => connection.one(LAST_SQL, seq).seq as number
  const isCounted = query.counted !== false
  const end = start ?? last(isCounted ? Number.MAX_SAFE_INTEGER : before) + 1
  const from = Math.max(0, end - STEP)
  const total = isCounted ? countedOf(connection, partsOf(query), { from, before: end }) : 0
  const page = { from, before: Math.min(end, before) }
  const tasks = isCounted && total === 0 ? [] : listed(connection, query, page)
  // What was forgotten has left gaps.
  const next = last(from)
  return { tasks, total, next: next === 0 ? null : next + 1 }
}
