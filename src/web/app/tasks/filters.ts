/** Which tasks a list shows: the parameters of the API, and `since`, a moment that moves on. */
import type { Query } from '../../../client/client.ts'
import type { TaskItem } from '../../../client/types.ts'

export const FILTER_NAMES = [
  'status',
  'droplet_name',
  'response_status',
  'since',
  'created_after',
  'created_before',
  'request_id',
  'replay_of',
  'mode',
] as const
export type FilterName = (typeof FILTER_NAMES)[number]
export type Filters = Readonly<Partial<Record<FilterName, string>>>

export const STATUS_CHOICES = [
  'queued',
  'running',
  'failed',
  'success',
  'error',
  'timeout',
  'cancelled',
] as const

/** How far back `since` looks. */
export const SPANS: Readonly<Record<string, { seconds: number; words: string }>> = {
  '15m': { seconds: 900, words: 'the last 15 minutes' },
  '1h': { seconds: 3600, words: 'the last hour' },
  '24h': { seconds: 86_400, words: 'the last 24 hours' },
  '7d': { seconds: 604_800, words: 'the last 7 days' },
}

export function filtersOf(query: URLSearchParams): Filters {
  const given = FILTER_NAMES.map((name) => [name, query.get(name)?.trim() ?? ''] as const)
  return Object.fromEntries(given.filter(([name, value]) => value !== '' && isMeant(name, value)))
}

/** A span that there is not would be said in words, and be no filter. */
function isMeant(name: FilterName, value: string): boolean {
  return name !== 'since' || Object.hasOwn(SPANS, value)
}

/** The same text for the same filters, in whatever order they came. */
export function keyOf(filters: Filters): string {
  return JSON.stringify(FILTER_NAMES.map((name) => filters[name] ?? null))
}

/** What the API is asked for. `now`: of the service, Unix seconds. */
export function listQuery({ since, ...filters }: Filters, now: number): Query {
  const span = since === undefined ? undefined : SPANS[since]
  return span ? { ...filters, created_after: (now - span.seconds).toFixed(3) } : filters
}

const NARROWING: Partial<Record<FilterName, (value: string) => boolean>> = {
  status: (value) => (STATUS_CHOICES as readonly string[]).includes(value),
  droplet_name: () => true,
  response_status: (value) => /^[1-9](\d\d|xx)$/i.test(value),
  created_before: (value) => momentOf(value) !== null,
  request_id: () => true,
  replay_of: () => true,
  mode: (value) => value === 'sync' || value === 'async',
}

/**
 * What narrows the stream of events; it tells of tasks that leave a state, too. Without what means
 * nothing: that the list is refused for it is enough.
 */
export function liveQuery(filters: Filters): Query {
  const given = Object.entries(filters) as [FilterName, string][]
  return Object.fromEntries(given.filter(([name, value]) => NARROWING[name]?.(value)))
}

/** Whether a task of that stream belongs in the list. */
export function isWanted({ status }: Filters, task: Pick<TaskItem, 'status'>): boolean {
  if (status === undefined) return true
  return status === 'failed'
    ? task.status === 'error' || task.status === 'timeout'
    : status === task.status
}

/** Whether it came when the list begins, or later. `now`: of the service, Unix seconds. */
export function isInTime(filters: Filters, { created_at }: TaskItem, now: number): boolean {
  const from = momentOf(String(listQuery(filters, now).created_after ?? ''))
  return from === null || created_at * 1000 >= from
}

/** Counting by these is a look into a table; by others, it takes a look at every task. */
export function isCountedAtOnce(filters: Filters): boolean {
  return Object.keys(filters).every((name) => name === 'status' || name === 'droplet_name')
}

/** "failed tasks of echo of the last hour". */
export function inWords(filters: Filters): string {
  const { status, droplet_name, response_status, since, created_after, created_before } = filters
  const { request_id, replay_of, mode } = filters
  const state = status === 'success' ? 'successful' : status
  const asked = [state, mode && `${mode}hronous`].filter((word) => word !== undefined)
  const parts = [
    `${asked.length === 0 ? 'all' : asked.join(' ')} tasks`,
    droplet_name && `of ${droplet_name}`,
    response_status && `answered ${response_status}`,
    since && `of ${SPANS[since]?.words ?? since}`,
    created_after && `accepted from ${momentText(created_after)} on`,
    created_before && `accepted before ${momentText(created_before)}`,
    request_id && `of request ${request_id}`,
    replay_of && `that replay ${replay_of}`,
  ]
  return parts.filter((part) => part).join(' ')
}

/** What a Date can hold. */
const LAST_MOMENT_MS = 8.64e15

/** Unix ms of a parameter: Unix seconds, or a date and time; null when it is neither. */
export function momentOf(text: string): number | null {
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * 1000 : Date.parse(text)
  return Math.abs(ms) <= LAST_MOMENT_MS ? ms : null
}

function momentText(text: string): string {
  const ms = momentOf(text)
  return ms === null ? text : new Date(ms).toLocaleString()
}

/** What was typed to go to: a task, or a request. Ids of ours look alike, so the task comes first. */
export function isId(text: string): boolean {
  return /^[\w.:-]{1,128}$/.test(text)
}
