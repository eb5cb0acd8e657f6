/** One attempt: one fetch, one outcome. */
import { CallRefused } from '../droplets/call-refused.ts'
import { codeOf } from '../errors.ts'
import { within } from '../platform/time-limit.ts'
import type { Clock, Fetch } from '../ports.ts'
import type { AnswerReader, ReadAnswer } from './answer-reader.ts'
import { attemptHeaders, signatureHeaders } from './attempt-headers.ts'
import type { Outcome } from './outcome.ts'
import { retryAfterMs } from './retry-after.ts'
import type { Run } from './run.ts'
import type { Sign } from './signature.ts'

export interface AttemptPorts {
  clock: Clock
  fetch: Fetch
  answers: AnswerReader
  /** null: requests are not signed. */
  sign: Sign | null
  /** Of the traces that begin here, how many are sampled, 0 to 1. */
  traceShare: number
}

/** The kind of outcome for each reason to abort. */
const ABORTED = {
  cancelled: 'cancelled',
  shutdown: 'interrupted',
  'given up': 'interrupted',
  lost: 'interrupted',
} as const

/**
 * Sends the run's latest attempt. `limitMs` covers connecting, headers and body; aborting the run
 * aborts the request. Never rejects.
 */
export async function attempt(
  run: Run,
  limitMs: number,
  { clock, fetch, answers, sign, traceShare }: AttemptPorts,
): Promise<Outcome> {
  if (run.abortReason) return { kind: ABORTED[run.abortReason], unsent: true }
  const { task } = run
  const answer = await within(clock, limitMs, run, async (signal) => {
    const headers = attemptHeaders(task, traceShare)
    const response = await fetch(task.targetUrl, {
      method: task.method,
      headers: sign ? { ...headers, ...signatureHeaders(task, sign, clock.now()) } : headers,
      ...(task.payload === null ? {} : { body: task.payload }),
      signal,
    })
    const now = clock.now()
    return outcomeOf(response, await answers.read(response, signal), now)
  })
  if (answer.ok) return answer.value
  if (answer.kind === 'stopped') return { kind: ABORTED[run.abortReason ?? 'shutdown'] }
  if (answer.kind === 'timeout') return { kind: 'timeout', error: `no answer in ${limitMs} ms` }
  const { error, cause } = answer
  if (cause instanceof CallRefused) return { kind: 'refused', error, unsent: true }
  return { kind: 'unreachable', error, ...(hasNoDescriptors(cause) ? { isOurs: true } : {}) }
}

function hasNoDescriptors(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'EMFILE' || code === 'ENFILE'
}

/** `now`: when its headers came; wall clock, ms. */
function outcomeOf(response: Response, { body, truncated }: ReadAnswer, now: number): Outcome {
  const { status } = response
  if (truncated) return { kind: 'answered', status, body, truncated }
  const wait = status === 503 ? retryAfterMs(response.headers.get('retry-after'), now) : 0
  return wait > 0
    ? { kind: 'answered', status, body, retryAfterMs: wait }
    : { kind: 'answered', status, body }
}
