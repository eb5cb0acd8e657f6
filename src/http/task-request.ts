/** From the body of a submission to what is asked for: the checks that no schema can express. */
import type { SubmitBody } from './submit-body.ts'
import { invalidRequest, type FieldError } from '../errors.ts'
import type { JsonText, Task, TaskRequest } from '../task.ts'

export interface SubmissionDefaults {
  timeoutMs: number
  maxRetries: number
}

/**
 * Hop-by-hop (RFC 9110, section 7.6.1) and framing headers: they speak of a connection, and this
 * one is ours.
 */
const REFUSED_HEADERS = new Set([
  'connection',
  'content-length',
  'expect',
  'host',
  'keep-alive',
  'proxy-authenticate',
  'proxy-authorization',
  'proxy-connection',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])

// RFC 9110, sections 5.6.2 and 5.5; a value beyond Latin-1 can't be sent.
const TOKEN = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/
const FIELD_VALUE = /^[\t\u0020-\u007e\u0080-\u00ff]*$/

/** Throws INVALID_REQUEST with every error found. */
export function toRequest(
  body: SubmitBody,
  mode: Task['mode'],
  defaults: SubmissionDefaults,
): TaskRequest {
  const errors: FieldError[] = []
  const headers = toHeaders(body.headers ?? {}, errors)
  const method = body.method ?? 'GET'
  if (method === 'GET' && body.payload != null) {
    errors.push({ path: '/payload', message: 'a GET has no body: leave it out, or use POST' })
  }
  const payload = toJson(body.payload)
  const meta = toJson(body.meta)
  const delayMs = Math.round((body.delay_seconds ?? 0) * 1000)
  if (delayMs > 0 && mode === 'sync') {
    const message = 'is for asynchronous tasks: send Prefer: respond-async'
    errors.push({ path: '/delay_seconds', message })
  }
  if (errors.length > 0) throw invalidRequest(...errors)
  return {
    dropletName: body.droplet_name,
    method,
    path: body.path,
    payload,
    meta,
    headers,
    timeoutMs: body.timeout_ms ?? defaults.timeoutMs,
    deadlineMs: body.deadline_ms ?? null,
    maxRetries: body.max_retries ?? defaults.maxRetries,
    delayMs,
  }
}

/** Names in lower case: to HTTP, case makes no difference. */
function toHeaders(
  given: Readonly<Record<string, string>>,
  errors: FieldError[],
): Record<string, string> {
  const headers: Record<string, string> = {}
  for (const [name, value] of Object.entries(given)) {
    const message = headerError(name, value)
    if (message) errors.push({ path: `/headers/${name}`, message })
    else headers[name.toLowerCase()] = value
  }
  return headers
}

function headerError(name: string, value: string): string | null {
  if (!TOKEN.test(name)) return 'is not a header name'
  if (REFUSED_HEADERS.has(name.toLowerCase())) return 'is for the connection, which is not yours'
  if (!FIELD_VALUE.test(value)) return 'holds characters that a header cannot'
  return null
}

function toJson(value: unknown): JsonText | null {
  return value == null ? null : JSON.stringify(value)
}
