/** A task as a row of the table `tasks`, and back. */
import { nameKey } from '../../droplets/droplet.ts'
import { INTERRUPTED, retryCount, type Task, type TaskSummary } from '../../task.ts'
import type { ClaimedTask } from '../store.ts'
import type { TaskChanges } from '../task-changes.ts'

export type SqlValue = string | number | null

type ColumnOf<T> = readonly [column: string, read: (task: T) => SqlValue]

/** What never changes once a task is accepted. */
const FIXED: readonly ColumnOf<Task>[] = [
  ['droplet_name', (task) => task.dropletName],
  ['droplet_key', (task) => nameKey(task.dropletName)],
  ['method', (task) => task.method],
  ['path', (task) => task.path],
  ['idempotency_key', (task) => task.idempotencyKey],
  ['replay_of', (task) => task.replayOf],
]

/** What changes only when a caller sends the request of an interrupted task again. */
const ASKED: readonly ColumnOf<Task>[] = [
  ['payload', (task) => task.payload],
  ['meta', (task) => task.meta],
  ['headers', (task) => JSON.stringify(task.headers)],
  ['timeout_ms', (task) => task.timeoutMs],
  ['deadline_ms', (task) => task.deadlineMs],
  ['max_retries', (task) => task.maxRetries],
  ['fingerprint', (task) => task.fingerprint],
]

const CHANGING: readonly ColumnOf<TaskChanges>[] = [
  ['mode', (task) => task.mode],
  ['status', (task) => task.status],
  ['delay_ms', (task) => task.delayMs],
  ['request_id', (task) => task.requestId],
  ['target_url', (task) => task.targetUrl],
  ['created_at', (task) => task.createdAt],
  ['due_at', (task) => task.dueAt],
  ['attempts', (task) => JSON.stringify(task.attempts)],
  ['retry_count', retryCount],
  ['completed_at', (task) => task.completedAt],
  ['duration_ms', (task) => task.durationMs],
  ['response_status', (task) => task.responseStatus],
  ['response_body', (task) => task.responseBody],
  ['error_message', (task) => task.errorMessage],
]

const INSERTED = [...FIXED, ...ASKED, ...CHANGING]
const RESUMED = [...ASKED, ...CHANGING]

export const INSERT_SQL = `insert into tasks (${INSERTED.map(([name]) => name).join(', ')}, id)
  values (${INSERTED.map(() => '?').join(', ')}, ?)
  on conflict (idempotency_key) where idempotency_key is not null do nothing`

const assigned = (columns: readonly (readonly [string, unknown])[]) =>
  columns.map(([name]) => `${name} = ?`).join(', ')

/** Changes nothing when the task has ended: then it has no owner. */
export const UPDATE_SQL = `update tasks set ${assigned(CHANGING)}
  where id = ? and completed_at is null`

/** Changes nothing when the task was not interrupted, or is under way again already. */
export const RESUME_SQL = `update tasks set ${assigned(RESUMED)}
  where id = ? and status = 'error' and error_message = '${INTERRUPTED}'`

/** The parameters of INSERT_SQL. */
export function insertValues(task: Task): SqlValue[] {
  return [...INSERTED.map(([, read]) => read(task)), task.id]
}

/** The parameters of RESUME_SQL. */
export function resumeValues(task: Task): SqlValue[] {
  return [...RESUMED.map(([, read]) => read(task)), task.id]
}

/** The parameters of UPDATE_SQL. */
export function updateValues(task: TaskChanges): SqlValue[] {
  return [...CHANGING.map(([, read]) => read(task)), task.id]
}

export const SUMMARY_COLUMNS = `seq, id, droplet_name, method, target_url, status,
  response_status, retry_count, created_at, completed_at, duration_ms, error_message`

export const CLAIMED_COLUMNS = 'id, mode, status, droplet_name, created_at, delay_ms, due_at'

/** A row as bun:sqlite returns it: each column by its name. */
export type Row = Record<string, SqlValue>

export function summaryOf(row: Row): TaskSummary {
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

export function claimedOf(row: Row): ClaimedTask {
  return {
    id: row.id,
    mode: row.mode,
    status: row.status,
    dropletName: row.droplet_name,
    createdAt: row.created_at,
    delayMs: row.delay_ms,
    dueAt: row.due_at,
  } as ClaimedTask
}

export function taskOf(row: Row): Task {
  const { retryCount: _, ...summary } = summaryOf(row)
  return {
    ...summary,
    mode: row.mode,
    path: row.path,
    payload: row.payload,
    meta: row.meta,
    headers: JSON.parse(row.headers as string),
    timeoutMs: row.timeout_ms,
    deadlineMs: row.deadline_ms,
    maxRetries: row.max_retries,
    delayMs: row.delay_ms,
    requestId: row.request_id,
    idempotencyKey: row.idempotency_key,
    fingerprint: row.fingerprint,
    replayOf: row.replay_of,
    dueAt: row.due_at,
    attempts: JSON.parse(row.attempts as string),
    responseBody: row.response_body,
  } as Task
}
