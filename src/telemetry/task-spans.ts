/**
 * What becomes of the tasks, as spans: one for each task, from its acceptance to its end, and in it
 * one for each of its attempts, with the names of OpenTelemetry's stable conventions for HTTP.
 */
import { withoutBrackets } from '../config/urls.ts'
import { redactQuery, redactUrls } from '../droplets/redact.ts'
import type { AttemptResult, EventBus } from '../events.ts'
import type { FinishedSpan, SpanSink } from '../spans.ts'
import type { Attempt, Task } from '../task.ts'
import { flagsOf, isSampled, parentSpanIdOf, spanIdOf, traceIdOf } from '../trace-context.ts'

/**
 * Tasks whose caller wants nobody to keep their trace are left out. `share`: of those that have no
 * caller's trace, how many are sent, 0 to 1.
 */
export function traceTasks(events: EventBus, sink: SpanSink, share: number): void {
  const isSent = (task: Task) => isSampled(task, share) && sink.takes()
  events.on('attempt ended', ({ task, result }) => {
    const last = task.attempts.at(-1)
    if (last && isSent(task)) sink.add(attemptSpan(task, last, result))
  })
  events.on('ended', ({ task }) => {
    if (!isSent(task)) return
    for (const attempt of cutOff(task)) sink.add(attemptSpan(task, attempt, CUT_OFF))
    sink.add(taskSpan(task))
  })
}

const CUT_OFF: AttemptResult = { outcome: 'interrupted', status: null, durationMs: 0 }

/**
 * The attempts whose end nobody saw, because the process was gone. Not those of an interrupted task
 * before it was asked for again: they were told when it was interrupted.
 */
function cutOff({ attempts, createdAt }: Task): Attempt[] {
  return attempts.filter(
    ({ durationMs, startedAt }) => durationMs === null && startedAt >= createdAt,
  )
}

function taskSpan(task: Task): FinishedSpan {
  const { id, mode, status, createdAt, completedAt, errorMessage } = task
  const hasFailed = status === 'error' || status === 'timeout'
  return {
    ...traceOf(task),
    name: `${task.method} ${task.dropletName}`,
    kind: mode === 'sync' ? 'server' : 'consumer',
    spanId: spanIdOf(id),
    parentSpanId: parentSpanIdOf(task),
    isParentRemote: true,
    startMs: createdAt,
    endMs: completedAt ?? createdAt,
    attributes: {
      ...about(task),
      'orchestrator.mode': mode,
      'orchestrator.status': status,
      'orchestrator.request_id': task.requestId,
      ...(hasFailed ? { 'error.type': statusType(task.responseStatus) ?? status } : {}),
    },
    failure: hasFailed ? redactUrls(errorMessage ?? status) : null,
  }
}

function attemptSpan(task: Task, attempt: Attempt, result: AttemptResult): FinishedSpan {
  const { id, method, targetUrl } = task
  const resends = attempt.attempt - 1
  const error = errorTypeOf(attempt, result)
  return {
    ...traceOf(task),
    name: method,
    kind: 'client',
    spanId: spanIdOf(id, attempt.attempt),
    parentSpanId: spanIdOf(id),
    isParentRemote: false,
    startMs: attempt.startedAt,
    endMs: attempt.startedAt + result.durationMs,
    attributes: {
      ...about(task),
      'http.request.method': method,
      'url.full': redactQuery(targetUrl),
      ...serverOf(targetUrl),
      ...(result.status === null ? {} : { 'http.response.status_code': result.status }),
      ...(resends === 0 ? {} : { 'http.request.resend_count': resends }),
      ...(error === null ? {} : { 'error.type': error }),
    },
    // What somebody has cancelled is no failure.
    failure: error === null || error === 'cancelled' ? null : redactUrls(attempt.error ?? error),
  }
}

function traceOf(task: Task): Pick<FinishedSpan, 'traceId' | 'flags' | 'state'> {
  return {
    traceId: traceIdOf(task),
    flags: Number.parseInt(flagsOf(task), 16),
    state: task.trace?.state ?? null,
  }
}

function about({ id, dropletName }: Task): FinishedSpan['attributes'] {
  return { 'orchestrator.task_id': id, 'orchestrator.droplet': dropletName }
}

function serverOf(targetUrl: string): FinishedSpan['attributes'] {
  const url = URL.parse(targetUrl)
  if (!url) return {}
  const port = url.port === '' ? (url.protocol === 'https:' ? 443 : 80) : Number(url.port)
  return { 'server.address': withoutBrackets(url.hostname), 'server.port': port }
}

/** Of few kinds: the status of an answer, or how it ended without one. null: it did not fail. */
function errorTypeOf(attempt: Attempt, { outcome, status }: AttemptResult): string | null {
  if (attempt.error === null) return null
  return statusType(status) ?? (status === null ? outcome : 'answer_too_large')
}

/** null: an answer with this status is no failure, or there is none. */
function statusType(status: number | null): string | null {
  return status !== null && status >= 300 ? String(status) : null
}
