/**
 * The queries of a list. Each is made of parts, one for each state and droplet: the indexes are in
 * the list's order only within those. So no part is sorted, and each reads a page at most.
 */
import { isFinished, STATUSES, statusesOf, type TaskStatus } from '../../task.ts'
import type { TaskFilter } from '../store.ts'
import type { Connection } from './connection.ts'
import { SUMMARY_COLUMNS, type Row, type SqlValue } from './rows.ts'

interface Conditions {
  conditions: string[]
  values: SqlValue[]
}

interface Part extends Conditions {
  /** The table, and which index to use. */
  source: string
}

/** Places in the order of acceptance: `from` included, `before` not. */
export interface Span {
  from: number
  before: number
}

/** SQLite takes at most 500 parts in one query. */
const MAX_PARTS = 480

/** Whether the database has counted what the filter asks for. */
export function hasCounts(filter: TaskFilter): boolean {
  return conditionsBeyondCounts(filter).conditions.length === 0
}

export function partsOf(filter: TaskFilter): Part[] {
  const { status, droplets } = filter
  const more = conditionsBeyondCounts(filter)
  if (filter.replayOf !== undefined) return [replayPart(filter, more)]
  if (!status && !droplets && more.conditions.length === 0) return [{ source: 'tasks', ...more }]
  // The index by droplet has no request ids.
  const split = filter.requestId === undefined ? (droplets ?? [null]) : [null]
  const rest = filter.requestId === undefined ? more : join(more, inDroplets(droplets))
  const statuses = status === undefined ? STATUSES : statusesOf(status)
  return statuses.flatMap((each) => split.map((droplet) => statusPart(each, droplet, rest)))
}

function statusPart(status: TaskStatus, droplet: string | null, more: Conditions): Part {
  const { source, finished } = indexFor(status, droplet !== null)
  const ofDroplet = droplet === null ? [] : ['droplet_key = ?']
  return {
    source,
    conditions: [finished, 'status = ?', ...ofDroplet, ...more.conditions],
    values: [status, ...(droplet === null ? [] : [droplet]), ...more.values],
  }
}

function replayPart({ status, droplets }: TaskFilter, more: Conditions): Part {
  const statuses = status && JSON.stringify(statusesOf(status))
  const inStatus = conditionsOf([['status in (select value from json_each(?))', statuses]])
  const all = join(more, join(inStatus, inDroplets(droplets)))
  return { source: 'tasks indexed by tasks_replay', ...all }
}

function indexFor(status: TaskStatus, ofDroplet: boolean): { source: string; finished: string } {
  if (!isFinished({ status })) {
    return { source: 'tasks indexed by tasks_unfinished', finished: 'completed_at is null' }
  }
  const index = ofDroplet ? 'tasks_droplet_status' : 'tasks_status'
  return { source: `tasks indexed by ${index}`, finished: 'completed_at is not null' }
}

function inDroplets(droplets: TaskFilter['droplets']): Conditions {
  const keys = droplets && JSON.stringify(droplets)
  return conditionsOf([['droplet_key in (select value from json_each(?))', keys]])
}

function join(some: Conditions, others: Conditions): Conditions {
  return {
    conditions: [...some.conditions, ...others.conditions],
    values: [...some.values, ...others.values],
  }
}

function conditionsBeyondCounts(filter: TaskFilter): Conditions {
  const { mode, responseStatus, requestId, replayOf } = filter
  return conditionsOf([
    ['replay_of = ?', replayOf],
    ['request_id = ?', requestId],
    ['mode = ?', mode],
    ['response_status between ? and ?', responseStatus?.from, responseStatus?.to],
    ['created_at >= ?', filter.createdFrom],
    ['created_at < ?', filter.createdBefore],
  ])
}

/** Those for which a value is given. */
function conditionsOf(all: [sql: string, ...(SqlValue | undefined)[]][]): Conditions {
  const given = all.filter(([, value]) => value !== undefined)
  return {
    conditions: given.map(([sql]) => sql),
    values: given.flatMap(([, ...values]) => values as SqlValue[]),
  }
}

/** The newest matches within the span. */
export function pageOf(connection: Connection, parts: Part[], span: Span, limit: number): Row[] {
  const rows = inChunks(parts).flatMap((chunk) => {
    const sql = chunk.map((part) => `select * from (${pageSql(part)})`).join(' union all ')
    const values = chunk.flatMap((part) => [...part.values, span.from, span.before, limit])
    return connection.all(`${sql} order by seq desc limit ?`, ...values, limit)
  })
  return parts.length <= MAX_PARTS ? rows : rows.sort(newestFirst).slice(0, limit)
}

/** How many match within the span. */
export function countedOf(connection: Connection, parts: Part[], span: Span): number {
  const counts = inChunks(parts).map((chunk) => {
    const sql = chunk.map((part) => countSql(part)).join(' union all ')
    const values = chunk.flatMap((part) => [...part.values, span.from, span.before])
    return connection.one(`select sum(matches) as total from (${sql})`, ...values).total as number
  })
  return counts.reduce((sum, count) => sum + count, 0)
}

function inChunks(parts: Part[]): Part[][] {
  const starts = Array.from({ length: Math.ceil(parts.length / MAX_PARTS) }, (_, n) => n)
  return starts.map((n) => parts.slice(n * MAX_PARTS, (n + 1) * MAX_PARTS))
}

const newestFirst = (a: Row, b: Row) => (b.seq as number) - (a.seq as number)

function pageSql(part: Part): string {
  return `${selectSql(SUMMARY_COLUMNS, part)} order by seq desc limit ?`
}

function countSql(part: Part): string {
  return selectSql('count(*) as matches', part)
}

function selectSql(columns: string, { source, conditions }: Part): string {
  const all = [...conditions, 'seq >= ?', 'seq < ?']
  return `select ${columns} from ${source} where ${all.join(' and ')}`
}
