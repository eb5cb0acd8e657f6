/** One attempt: one fetch, one outcome. */
import { declaredLength, readBody } from '../platform/bounded-body.ts'
import { within } from '../platform/time-limit.ts'
import type { Clock, Fetch } from '../ports.ts'
import { truncationMarker } from '../truncation.ts'
import { bodyToJson } from './answer.ts'
import { attemptHeaders } from './attempt-headers.ts'
import type { Outcome } from './outcome.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Run } from './run.ts'

export interface AttemptPorts {
  clock: Clock
  fetch: Fetch
  maxResponseBytes: number
}

/** The kind of outcome for each reason to abort. */
const ABORTED = { cancelled: 'cancelled', shutdown: 'interrupted' } as const

/**
 * Sends the run's latest attempt. `limitMs` covers connecting, headers and body; aborting the run
 * aborts the request. Never rejects.
 */
export async function attempt(
  run: Run,
  limitMs: number,
  { clock, fetch, maxResponseBytes }: AttemptPorts,
): Promise<Outcome> {
  if (run.abortReason) return { kind: ABORTED[run.abortReason], unsent: true }
  const { task } = run
  const answer = await within(clock, limitMs, run, async (signal) => {
    const response = await fetch(task.targetUrl, {
      method: task.method,
      headers: attemptHeaders(task),
      ...(task.payload === null ? {} : { body: task.payload }),
      signal,
    })
    return readAnswer(response, maxResponseBytes, clock.now())
  })
  if (answer.ok) return answer.value
  if (answer.kind === 'stopped') return { kind: ABORTED[run.abortReason ?? 'shutdown'] }
  return answer.kind === 'timeout'
    ? { kind: 'timeout', error: `no answer in ${limitMs} ms` }
    : { kind: 'unreachable', error: answer.error }
}

async function readAnswer(response: Response, maxBytes: number, now: number): Promise<Outcome> {
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
