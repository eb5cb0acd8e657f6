/** The only way in which callers talk to the service: HTTP requests to its handler. */
import type { ErrorCode } from '../../../src/errors.ts'
import type { SubmitBody } from '../../../src/http/submit-body.ts'
import type { TaskStatus } from '../../../src/task.ts'
import {
  listedTasks,
  submissionAnswer,
  taskAnswer,
  unansweredTask,
  type Answered,
  type ListedTask,
  type SubmissionAnswer,
  type TaskAnswer,
} from './answers.ts'

export interface ServiceClient {
  submit(body: SubmitBody, options: CallOptions): Promise<Reply<SubmissionAnswer>>
  /** `waitMs`: how long to wait for the task's end. */
  find(requestId: string, id: string, waitMs: number): Promise<Reply<TaskAnswer>>
  cancel(requestId: string, id: string): Promise<Reply<TaskAnswer>>
  list(requestId: string, status: TaskStatus, limit: number): Promise<Reply<readonly ListedTask[]>>
  replay(id: string, body: string | null, options: CallOptions): Promise<Reply<SubmissionAnswer>>
}

/** Headers, as callers think of them. */
export interface CallOptions {
  requestId: string
  mode: 'sync' | 'async'
  /** Whole seconds, as ms. */
  waitMs: number
  idempotencyKey: string | null
}

/** These promises never reject. */
export type Reply<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | {
      readonly kind: 'refused'
      readonly code: ErrorCode
      readonly details: Readonly<Record<string, unknown>>
    }
  /** An answer that no caller should get: a bug, or the disk could not be read. */
  | { readonly kind: 'failed'; readonly error: string }

interface ErrorBody {
  error: { code: ErrorCode; message: string; details: Readonly<Record<string, unknown>> }
}

type Handle = (request: Request) => Promise<Response>

const REQUEST_ID = 'x-request-id'
const TASKS = 'http://orchestrator:8001/orchestrator/tasks'

export function httpClient(handle: Handle): ServiceClient {
  const get = <T>(requestId: string, path: string, read: (answered: Answered) => T) =>
    ask(handle, new Request(TASKS + path, { headers: { [REQUEST_ID]: requestId } }), read)
  const post = <T>(path: string, init: RequestInit, read: (answered: Answered) => T) =>
    ask(handle, new Request(TASKS + path, { method: 'POST', ...init }), read)
  return {
    submit: (body, options) =>
      post('', { headers: headersOf(options), body: JSON.stringify(body) }, submissionAnswer),
    find: (requestId, id, waitMs) =>
      get(requestId, `/${id}${waitMs > 0 ? `?wait=${waitMs / 1000}` : ''}`, taskAnswer),
    cancel: (requestId, id) =>
      post(`/${id}/cancel`, { headers: { [REQUEST_ID]: requestId } }, taskAnswer),
    list: (requestId, status, limit) =>
      get(requestId, `?status=${status}&limit=${limit}`, listedTasks),
    replay: (id, body, options) =>
      post(`/${id}/replay`, { headers: headersOf(options), body }, submissionAnswer),
  }
}

function headersOf({ requestId, mode, waitMs, idempotencyKey }: CallOptions) {
  const wait = waitMs > 0 ? `wait=${waitMs / 1000}` : 'respond-async'
  return {
    'content-type': 'application/json',
    [REQUEST_ID]: requestId,
    ...(mode === 'async' ? { prefer: wait } : {}),
    ...(idempotencyKey === null ? {} : { 'idempotency-key': idempotencyKey }),
  }
}

async function ask<T>(
  handle: Handle,
  request: Request,
  read: (answered: Answered) => T,
): Promise<Reply<T>> {
  try {
    const requestId = request.headers.get(REQUEST_ID)
    const response = await handle(request)
    const { status, headers } = response
    const text = await response.text()
    if (headers.get(REQUEST_ID) !== requestId) {
      return { kind: 'failed', error: `${requestId} is answered as another request` }
    }
    if (status < 400) return { kind: 'answered', answer: read({ headers, text }) }
    return refused(text, (task) => read({ headers, text: task }))
  } catch (error) {
    return { kind: 'failed', error: error instanceof Error ? error.stack! : String(error) }
  }
}

/** The droplet never answered: such an error is the end of a task, and tells of it. */
function refused<T>(text: string, read: (task: string) => T): Reply<T> {
  const { code, message, details } = (JSON.parse(text) as ErrorBody).error
  const task = unansweredTask(code, details)
  if (task !== null) return { kind: 'answered', answer: read(task) }
  return code === 'INTERNAL_ERROR'
    ? { kind: 'failed', error: message }
    : { kind: 'refused', code, details }
}
