/** The headers of one attempt. */
import type { SecretHeaders, Task } from '../task.ts'
import { traceHeaders } from '../trace-context.ts'
import { USER_AGENT } from '../version.ts'
import type { Sign } from './signature.ts'

/**
 * What the service sets itself: a caller's value would be lost. The names with `*` stand
 * for all that begin so.
 */
export const OWN_HEADERS = [
  'Idempotency-Key',
  'X-Task-ID',
  'X-Attempt',
  'X-Request-ID',
  'User-Agent',
  'traceparent',
  'tracestate',
  'X-Orchestrator-Hops',
  // Standard Webhooks: `webhook-id`, `webhook-timestamp`, `webhook-signature`.
  'webhook-*',
] as const

const NAMES: ReadonlySet<string> = new Set(OWN_HEADERS.map((name) => name.toLowerCase()))
const PREFIXES = [...NAMES].filter((name) => name.endsWith('*')).map((name) => name.slice(0, -1))

/** `name`: in lower case. */
export function isOwnHeader(name: string): boolean {
  return NAMES.has(name) || PREFIXES.some((prefix) => name.startsWith(prefix))
}

/**
 * The caller's headers, then ours, which the caller can't replace; it may say another content
 * type. Names in lower case. `traceShare`: of the traces that begin here, those that are sampled.
 */
export function attemptHeaders(task: Task, traceShare: number): Record<string, string> {
  return {
    ...(task.payload === null ? {} : { 'content-type': 'application/json' }),
    ...task.headers,
    ...(task.secretHeaders === null ? {} : knownValues(task.secretHeaders)),
    'user-agent': USER_AGENT,
    'idempotency-key': task.id,
    'x-task-id': task.id,
    'x-attempt': String(task.attempts.length),
    'x-request-id': task.requestId,
    'x-orchestrator-hops': String(task.hops + 1),
    ...traceHeaders(task, task.attempts.length, traceShare),
  }
}

/** What shows that it is from here: made anew for each attempt. `now`: wall clock, ms. */
export function signatureHeaders(task: Task, sign: Sign, now: number): Record<string, string> {
  return sign(task.id, Math.floor(now / 1000), task.payload ?? '')
}

function knownValues(secret: SecretHeaders): Record<string, string> {
  const known = Object.entries(secret).filter(([, value]) => value !== null)
  return Object.fromEntries(known) as Record<string, string>
}

/**
 * Of a task's own headers. Beyond some 240 in all, Bun's fetch drops what sorts last without a
 * word, and it needs 5 s for 40,000 of them.
 */
const MAX_HEADERS = 200

/**
 * Why the task cannot be sent as it was asked for; null: it can. Requests are held to less when
 * they come in; this is for tasks that an earlier version accepted, and for a database that
 * somebody has changed.
 */
export function headersFault(task: Pick<Task, 'headers' | 'secretHeaders'>): string | null {
  const { headers, secretHeaders } = task
  const count = Object.keys(headers).length
  if (count > MAX_HEADERS) return `${count} headers are more than can be sent`
  const missing = Object.keys(secretHeaders ?? {}).filter((name) => secretHeaders![name] === null)
  return missing.length === 0 ? null : `the value of ${missing.join(', ')} is not known any more`
}
