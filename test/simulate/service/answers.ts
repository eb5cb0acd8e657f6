/** What callers read out of the service's answers. */
import type { ErrorCode } from '../../../src/errors.ts'
import type { JsonText, TaskStatus } from '../../../src/task.ts'

/** What a caller is told of a task; times are left out, for the wall clock jumps. */
export interface TaskAnswer {
  readonly id: string
  readonly status: TaskStatus
  readonly responseStatus: number | null
  readonly responseBody: JsonText | null
  /** Undefined where the answer does not tell: an outcome, or a task that was just accepted. */
  readonly errorMessage?: string | null
  readonly retryCount?: number
  readonly replayOf?: string | null
}

export interface SubmissionAnswer {
  readonly task: TaskAnswer
  /** It is the stored outcome of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean
}

export interface ListedTask {
  readonly id: string
  readonly status: TaskStatus
}

/** A status below 400. */
export interface Answered {
  readonly headers: Headers
  readonly text: string
}

/** The members of a task, an outcome or an acceptance that callers look at. */
interface WireTask {
  id?: string
  task_id?: string
  status: TaskStatus
  response_status?: number | null
  error_message?: string | null
  retry_count?: number
  replay_of?: string | null
}

export function taskAnswer({ text }: Answered): TaskAnswer {
  const wire = JSON.parse(text) as WireTask
  return {
    id: (wire.id ?? wire.task_id)!,
    status: wire.status,
    responseStatus: wire.response_status ?? null,
    responseBody: responseBodyIn(text),
    ...(wire.error_message === undefined ? {} : { errorMessage: wire.error_message }),
    ...(wire.retry_count === undefined ? {} : { retryCount: wire.retry_count }),
    ...(wire.replay_of === undefined ? {} : { replayOf: wire.replay_of }),
  }
}

export function submissionAnswer(answered: Answered): SubmissionAnswer {
  const replayed = answered.headers.get('idempotency-replayed') === 'true'
  return { task: taskAnswer(answered), replayed }
}

export function listedTasks({ text }: Answered): readonly ListedTask[] {
  return (JSON.parse(text) as { tasks: ListedTask[] }).tasks
}

/**
 * An error that is the end of a task whose droplet never answered, as the outcome that it is;
 * null for every other error.
 */
export function unansweredTask(
  code: ErrorCode,
  details: Readonly<Record<string, unknown>>,
): string | null {
  if (!('target_url' in details)) return null
  return JSON.stringify({
    task_id: details.task_id,
    status: code === 'TIMEOUT' ? 'timeout' : 'error',
    response_status: null,
    error_message: details.last_error,
    retry_count: details.retry_count,
    response_body: null,
  })
}

/**
 * The body as it was written: JSON.parse would change its digits. What follows it in an answer
 * holds no such member.
 */
function responseBodyIn(text: string): JsonText | null {
  const [, rest] = text.split(/,"response_body":(.*)/s)
  if (rest === undefined) return null
  const end = Math.max(rest.lastIndexOf(',"retry_count":'), rest.lastIndexOf(',"payload":'))
  const body = end < 0 ? rest.slice(0, -1) : rest.slice(0, end)
  return body === 'null' ? null : body
}
