/** From the body of a submission to what is asked for: the checks that no schema can express. */
import { splitHeaders } from '../droplets/redact.ts'
import { invalidRequest, type FieldError } from '../errors.ts'
import type { JsonText, Method, Submission, Task, TaskRequest } from '../task.ts'
import type { JsonBody } from './json-body.ts'
import type { ReplayBody, SubmitBody } from './submit-body.ts'
import { toHeaders } from './task-headers.ts'
import { MAX_ERRORS } from './validation.ts'

/**
 * `text`: of the same body; payload and meta are kept as they were written. Throws INVALID_REQUEST
 * with what is wrong.
 */
export function toSubmission(body: SubmitBody, text: JsonBody, mode: Task['mode']): Submission {
  const errors: FieldError[] = []
  const submission: Submission = {
    dropletName: body.droplet_name,
    method: (body.method?.toUpperCase() ?? 'GET') as Method,
    path: body.path,
    payload: payloadOf(body, text, errors),
    meta: body.meta == null ? null : text.textOf('meta'),
    ...splitHeaders(headersOf(body, text, errors)),
    timeoutMs: body.timeout_ms ?? null,
    deadlineMs: body.deadline_ms ?? null,
    maxRetries: body.max_retries ?? null,
    delayMs: delayOf(body, mode, errors),
  }
  if (errors.length > 0) throw invalidRequest(...errors.slice(0, MAX_ERRORS))
  return submission
}

/** Throws as `toSubmission` does. */
export function toReplayHeaders(body: ReplayBody, text: JsonBody): TaskRequest['headers'] {
  const errors: FieldError[] = []
  const headers = headersOf(body, text, errors)
  if (errors.length > 0) throw invalidRequest(...errors.slice(0, MAX_ERRORS))
  return headers
}

function headersOf(
  { headers }: ReplayBody,
  text: JsonBody,
  errors: FieldError[],
): TaskRequest['headers'] {
  return headers == null ? {} : toHeaders(headers, text.textOf('headers')!, errors)
}

function payloadOf(
  { method, payload }: SubmitBody,
  text: JsonBody,
  errors: FieldError[],
): JsonText | null {
  if (payload == null) return null
  if (method != null && method.toUpperCase() !== 'GET') return text.textOf('payload')
  // Old clients send {} where they mean nothing.
  if (isEmptyObject(payload)) return null
  errors.push({ path: '/payload', message: 'a GET has no body: leave it out, or use POST' })
  return null
}

function isEmptyObject(value: unknown): boolean {
  return typeof value === 'object' && !Array.isArray(value) && Object.keys(value!).length === 0
}

function delayOf(body: SubmitBody, mode: Task['mode'], errors: FieldError[]): number {
  const delayMs = Math.round((body.delay_seconds ?? 0) * 1000)
  if (delayMs > 0 && mode === 'sync') {
    const message = 'is for asynchronous tasks: send Prefer: respond-async'
    errors.push({ path: '/delay_seconds', message })
  }
  return delayMs
}
