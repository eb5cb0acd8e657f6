/** The trace that a request belongs to: W3C Trace Context, sections 3.2 and 3.3. */
import type { CallerTrace } from '../trace-context.ts'

/** Version 00. Later versions begin so, too, and may go on after a dash; there is no version ff. */
const TRACEPARENT = /^(?!ff)([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/
const ZEROS = /^0+$/
/** Of the flags: "sampled", and level 2's "random". Others mean nothing yet, and must be 0. */
const KNOWN_FLAGS = 0b11

const KEY = /^(?:[a-z][a-z\d_*/-]{0,255}|[a-z\d][a-z\d_*/-]{0,240}@[a-z][a-z\d_*/-]{0,13})$/
/** Printable, and no white space at its end. */
const VALUE = /^[\x20-\x2b\x2d-\x3c\x3e-\x7e]{0,255}[\x21-\x2b\x2d-\x3c\x3e-\x7e]$/
const MAX_MEMBERS = 32
const MAX_STATE_LENGTH = 512
/** What is longer goes first when it is too much in all. */
const LONG_MEMBER = 128

/** null: there is none, or it is not valid; then a trace begins with the task. */
export function traceOf(headers: Headers): CallerTrace | null {
  const text = headers.get('traceparent')
  if (text === null) return null
  const [, version, traceId, spanId, flags, rest] = TRACEPARENT.exec(text) ?? []
  if (version === undefined || (version === '00' && rest !== undefined)) return null
  if (ZEROS.test(traceId!) || ZEROS.test(spanId!)) return null
  const known = (Number.parseInt(flags!, 16) & KNOWN_FLAGS).toString(16).padStart(2, '0')
  return { parent: `00-${traceId}-${spanId}-${known}`, state: stateOf(headers.get('tracestate')) }
}

/** Several header lines have been joined already. What is not valid is dropped as a whole. */
function stateOf(text: string | null): string | null {
  if (text === null) return null
  const members = text
    .split(',')
    .map((member) => member.trim())
    .filter((member) => member !== '')
  if (members.length > MAX_MEMBERS || !members.every(isMember)) return null
  return shortened(members).join(',') || null
}

function isMember(text: string): boolean {
  const equals = text.indexOf('=')
  return equals > 0 && KEY.test(text.slice(0, equals)) && VALUE.test(text.slice(equals + 1))
}

/** Whole members are left out: the long ones, then the oldest, which are the last. */
function shortened(members: readonly string[]): readonly string[] {
  const lengthOf = (kept: readonly string[]) => kept.join(',').length
  if (lengthOf(members) <= MAX_STATE_LENGTH) return members
  const short = members.filter((member) => member.length <= LONG_MEMBER)
  while (lengthOf(short) > MAX_STATE_LENGTH) short.pop()
  return short
}
