/** A task as rows of the tables, and back. */
import { nameKey } from '../../droplets/droplet.ts'
import { withoutValues } from '../../droplets/redact.ts'
import type { PostgresRow } from '../../platform/postgres.ts'
import { retryCount, type Task, type TaskSummary } from '../../task.ts'
import type { ClaimedTask } from '../store.ts'

type Cell = string | number | null
type Type = 'text' | 'int8' | 'uuid'

export interface Column {
  readonly name: string
  readonly type: Type
  readonly isNullable: boolean
  readonly of: (task: Task) => Cell
}

const column = (name: string, type: Type, of: Column['of']): Column => {
  return { name, type, isNullable: false, of }
}
const nullable = (name: string, type: Type, of: Column['of']): Column => {
  return { name, type, isNullable: true, of }
}

/** What is in `live` and in `history`, and never changes but by a resume. */
export const HEAD = [
  column('mode', 'text', (task) => task.mode),
  column('droplet_name', 'text', (task) => task.dropletName),
  column('droplet_key', 'text', (task) => nameKey(task.dropletName)),
  column('method', 'text', (task) => task.method),
  column('request_id', 'text', (task) => task.requestId),
  nullable('replay_of', 'text', (task) => task.replayOf),
  column('created_at', 'int8', (task) => task.createdAt),
] as const

/** What is in both, and changes. */
export const STATE = [
  column('status', 'text', (task) => task.status),
  column('target_url', 'text', (task) => task.targetUrl),
  column('attempts', 'text', (task) => JSON.stringify(task.attempts)),
  column('retry_count', 'int8', retryCount),
  nullable('response_status', 'int8', (task) => task.responseStatus),
  nullable('response_body', 'text', (task) => task.responseBody),
  nullable('error_message', 'text', (task) => task.errorMessage),
] as const

/** What is in `live` alone, and changes. */
export const DUE = nullable('due_at', 'int8', (task) => task.dueAt)

/** What is in `history` alone. */
export const END = [
  nullable('completed_at', 'int8', (task) => task.completedAt),
  nullable('duration_ms', 'int8', (task) => task.durationMs),
] as const

/** What is in `live`, so that a claim need not look elsewhere, and in `payload`. */
export const LIMITS = [
  column('timeout_ms', 'int8', (task) => task.timeoutMs),
  nullable('deadline_ms', 'int8', (task) => task.deadlineMs),
  column('delay_ms', 'int8', (task) => task.delayMs),
] as const

/** What is in `payload` alone. */
export const ASKED = [
  column('path', 'text', (task) => task.path),
  nullable('payload', 'text', (task) => task.payload),
  nullable('meta', 'text', (task) => task.meta),
  column('headers', 'text', (task) => JSON.stringify(task.headers)),
  nullable(
    'secret_headers',
    'text',
    ({ secretHeaders }) => secretHeaders && JSON.stringify(Object.keys(secretHeaders)),
  ),
  column('max_retries', 'int8', (task) => task.maxRetries),
  column('hops', 'int8', (task) => task.hops),
  nullable('trace_parent', 'text', ({ trace }) => trace && trace.parent),
  nullable('trace_state', 'text', ({ trace }) => trace && trace.state),
  nullable('idempotency_key', 'text', (task) => task.idempotencyKey),
  nullable('fingerprint', 'text', (task) => task.fingerprint),
] as const

export const namesOf = (...parts: (readonly Column[])[]) =>
  parts.flatMap((part) => part.map(({ name }) => name))

export const SUMMARY_COLUMNS = [
  ...['id', 'droplet_name', 'method', 'target_url', 'status', 'response_status'],
  ...['retry_count', 'created_at', 'completed_at', 'duration_ms', 'error_message'],
] as const

export const CLAIMED_COLUMNS = [
  ...['id', 'mode', 'status', 'droplet_name', 'created_at', 'delay_ms', 'due_at'],
  ...['timeout_ms', 'deadline_ms'],
] as const

/** int8 comes as text. All of ours are whole numbers that a double holds. */
export const numberOf = (value: unknown) => Number(value)
const numberOrNull = (value: unknown) => (value === null ? null : Number(value))

export function summaryOf(row: PostgresRow): TaskSummary {
  return {
    id: row.id,
    dropletName: row.droplet_name,
    method: row.method,
    targetUrl: row.target_url,
    status: row.status,
    responseStatus: numberOrNull(row.response_status),
    retryCount: numberOf(row.retry_count),
    createdAt: numberOf(row.created_at),
    completedAt: numberOrNull(row.completed_at),
    durationMs: numberOrNull(row.duration_ms),
    errorMessage: row.error_message,
  } as TaskSummary
}

export function claimedOf(row: PostgresRow): ClaimedTask {
  return {
    id: row.id,
    mode: row.mode,
    status: row.status,
    dropletName: row.droplet_name,
    createdAt: numberOf(row.created_at),
    delayMs: numberOf(row.delay_ms),
    dueAt: numberOrNull(row.due_at),
    timeoutMs: numberOf(row.timeout_ms),
    deadlineMs: numberOrNull(row.deadline_ms),
  } as ClaimedTask
}

/** `secrets`: the values of its secret headers, JSON; null: there are none. */
export function taskOf(row: PostgresRow): Task {
  const { retryCount: _, ...summary } = summaryOf(row)
  return {
    ...summary,
    mode: row.mode,
    path: row.path,
    payload: row.payload,
    meta: row.meta,
    headers: parsed(row.headers),
    secretHeaders: secretHeadersOf(row),
    timeoutMs: numberOf(row.timeout_ms),
    deadlineMs: numberOrNull(row.deadline_ms),
    maxRetries: numberOf(row.max_retries),
    delayMs: numberOf(row.delay_ms),
    requestId: row.request_id,
    hops: numberOf(row.hops),
    trace: row.trace_parent && { parent: row.trace_parent, state: row.trace_state },
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    replayOf: row.replay_of,
    dueAt: numberOrNull(row.due_at),
    attempts: parsed(row.attempts),
    responseBody: row.response_body,
  } as Task
}

function secretHeadersOf(row: PostgresRow): Task['secretHeaders'] {
  const names = row.secret_headers === null ? null : (parsed(row.secret_headers) as string[])
  const values = row.secrets === null ? null : (parsed(row.secrets) as Task['secretHeaders'])
  return names && { ...withoutValues(names), ...values }
}

const parsed = (json: unknown) => JSON.parse(json as string) as unknown
