/** What is recorded of an attempt is what happened to its request. */
import { INTERRUPTED, type Attempt } from '../../../src/task.ts'
import { isOpen } from '../model/row.ts'
import { abortReasons } from '../model/rules.ts'
import type { SentRequest } from '../model/sent-request.ts'
import type { Transition } from '../model/task-models.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import type { Checker, Context } from '../check/checker.ts'
import { TIMED_OUT } from '../check/messages.ts'

export function attemptsAreTrue({ world }: Context): Checker {
  return {
    written(transition) {
      for (const attempt of closedAttempts(transition)) {
        const fault = closingFault(transition, attempt, world)
        if (fault) return fault
      }
      return null
    },
  }
}

/** The attempts that were in flight before this write, and are not now. */
function closedAttempts({ task, attemptsBefore }: Transition): readonly Attempt[] {
  return task.attempts.filter((attempt, index) => isOpen(attemptsBefore[index]) && !isOpen(attempt))
}

function closingFault(
  { task, process }: Transition & { process: SimProcess },
  attempt: Attempt,
  world: World,
): string | null {
  const which = `attempt ${attempt.attempt}`
  const request = task.requests.find((each) => each.attempt === attempt.attempt)
  // Of several nodes, each session is as good as another process.
  const isOwn = request?.owner == null || request.owner.session === task.owner?.session
  if (request?.process === process.number && isOwn) {
    const fault = recordFault(attempt, request, abortReasons(request, process, world))
    return fault && `${which}: ${fault}`
  }
  // An earlier process sent it, or nothing was sent: nobody knows what became of it.
  return attempt.interrupted ? null : `${which} is closed, but not as interrupted`
}

function recordFault(
  attempt: Attempt,
  request: SentRequest,
  reasons: ReturnType<typeof abortReasons>,
): string | null {
  const { result } = request
  const { responseStatus, error } = attempt
  if (request.endedInPause && responseStatus === null && error !== null) return null
  if (result === null) return 'it is recorded while it is in flight'
  if (result.kind === 'answered') {
    return responseStatus === result.status
      ? null
      : `${responseStatus} is recorded, and the answer was ${result.status}`
  }
  if (responseStatus !== null) return `${responseStatus} is recorded, but it was not answered`
  if (error === null) return 'it has no error, but it was not answered'
  if (result.kind === 'failed') {
    return TIMED_OUT.test(error) ? 'its connection failed, and a timeout is recorded' : null
  }
  return abortFault(error, reasons)
}

function abortFault(error: string, reasons: ReturnType<typeof abortReasons>): string | null {
  if (TIMED_OUT.test(error)) return reasons.includes('timeout') ? null : 'it timed out too early'
  if (error === 'cancelled') return reasons.includes('cancelled') ? null : 'nobody cancelled it'
  if (error !== INTERRUPTED) return `it was aborted, and '${error}' is recorded`
  return reasons.includes('shutdown') || reasons.includes('lost')
    ? null
    : 'it was interrupted without a shutdown'
}
