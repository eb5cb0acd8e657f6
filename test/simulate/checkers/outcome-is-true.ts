/** A task's outcome, with its answer, is what its droplet last answered, or that it never did. */
import { MAX_STORED_BODY_BYTES } from '../../../src/store/stored-body.ts'
import type { Row } from '../../../src/store/sqlite/rows.ts'
import { INTERRUPTED, type JsonText } from '../../../src/task.ts'
import type { RequestResult } from '../model/sent-request.ts'
import { hasEnded, type TaskModel } from '../model/task-model.ts'
import { bodyFault } from '../check/body-fault.ts'
import type { Checker } from '../check/checker.ts'
import { DEADLINE_PASSED, TIMED_OUT } from '../check/messages.ts'

export function outcomeIsTrue(): Checker {
  return {
    written: ({ task }) => (hasEnded(task) ? outcomeFault(task) : null),
  }
}

function outcomeFault(task: TaskModel): string | null {
  const row = task.row!
  if (row.status === 'cancelled' || row.error_message === INTERRUPTED) return null
  if (row.status === 'success') return answerFault(row, task.requests.at(-1)?.result, true)
  // Whatever came after it, the last answer is the outcome.
  const answer = lastAnswer(task)
  return answer ? answerFault(row, answer, false) : unansweredFault(row)
}

/** What the droplet answered last, as far as the service knows. */
function lastAnswer({ attempts, requests, attemptsBeforeResume }: TaskModel): RequestResult | null {
  const answered = attempts.findLast((each) => each.responseStatus !== null)
  if (!answered || answered.attempt <= attemptsBeforeResume) return null
  return requests.find((each) => each.attempt === answered.attempt)?.result ?? null
}

function answerFault(
  row: Row,
  result: RequestResult | null | undefined,
  success: boolean,
): string | null {
  if (result?.kind !== 'answered') return `${row.status}, but the droplet did not answer`
  const isGood = result.status >= 200 && result.status < 300 && !result.tooLarge
  if (isGood !== success) return `${row.status}, but the droplet answered ${result.status}`
  if (row.response_status !== result.status) {
    return `${row.response_status} is recorded, and the answer was ${result.status}`
  }
  return bodyFault(row.response_body as JsonText | null, result, MAX_STORED_BODY_BYTES)
}

function unansweredFault(row: Row): string | null {
  const message = (row.error_message as string | null) ?? ''
  if (row.response_status !== null) {
    return `${row.response_status} is recorded, but it never answered`
  }
  const timedOut = TIMED_OUT.test(message) || DEADLINE_PASSED.test(message)
  // While it waits for a slot, its deadline may pass after a failure of another kind.
  const right = row.status === 'timeout' ? timedOut || row.deadline_ms !== null : !timedOut
  return right ? null : `${row.status}, and the last failure was: ${message}`
}
