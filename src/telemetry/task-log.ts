/** What becomes of the tasks, in the log. */
import { redactQuery, redactUrls } from '../droplets/redact.ts'
import type { AttemptResult, EventBus } from '../events.ts'
import type { LogFields } from '../log.ts'
import type { Clock, Log } from '../ports.ts'
import { isFinished, type Task } from '../task.ts'
import { traceIdOf } from '../trace-context.ts'

/**
 * Each failed attempt and each failed task is a WARNING; all others are for DEBUG. Whether they are
 * written is asked for each, before anything is made for its line: the level may change.
 */
export function logTasks(events: EventBus, log: Log, clock: Pick<Clock, 'now'>): void {
  events.on('attempt ended', ({ task, result }) => logAttempt(task, result, log, clock))
  events.on('ended', ({ task }) => logEnd(task, log))
  events.on('attempt started', ({ task }) => {
    if (!log.enabled('DEBUG')) return
    log.debug('attempt started', { ...about(task), attempt: task.attempts.length })
  })
}

function logAttempt(task: Task, result: AttemptResult, log: Log, clock: Pick<Clock, 'now'>): void {
  const last = task.attempts.at(-1)
  if (!last) return
  // What we ended ourselves is no failure.
  const byUs = result.outcome === 'cancelled' || result.outcome === 'interrupted'
  const hasFailed = last.error !== null && !byUs
  if (!log.enabled(hasFailed ? 'WARNING' : 'DEBUG')) return
  const willRetry = !isFinished(task) && task.dueAt !== null
  const fields = {
    ...about(task),
    attempt: last.attempt,
    response_status: result.status ?? undefined,
    error: errorOf(last.error),
    duration_ms: Math.round(result.durationMs),
    next_in_ms: willRetry ? Math.max(0, task.dueAt - clock.now()) : undefined,
  }
  if (hasFailed) log.warning('attempt failed', fields)
  else log.debug('attempt ended', fields)
}

function logEnd(task: Task, log: Log): void {
  const hasFailed = task.status !== 'success' && task.status !== 'cancelled'
  if (!log.enabled(hasFailed ? 'WARNING' : 'DEBUG')) return
  const fields = {
    ...about(task),
    status: task.status,
    attempts: task.attempts.length,
    response_status: task.responseStatus ?? undefined,
    error: errorOf(task.errorMessage),
    duration_ms: task.durationMs ?? undefined,
  }
  if (hasFailed) log.warning('task failed', fields)
  else log.debug('task ended', fields)
}

function about(task: Task): LogFields {
  const { id, requestId, dropletName, method, targetUrl } = task
  return {
    request_id: requestId,
    task_id: id,
    trace_id: traceIdOf(task),
    droplet: dropletName,
    method,
    target: redactQuery(targetUrl),
  }
}

/** What failed may say which URL it was for. */
function errorOf(message: string | null): string | undefined {
  return message === null ? undefined : redactUrls(message)
}
