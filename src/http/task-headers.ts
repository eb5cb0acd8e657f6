/** The headers that a task may bring along. Each is sent, or refused: none is dropped. */
import { isOwnHeader } from '../delivery/attempt-headers.ts'
import type { FieldError } from '../errors.ts'
import { membersOf, type Member } from '../json-text.ts'
import type { TaskRequest } from '../task.ts'
import { MAX_DEPTH } from './json-body.ts'
import { pointerTo } from './validation.ts'

/** Bun's fetch drops headers beyond some 240, and needs seconds for 40,000. */
export const MAX_HEADERS = 64
/** Names and values together; servers take 8 to 64 KB of headers in all. */
export const MAX_HEADER_BYTES = 16 * 1024

/**
 * Hop-by-hop (RFC 9110, section 7.6.1) and framing headers: they speak of a connection, and this
 * one is ours.
 */
const OF_CONNECTION = new Set([
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

type TaskHeaders = TaskRequest['headers']

/**
 * Names in lower case: to HTTP, case makes no difference. `text`: the object as it was written,
 * because the parser has dropped the first of two equal names.
 */
export function toHeaders(given: TaskHeaders, text: string, errors: FieldError[]): TaskHeaders {
  const written = membersOf(text, MAX_DEPTH) ?? []
  const headers: Record<string, string> = {}
  const message = sizeError(given, written.length)
  if (message) {
    errors.push({ path: '/headers', message })
    return headers
  }
  for (const [name, value] of Object.entries(given)) {
    const message = fieldError(name, value)
    if (message) errors.push({ path: pointerTo('/headers', name), message })
    else set(headers, name.toLowerCase(), value)
  }
  if (Object.keys(headers).length < written.length) errors.push(...repetitions(written))
  return headers
}

/** Unlike an assignment alone, it makes a member of `__proto__`, too. */
function set(headers: Record<string, string>, name: string, value: string): void {
  if (name !== '__proto__') headers[name] = value
  else Object.defineProperty(headers, name, { value, enumerable: true, writable: true })
}

function sizeError(given: TaskHeaders, count: number): string | null {
  if (count > MAX_HEADERS) return `must be at most ${MAX_HEADERS} headers`
  // What is not ASCII is refused in names, and is Latin-1, a byte each, in values.
  let bytes = 0
  for (const [name, value] of Object.entries(given)) bytes += name.length + value.length
  return bytes > MAX_HEADER_BYTES
    ? `must be at most ${MAX_HEADER_BYTES} bytes, names and values together`
    : null
}

function fieldError(name: string, value: string): string | null {
  if (!TOKEN.test(name)) return 'is not a header name'
  const lowerCase = name.toLowerCase()
  if (OF_CONNECTION.has(lowerCase) || isOwnHeader(lowerCase))
    return 'is set by the service: leave it out'
  return FIELD_VALUE.test(value) ? null : 'holds characters that a header cannot'
}

/** Names that are there before, in whatever case. */
function repetitions(written: readonly Member[]): FieldError[] {
  const errors: FieldError[] = []
  const seen = new Set<string>()
  const message = 'is there twice; upper and lower case are the same'
  for (const { name } of written) {
    if (seen.has(name.toLowerCase())) errors.push({ path: pointerTo('/headers', name), message })
    seen.add(name.toLowerCase())
  }
  return errors
}
