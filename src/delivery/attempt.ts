/** One attempt: one fetch, one outcome. */
import { errorText } from '../errors.ts'
import { declaredLength, readBody } from '../platform/bounded-body.ts'
import type { Clock, Fetch } from '../ports.ts'
import { SERVICE, VERSION } from '../version.ts'
import type { Task } from '../task.ts'
import { truncationMarker } from '../truncation.ts'
import { bodyToJson } from './answer.ts'
import type { Outcome } from './outcome.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Run } from './run.ts'

export interface AttemptPorts {
  clock: Clock
  fetch: Fetch
  maxResponseBytes: number
}

const HALTED = { cancelled: 'cancelled', shutdown: 'interrupted' } as const

const USER_AGENT = `${SERVICE}/${VERSION}`

/**
 * Sends the run's latest attempt. `limitMs` covers connecting, headers and body; halting the run
 * calls it off. Never rejects.
 */
export async function attempt(
  run: Run,
  limitMs: number,
  { clock, fetch, maxResponseBytes }: AttemptPorts,
): Promise<Outcome> {
  if (run.halted) return { kind: HALTED[run.halted], unsent: true }
  const { task } = run
  const controller = new AbortController()
  const callOff = () => controller.abort()
  let timedOut = false
  const disarm = clock.after(limitMs, () => {
    timedOut = true
    callOff()
  })
  run.onHalt(callOff)
  try {
    const response = await fetch(task.targetUrl, {
      method: task.method,
      headers: attemptHeaders(task),
      ...(task.payload === null ? {} : { body: task.payload }),
      signal: controller.signal,
    })
    return await answered(response, maxResponseBytes, clock.now())
  } catch (error) {
    // What was not read to its end would hold its connection.
    callOff()
    if (run.halted) return { kind: HALTED[run.halted] }
    if (timedOut) return { kind: 'timeout', error: `no answer in ${limitMs} ms` }
    return { kind: 'unreachable', error: errorText(error) }
  } finally {
    disarm()
    run.onHalt(null)
  }
}

/** The caller's headers, then ours, which the caller can't replace. Names in lower case. */
function attemptHeaders(task: Task): Record<string, string> {
  return {
    ...(task.payload === null ? {} : { 'content-type': 'application/json' }),
    ...task.headers,
    'user-agent': USER_AGENT,
    'idempotency-key': task.id,
    'x-task-id': task.id,
    'x-attempt': String(task.attempts.length),
    'x-request-id': task.requestId,
  }
}

async function answered(response: Response, maxBytes: number, now: number): Promise<Outcome> {
  const { status, headers } = response
  const bytes = await readBody(response, maxBytes)
  if (bytes === null) {
    const message = "The droplet's answer is larger than TASK_MAX_RESPONSE_BYTES"
    const body = truncationMarker(declaredLength(response), maxBytes, message)
    return { kind: 'answered', status, body, truncated: true }
  }
  const body = bodyToJson(bytes, headers.get('content-type'))
  const wait = status === 503 ? retryAfterMs(headers.get('retry-after'), now) : 0
  return { kind: 'answered', status, body, ...(wait > 0 ? { retryAfterMs: wait } : {}) }
}
