/**
 * The statements of a list, over what is unfinished and the history. An index is in the order of
 * the list only within one state, or one droplet and state: so each of those is read by itself, a
 * page at most, from its own place in the index, however rare it is: 1 to 5 ms of 3,000,000.
 *
 * `live` has no index for lists: it is small, and each would slow down every write. With a million
 * in it, a page of one droplet takes 200 ms, and its total 80 more; its newest tasks take 1 ms. What
 * has no count (`response_status`, `mode`, times) is counted one by one, 0.7 s for 4,000,000.
 */
import { nameKey } from '../../droplets/droplet.ts'
import type { PostgresValue } from '../../platform/postgres.ts'
import { isFinished, STATUSES, statusesOf } from '../../task.ts'
import type { TaskFilter } from '../store.ts'
import { canHold } from './faults.ts'
import { SUMMARY_COLUMNS } from './rows.ts'
import { within, type Span } from './spans.ts'

export interface Statement {
  readonly text: string
  readonly values: PostgresValue[]
}

/** The values of a statement, each by its place. */
class Values {
  readonly list: PostgresValue[] = []

  add(value: string | number | readonly string[], type: string): string {
    this.list.push(typeof value === 'object' ? value.map(heldOrNull) : heldOrNull(value))
    return `$${this.list.length}::${type}`
  }
}

/** Nothing equals null; and nothing a text that no row can hold. */
const heldOrNull = (value: string | number) =>
  typeof value === 'number' || canHold(value) ? value : null

const HISTORY_COLUMNS = SUMMARY_COLUMNS.join(', ')
const LIVE_COLUMNS = SUMMARY_COLUMNS.map((name) =>
  name === 'completed_at' || name === 'duration_ms' ? `null::int8 as ${name}` : name,
).join(', ')

const NEWEST_FIRST = 'order by id desc'

export interface Page {
  /** An id, of which only older ones are wanted. */
  readonly before: string | null
  readonly limit: number
}

/** The newest matches before the end of the span; of the history, those in it. */
export function pageStatement(filter: TaskFilter, { before, limit }: Page, span: Span): Statement {
  const values = new Values()
  const more = conditionsBeyondCounts(filter, values)
  if (before !== null) more.push(`id < ${values.add(before, 'uuid')}`)
  const most = `limit ${values.add(limit, 'int8')}`
  const end = `${NEWEST_FIRST} ${most}`
  const { unfinished, finished } = partsOf(filter)
  const parts: string[] = []
  if (unfinished.length > 0) {
    const older = within({ from: null, to: span.to })
    const all = [...countedConditions(filter, unfinished, values), ...more, ...older]
    parts.push(`(select ${LIVE_COLUMNS} from orchestrator.live ${where(all)} ${end})`)
  }
  if (finished.length > 0) {
    const both = [...more, ...within(span)]
    parts.push(`(${historyPart(filter, finished, both, most, values)})`)
  }
  return { text: `select * from (${parts.join(' union all ')}) tasks ${end}`, values: values.list }
}

/** Whether pages may have tasks of the history. */
export function asksHistory(filter: TaskFilter): boolean {
  return partsOf(filter).finished.length > 0
}

/** Whether those of the history are counted one by one. */
export function countsSingly(filter: TaskFilter): boolean {
  return asksHistory(filter) && conditionsBeyondCounts(filter, new Values()).length > 0
}

/**
 * How many there are, as `total`. Where they are counted one by one: in the span, and with the first
 * one, which has no end, what is unfinished.
 */
export function countStatement(filter: TaskFilter, span: Span): Statement {
  const values = new Values()
  const more = conditionsBeyondCounts(filter, values)
  const { unfinished, finished } = partsOf(filter)
  const sums: string[] = []
  const add = (
    what: string,
    table: string,
    statuses: readonly string[],
    days: readonly string[] = [],
  ) => {
    if (statuses.length === 0) return
    const all = [...countedConditions(filter, statuses, values), ...more, ...days]
    sums.push(`(select ${what} from orchestrator.${table} ${where(all)})`)
  }
  if (span.to === null) add('count(*)', 'live', unfinished)
  if (more.length > 0) add('count(*)', 'history', finished, within(span))
  else add('coalesce(sum(tasks), 0)', 'counts', finished)
  return { text: `select (${sums.join(' + ')})::int8 as total`, values: values.list }
}

/** The states that are asked for. */
function partsOf({ status }: TaskFilter) {
  const statuses = status === undefined ? STATUSES : statusesOf(status)
  return {
    unfinished: statuses.filter((one) => !isFinished({ status: one })),
    finished: statuses.filter((one) => isFinished({ status: one })),
  }
}

/**
 * `=`, said so that only an index by status is in the order of the list. Else the planner takes the
 * primary key for quicker, and looks for what is rare through all there is.
 */
const IN_STATUS = ['h.status >= k.status', 'h.status <= k.status']

function historyPart(
  filter: TaskFilter,
  finished: readonly string[],
  more: readonly string[],
  most: string,
  values: Values,
): string {
  const end = `${NEWEST_FIRST} ${most}`
  const counted = countedConditions(filter, finished, values)
  const isRare = filter.requestId !== undefined || filter.replayOf !== undefined
  if (isRare || counted.length === 0) {
    const all = where([...counted, ...more])
    return `select ${HISTORY_COLUMNS} from orchestrator.history ${all} ${end}`
  }
  const isOfDroplets = hasDroplets(filter)
  const names = isOfDroplets ? 'droplet_key, status' : 'status'
  const ofDroplet = isOfDroplets ? ['h.droplet_key = k.droplet_key'] : []
  const inOne = [...ofDroplet, ...IN_STATUS]
  return `select h.* from (select ${names} from orchestrator.counts ${where(counted)}
      group by ${names} having sum(tasks) > 0) k
    cross join lateral (select ${HISTORY_COLUMNS} from orchestrator.history h
      ${where([...inOne, ...more])} order by h.status desc, h.id desc ${most}) h ${end}`
}

const where = (conditions: readonly string[]) =>
  conditions.length === 0 ? '' : `where ${conditions.join(' and ')}`

const hasDroplets = ({ droplets, dropletPrefixes }: TaskFilter) =>
  droplets !== undefined || dropletPrefixes !== undefined

/** `statuses`: of the table, those that are asked for. */
function countedConditions(
  filter: TaskFilter,
  statuses: readonly string[],
  values: Values,
): string[] {
  const conditions: string[] = []
  if (filter.status !== undefined)
    conditions.push(`status = any(${values.add(statuses, 'text[]')})`)
  if (hasDroplets(filter)) {
    const keys = values.add((filter.droplets ?? []).map(nameKey), 'text[]')
    const prefixes = values.add((filter.dropletPrefixes ?? []).map(nameKey), 'text[]')
    conditions.push(`(droplet_key = any(${keys}) or droplet_key ^@ any(${prefixes}))`)
  }
  return conditions
}

function conditionsBeyondCounts(filter: TaskFilter, values: Values): string[] {
  const conditions: string[] = []
  const add = (value: string | number | undefined, condition: string, type: string) => {
    if (value !== undefined) conditions.push(`${condition} ${values.add(value, type)}`)
  }
  add(filter.replayOf, 'replay_of =', 'text')
  add(filter.requestId, 'request_id =', 'text')
  add(filter.mode, 'mode =', 'text')
  add(filter.responseStatus?.from, 'response_status >=', 'int8')
  add(filter.responseStatus?.to, 'response_status <=', 'int8')
  add(filter.createdFrom, 'created_at >=', 'int8')
  add(filter.createdBefore, 'created_at <', 'int8')
  return conditions
}
