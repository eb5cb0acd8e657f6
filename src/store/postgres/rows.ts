/** Rows as Postgres returns them, as tasks. */
import { withoutValues } from '../../droplets/redact.ts'
import type { PostgresRow } from '../../platform/postgres.ts'
import type { Task, TaskSummary } from '../../task.ts'
import type { ClaimedTask } from '../store.ts'

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
