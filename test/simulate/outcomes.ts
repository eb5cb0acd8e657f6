/** Whether what the service recorded is what happened. */
import { REMEMBERED_BODY_BYTES } from '../../src/store/remembered-body.ts'
import { INTERRUPTED, type Attempt, type JsonText } from '../../src/task.ts'
import type { Row } from '../../src/store/sqlite/rows.ts'
import { failuresOf, promisedWait, type Ending, type Known, type Sent } from './known.ts'
import type { Process } from './process.ts'

const TIMED_OUT = /^no answer in /
const TOO_LATE = /^the deadline of /

/** Why a request may have been called off; `now` is when it was. */
export function abortReasons(sent: Sent, process: Process, now: number): string[] {
  const { task } = sent
  const reasons: string[] = []
  if (now >= timeLimit(sent).earliest) reasons.push('timeout')
  if (task.cancelAsked) reasons.push('cancelled')
  if (process.draining) reasons.push('shutdown')
  return reasons
}

/** Between when and when a request that isn't answered must be called off. */
export function timeLimit({ task, at }: Sent): { earliest: number; latest: number } {
  const timeout = at + (task.row?.timeout_ms as number)
  const deadline = task.row?.deadline_ms as number | null
  if (deadline === null) return { earliest: timeout, latest: timeout }
  if (task.born === null) return { earliest: at, latest: timeout }
  const { earliest, latest } = task.born
  return {
    earliest: Math.min(timeout, Math.max(at, earliest + deadline) - 1),
    latest: Math.min(timeout, Math.max(at, latest + deadline) + 1),
  }
}

/** The record of an attempt that was sent by the process that runs now. */
export function attemptFault(attempt: Attempt, sent: Sent, process: Process): string | null {
  const { end } = sent
  const which = `attempt ${attempt.attempt}`
  if (end === null) return `${which} is recorded while it is in flight`
  const recorded = attempt.responseStatus
  if (end.kind === 'answered') {
    return recorded === end.status ? null : `${which}: ${recorded} for an answered ${end.status}`
  }
  if (recorded !== null) return `${which}: ${recorded}, but it was not answered`
  if (attempt.error === null) return `${which} has no error, but it was not answered`
  if (end.kind === 'broken') {
    return TIMED_OUT.test(attempt.error) ? `${which} broke and is called a timeout` : null
  }
  const reasons = abortReasons(sent, process, sent.endedAt)
  if (TIMED_OUT.test(attempt.error))
    return reasons.includes('timeout') ? null : `${which}: too early`
  if (attempt.error === 'cancelled')
    return reasons.includes('cancelled') ? null : `${which}: by whom?`
  if (attempt.error !== INTERRUPTED) return `${which}: ${attempt.error}, but it was called off`
  return reasons.includes('shutdown') ? null : `${which} was interrupted without a shutdown`
}

/** The record of a task that has just ended. */
export function endFault(task: Known, process: Process, now: number): string | null {
  const row = task.row!
  const message = row.error_message as string | null
  const last = task.sent.at(-1)
  if (row.status === 'cancelled') return task.cancelAsked ? null : 'nobody asked for its end'
  if (row.status === 'success') return answerFault(row, last?.end, true)
  if (message === INTERRUPTED) {
    if (row.mode === 'async') return 'an asynchronous task ends as interrupted'
    const elsewhere = task.process !== process.number
    return process.draining || elsewhere ? null : 'interrupted, but there was no restart'
  }
  // Whatever came after it, the last answer is the result.
  const answer = lastAnswer(task)
  const fault = answer ? answerFault(row, answer, false) : unansweredFault(row)
  if (fault) return fault
  const failed = task.attempts.at(-1)
  if (failed && failed.attempt === last?.attempt && failed.error === message) {
    const early = gaveUpFault(task, last)
    return early && deadlineFault(task, now) && early
  }
  if (message?.startsWith('the Registry lists droplet')) return null
  return deadlineFault(task, now)
}

/** What the droplet answered last, as far as the service remembers it. */
function lastAnswer({ attempts, sent, resumedAfter }: Known): Ending | null {
  const answered = attempts.findLast((each) => each.responseStatus !== null)
  if (!answered || answered.attempt <= resumedAfter) return null
  return sent.find((each) => each.attempt === answered.attempt)?.end ?? null
}

function unansweredFault(row: Row): string | null {
  const message = row.error_message as string | null
  if (row.response_status !== null) return `${row.response_status} although it never answered`
  const timedOut = TIMED_OUT.test(message ?? '') || TOO_LATE.test(message ?? '')
  // In line for a slot, its deadline may pass after a failure of another kind.
  const right = row.status === 'timeout' ? timedOut || row.deadline_ms !== null : !timedOut
  return right ? null : `${row.status}, and the last failure was: ${message}`
}

function answerFault(row: Row, end: Ending | null | undefined, success: boolean): string | null {
  if (end?.kind !== 'answered') return `${row.status}, but the droplet did not answer`
  const good = end.status >= 200 && end.status < 300 && !end.tooLarge
  if (good !== success) return `${row.status}, but the droplet answered ${end.status}`
  if (row.response_status !== end.status) return `${row.response_status} for ${end.status}`
  return bodyFault(row.response_body as JsonText | null, end, REMEMBERED_BODY_BYTES)
}

export function bodyFault(
  body: JsonText | null,
  end: Ending & { kind: 'answered' },
  most: number,
): string | null {
  const truncated = end.tooLarge || Buffer.byteLength(end.json ?? '') > most
  const right = truncated ? body?.startsWith('{"_truncated":true,') : body === end.json
  return right ? null : `the body is ${body?.slice(0, 200)}, not ${end.json?.slice(0, 200)}`
}

/** It ended although there were retries left, and time. */
function gaveUpFault(task: Known, last: Sent): string | null {
  const row = task.row!
  if (!isRetryable(last.end)) return null
  const failures = failuresOf(task.attempts)
  if (failures > (row.max_retries as number)) return null
  if (row.deadline_ms !== null) {
    if (task.born === null) return null
    const elapsed = last.endedAt - task.born.earliest
    if (elapsed + promisedWait(failures, last) >= (row.deadline_ms as number) - 1) return null
  }
  return `it gave up after ${failures} failures of ${Number(row.max_retries) + 1}`
}

export function isRetryable(end: Ending | null): boolean {
  if (end === null || end.kind === 'crash') return false
  return end.kind === 'answered' ? end.status >= 500 && !end.tooLarge : true
}

function deadlineFault({ row, born }: Known, now: number): string | null {
  if (row?.deadline_ms === null) return 'it timed out without a deadline'
  if (born === null || now >= born.earliest + (row?.deadline_ms as number) - 1) return null
  return 'it timed out before its deadline'
}
