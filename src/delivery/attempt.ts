/** One attempt: one fetch, one outcome. */
import { errorText } from '../errors.ts'
import type { Clock, Fetch } from '../ports.ts'
import { SERVICE, VERSION } from '../version.ts'
import type { Task } from '../task.ts'
import { bodyToJson, declaredLength, readAtMost, truncationMarker } from './body.ts'
import type { Outcome } from './outcome.ts'
import { retryAfterMs } from './retry-after.ts'

export interface AttemptPorts {
  clock: Clock
  fetch: Fetch
  maxResponseBytes: number
}

/** Why a task is called off; the reason of the abort signal that does it. */
export type Halt = 'cancelled' | 'shutdown'

const USER_AGENT = `${SERVICE}/${VERSION}`

/**
 * Sends the task's latest attempt. `limitMs` covers connecting, headers and body; `halt` calls
 * it off, with a `Halt` as its reason. Never rejects.
 */
export async function attempt(
  task: Task,
  limitMs: number,
  halt: AbortSignal,
  { clock, fetch, maxResponseBytes }: AttemptPorts,
): Promise<Outcome> {
  if (halt.aborted) return { ...halted(halt.reason as Halt), unsent: true }
  const controller = new AbortController()
  const callOff = () => controller.abort()
  const disarm = clock.after(limitMs, callOff)
  halt.addEventListener('abort', callOff)
  try {
    const response = await fetch(task.targetUrl, {
      method: task.method,
      headers: attemptHeaders(task),
      ...(task.payload === null ? {} : { body: task.payload }),
      signal: controller.signal,
    })
    return await answered(response, maxResponseBytes, clock.now())
  } catch (error) {
    if (halt.aborted) return halted(halt.reason as Halt)
    if (controller.signal.aborted) return { kind: 'timeout', error: `no answer in ${limitMs} ms` }
    return { kind: 'unreachable', error: errorText(error) }
  } finally {
    disarm()
    halt.removeEventListener('abort', callOff)
    // An answer that was not read to its end would hold its connection.
    controller.abort()
  }
}

function halted(reason: Halt): Outcome & { kind: 'cancelled' | 'interrupted' } {
  return { kind: reason === 'cancelled' ? 'cancelled' : 'interrupted' }
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
  const bytes = await readAtMost(response, maxBytes)
  if (bytes === null) {
    const message = "The droplet's answer is larger than TASK_MAX_RESPONSE_BYTES"
    const body = truncationMarker(declaredLength(response), maxBytes, message)
    return { kind: 'answered', status, body, truncated: true }
  }
  const body = bodyToJson(bytes, headers.get('content-type'))
  const wait = status === 503 ? retryAfterMs(headers.get('retry-after'), now) : 0
  return { kind: 'answered', status, body, ...(wait > 0 ? { retryAfterMs: wait } : {}) }
}
