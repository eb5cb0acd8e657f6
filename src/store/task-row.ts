/** A row of any of our databases as a task: all of them name a column alike. */
import { withoutValues } from '../droplets/redact.ts'
import { isFinished, type SecretHeaders, type Task, type TaskSummary } from '../task.ts'
import type { ClaimedTask } from './store.ts'

/** Each column by its name; numbers as numbers, JSON as text. */
export type TaskRow = Readonly<Record<string, unknown>>

export function summaryOf(row: TaskRow): TaskSummary {
  return {
    id: row.id,
    dropletName: row.droplet_name,
    method: row.method,
    targetUrl: row.target_url,
    status: row.status,
    responseStatus: row.response_status,
    retryCount: row.retry_count,
    createdAt: row.created_at,
    completedAt: row.completed_at,
    durationMs: row.duration_ms,
    errorMessage: row.error_message,
  } as TaskSummary
}

export function claimedOf(row: TaskRow): ClaimedTask {
  return {
    id: row.id,
    mode: row.mode,
    status: row.status,
    dropletName: row.droplet_name,
    createdAt: row.created_at,
    delayMs: row.delay_ms,
    dueAt: row.due_at,
    timeoutMs: row.timeout_ms,
    deadlineMs: row.deadline_ms,
  } as ClaimedTask
}

/** The values of secret headers are not in it: see `withSecrets`. */
export function taskOf(row: TaskRow): Task {
  const { retryCount: _, ...summary } = summaryOf(row)
  return {
    ...summary,
    mode: row.mode,
    path: row.path,
    payload: row.payload,
    meta: row.meta,
    headers: parsed(row.headers),
    secretHeaders: withoutValues(
      row.secret_headers == null ? null : parsed<string[]>(row.secret_headers),
    ),
    timeoutMs: row.timeout_ms,
    deadlineMs: row.deadline_ms,
    maxRetries: row.max_retries,
    delayMs: row.delay_ms,
    requestId: row.request_id,
    hops: row.hops,
    trace: row.trace_parent && { parent: row.trace_parent, state: row.trace_state },
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    replayOf: row.replay_of,
    dueAt: row.due_at,
    attempts: parsed(row.attempts),
    responseBody: row.response_body,
  } as Task
}

/** The values of secret headers are kept of unfinished asynchronous tasks only. */
export function mayHaveSecrets(task: Task): boolean {
  return task.secretHeaders !== null && task.mode === 'async' && !isFinished(task)
}

/** `values`: those that are kept; null: none are. */
export function withSecrets(task: Task, values: SecretHeaders | null): Task {
  return values ? { ...task, secretHeaders: { ...task.secretHeaders, ...values } } : task
}

function parsed<T>(json: unknown): T {
  return JSON.parse(json as string) as T
}
