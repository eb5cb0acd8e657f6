/** From the body of a submission to what is asked for: the checks that no schema can express. */
import { invalidRequest, type Fault } from '../errors.ts'
import type { JsonText, SubmitBody, TaskRequest } from '../task.ts'

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

/** Throws INVALID_REQUEST with every fault found. */
export function toRequest(body: SubmitBody, defaults: SubmissionDefaults): TaskRequest {
  const method = body.method ?? 'GET'
  const headers: Record<string, string> = {}
  const faults: Fault[] = []
  for (const [name, value] of Object.entries(body.headers ?? {})) {
    const fault = headerFault(name, value)
    if (fault) faults.push({ path: `/headers/${name}`, message: fault })
    else headers[name.toLowerCase()] = value
  }
  if (method === 'GET' && body.payload != null) {
    faults.push({ path: '/payload', message: 'a GET has no body: leave it out, or use POST' })
  }
  const payload = toJson('/payload', body.payload, faults)
  const meta = toJson('/meta', body.meta, faults)
  if (faults.length > 0) throw invalidRequest(...faults)
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
    delayMs: Math.round((body.delay_seconds ?? 0) * 1000),
  }
}

function headerFault(name: string, value: string): string | null {
  if (!TOKEN.test(name)) return 'is not a header name'
  if (REFUSED_HEADERS.has(name.toLowerCase())) return 'is for the connection, which is not yours'
  if (!FIELD_VALUE.test(value)) return 'holds characters that a header cannot'
  return null
}

function toJson(path: string, value: unknown, faults: Fault[]): JsonText | null {
  if (value == null) return null
  try {
    return JSON.stringify(value)
  } catch {
    // The parser goes deeper than the writer: some 10,000 levels.
    faults.push({ path, message: 'is nested too deeply' })
    return null
  }
}
