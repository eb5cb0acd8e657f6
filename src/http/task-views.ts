/** Tasks as they go over the wire. JSON that came as text goes out as it came. */
import { redactQuery, redactUrls } from '../droplets/redact.ts'
import { OrchestratorError } from '../errors.ts'
import { withRaw } from '../json-text.ts'
import { INTERRUPTED, retryCount, type Attempt, type Task, type TaskSummary } from '../task.ts'
import type { TaskPage } from '../store/store.ts'
import { traceIdOf } from '../trace-context.ts'
import { taskLocation } from './base.ts'
import { seconds, secondsOrNull } from './seconds.ts'

/**
 * The reply to who waited for the task's end. Throws TIMEOUT or DROPLET_UNREACHABLE when the
 * droplet never answered.
 */
export function outcomeView(task: Task): string {
  if (task.responseStatus === null && task.status !== 'cancelled') throw neverAnswered(task)
  const { id: task_id, status, targetUrl: target_url, responseStatus: response_status } = task
  // Not withRaw: this is each reply's, and takes half the time.
  return (
    JSON.stringify({ task_id, status, target_url, response_status }).slice(0, -1) +
    `,"response_body":${task.responseBody ?? 'null'},"retry_count":${retryCount(task)}` +
    `,"duration_ms":${task.durationMs}}`
  )
}

type Unanswered = Pick<
  Task,
  'id' | 'dropletName' | 'targetUrl' | 'attempts' | 'status' | 'errorMessage' | 'durationMs'
>

export function neverAnswered(task: Unanswered): OrchestratorError {
  const details = {
    task_id: task.id,
    droplet_name: task.dropletName,
    target_url: task.targetUrl,
    retry_count: retryCount(task),
    last_error: task.errorMessage,
    total_duration_ms: task.durationMs,
  }
  if (task.errorMessage === INTERRUPTED) {
    const message = 'The service was stopped before the droplet answered'
    return new OrchestratorError('SHUTTING_DOWN', message, details)
  }
  return task.status === 'timeout'
    ? new OrchestratorError(
        'TIMEOUT',
        `Droplet '${task.dropletName}' did not answer in time`,
        details,
      )
    : new OrchestratorError(
        'DROPLET_UNREACHABLE',
        `Droplet '${task.dropletName}' could not be reached: ${task.errorMessage}`,
        details,
      )
}

export function acceptedView(task: Task): string {
  return JSON.stringify({ task_id: task.id, status: task.status, location: taskLocation(task.id) })
}

export function taskView(task: Task): string {
  const { responseBody: response_body, payload, meta } = task
  return withRaw(detailView(task), { response_body, payload, meta })
}

function detailView(task: Task) {
  return {
    ...summaryView({ ...task, retryCount: retryCount(task) }),
    request_id: task.requestId,
    trace_id: traceIdOf(task),
    mode: task.mode,
    path: task.path,
    headers: task.headers,
    secret_headers: Object.keys(task.secretHeaders ?? {}),
    timeout_ms: task.timeoutMs,
    deadline_ms: task.deadlineMs,
    max_retries: task.maxRetries,
    replay_of: task.replayOf,
    due_at: secondsOrNull(task.dueAt),
    attempts: task.attempts.map(attemptView),
  }
}

export function pageView({ tasks, total, nextCursor }: TaskPage, limit: number): string {
  return JSON.stringify({ tasks: tasks.map(itemView), total, limit, next_cursor: nextCursor })
}

/** As in lists: without the values of queries. */
export function itemView(task: TaskSummary) {
  return summaryView(withoutQueries(task))
}

function withoutQueries(task: TaskSummary): TaskSummary {
  const { targetUrl, errorMessage } = task
  return {
    ...task,
    targetUrl: redactQuery(targetUrl),
    errorMessage: errorMessage && redactUrls(errorMessage),
  }
}

function summaryView(task: TaskSummary) {
  return {
    id: task.id,
    droplet_name: task.dropletName,
    method: task.method,
    target_url: task.targetUrl,
    status: task.status,
    response_status: task.responseStatus,
    retry_count: task.retryCount,
    created_at: seconds(task.createdAt),
    completed_at: secondsOrNull(task.completedAt),
    duration_ms: task.durationMs,
    error_message: task.errorMessage,
  }
}

function attemptView(attempt: Attempt) {
  return {
    attempt: attempt.attempt,
    started_at: seconds(attempt.startedAt),
    duration_ms: attempt.durationMs,
    response_status: attempt.responseStatus,
    error: attempt.error,
  }
}
