/**
 * W3C Trace Context (https://www.w3.org/TR/trace-context/): which trace a task belongs to, and the
 * ids of its spans. Nothing is generated and nothing is kept but what the caller sent: a task's id
 * is as random as a trace id has to be, so whoever has the task has the trace, after a restart too.
 */

/** The trace that a task's caller is in. */
export interface CallerTrace {
  /** A `traceparent` of version 00: `00-<trace id>-<id of the caller's span>-<flags>`. */
  readonly parent: string
  /** `tracestate`: the caller's, for whom the trace goes through; null: none. */
  readonly state: string | null
}

/** What a task has of it. */
interface Traced {
  /** The task's. */
  readonly id: string
  readonly trace: CallerTrace | null
}

/** The number of the task's own span. Those of its attempts have theirs, from 1. */
const TASK = 0
/** A bit of the flags: somebody keeps this trace. */
const SAMPLED = 1

/** 32 hexadecimal digits. Without a caller's trace: those of the task's id. */
export function traceIdOf({ id, trace }: Traced): string {
  return trace === null ? digitsOf(id) : trace.parent.slice(3, 35)
}

/** 16 hexadecimal digits, never all zero. `attempt`: from 1; without it, the span of the task. */
export function spanIdOf(taskId: string, attempt = TASK): string {
  return spanIdIn(digitsOf(taskId), attempt)
}

function spanIdIn(digits: string, attempt: number): string {
  const last = (Number.parseInt(digits.slice(24), 16) ^ attempt) >>> 0
  return digits.slice(16, 24) + last.toString(16).padStart(8, '0')
}

/** The caller's span; null: the trace begins with the task. */
export function parentSpanIdOf({ trace }: Traced): string | null {
  return trace && trace.parent.slice(36, 52)
}

/**
 * Two hexadecimal digits: the caller's flags; of a trace that begins here "sampled", or nothing.
 * `share`: of those, how many are sampled, 0 to 1.
 */
export function flagsOf(task: Traced, share = 1): string {
  const { trace, id } = task
  if (trace !== null) return trace.parent.slice(53)
  return share >= 1 || isWithin(digitsOf(id), share) ? '01' : '00'
}

export function isSampled(task: Traced, share = 1): boolean {
  return (Number.parseInt(flagsOf(task, share), 16) & SAMPLED) !== 0
}

/**
 * By the last 56 bits, which are random (Trace Context, level 2): whoever else samples by them, as
 * OpenTelemetry does, keeps the same traces.
 */
function isWithin(traceId: string, share: number): boolean {
  return Number.parseInt(traceId.slice(18), 16) >= (1 - share) * 2 ** 56
}

/** What an attempt sends: names in lower case. `share`: as in `flagsOf`. */
export function traceHeaders(task: Traced, attempt: number, share = 1): Record<string, string> {
  const digits = digitsOf(task.id)
  const traceId = task.trace === null ? digits : traceIdOf(task)
  const traceparent = `00-${traceId}-${spanIdIn(digits, attempt)}-${flagsOf(task, share)}`
  const state = task.trace?.state
  return state ? { traceparent, tracestate: state } : { traceparent }
}

/** Of versions 4 and 7. By its variant, the right half of one is never all zero. */
const UUID = /^[\da-f]{8}-[\da-f]{4}-[47][\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/

/** 32 of them. What is not a UUID, as in a database that somebody has changed, is hashed. */
function digitsOf(id: string): string {
  if (UUID.test(id)) return id.replaceAll('-', '')
  return new Bun.CryptoHasher('sha256').update(id).digest('hex').slice(0, 32)
}
