/** Pages of tasks, newest first, each with the number of all matches. */
import { isFinished, STATUSES, type TaskStatus } from '../../task.ts'
import type { TaskPage, TaskQuery } from '../store.ts'
import type { Connection } from './connection.ts'
import { readCursor, writeCursor } from './cursor.ts'
import { SUMMARY_COLUMNS, summaryOf, type Row, type SqlValue } from './rows.ts'

type Filter = Pick<TaskQuery, 'status' | 'droplets'>

/**
 * Finished tasks from their counts; the few others are counted. ?1: the names of droplets as a
 * JSON list, or null for all; ?2: a state, or null for all.
 */
const TOTAL_SQL = `select
  (select coalesce(sum(tasks), 0) from task_counts
   where (?1 is null or droplet_name in (select value from json_each(?1)))
   and (?2 is null or status = ?2)) +
  (select count(*) from tasks where completed_at is null
   and (?1 is null or droplet_name in (select value from json_each(?1)))
   and (?2 is null or status = ?2)) as total`

/** SQLite takes at most 500 parts in one query. */
const MAX_PARTS = 480

/** null: the cursor is none of ours. */
export function listTasks(connection: Connection, query: TaskQuery): TaskPage | null {
  const before = query.cursor === undefined ? Number.MAX_SAFE_INTEGER : readCursor(query.cursor)
  if (before === null) return null
  const filter = { ...query, ...(query.droplets && { droplets: distinct(query.droplets) }) }
  const rows = page(connection, filter, before, query.limit + 1)
  const more = rows.length > query.limit
  const tasks = more ? rows.slice(0, -1) : rows
  return {
    tasks: tasks.map(summaryOf),
    total: total(connection, filter),
    nextCursor: more ? writeCursor(tasks.at(-1)!.seq as number) : null,
  }
}

/** A name in two spellings that are the same to SQLite would bring its tasks twice. */
function distinct(droplets: readonly string[]): string[] {
  const inAscii = (name: string) => name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase())
  return [...new Map(droplets.map((name) => [inAscii(name), name])).values()]
}

function total(connection: Connection, { status, droplets }: Filter): number {
  const names = droplets === undefined ? null : JSON.stringify(droplets)
  return connection.one(TOTAL_SQL, names, status ?? null).total as number
}

function page(connection: Connection, filter: Filter, before: number, limit: number): Row[] {
  if (filter.status === undefined && filter.droplets === undefined) {
    return connection.all(pageSql('true'), before, limit)
  }
  const parts = partsOf(filter)
  const rows: Row[] = []
  for (let start = 0; start < parts.length; start += MAX_PARTS) {
    rows.push(...pageOf(connection, parts.slice(start, start + MAX_PARTS), before, limit))
  }
  const isOneQuery = parts.length <= MAX_PARTS
  return isOneQuery ? rows : rows.sort(newestFirst).slice(0, limit)
}

const newestFirst = (a: Row, b: Row) => (b.seq as number) - (a.seq as number)

interface Part {
  sql: string
  values: SqlValue[]
}

function pageOf(connection: Connection, parts: Part[], before: number, limit: number): Row[] {
  return connection.all(
    `${parts.map(({ sql }) => `select * from (${sql})`).join(' union all ')}
     order by seq desc limit ?`,
    ...parts.flatMap(({ values }) => [...values, before, limit]),
    limit,
  )
}

/**
 * One part for each state and droplet: the indexes are in the list's order only within those. So
 * each part reads a page at most.
 */
function partsOf({ status, droplets }: Filter): Part[] {
  const statuses = status === undefined ? STATUSES : [status]
  return statuses.flatMap((each) =>
    (droplets ?? [null]).map((droplet) => ({
      sql: pageSql(
        indexCondition(each),
        'status = ?',
        ...(droplet === null ? [] : ['droplet_name = ?']),
      ),
      values: droplet === null ? [each] : [each, droplet],
    })),
  )
}

/** Tells SQLite which of the partial indexes will do. */
function indexCondition(status: TaskStatus): string {
  return isFinished({ status }) ? 'completed_at is not null' : 'completed_at is null'
}

function pageSql(...conditions: string[]): string {
  return `select ${SUMMARY_COLUMNS} from tasks where ${conditions.join(' and ')} and seq < ?
    order by seq desc limit ?`
}
