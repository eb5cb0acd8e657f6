/** Attempts are numbered from 1, only the last one may be open, and a closed one never changes. */
import type { Attempt } from '../../../src/task.ts'
import { isOpen } from '../model/row.ts'
import type { Transition } from '../model/task-models.ts'
import type { Checker } from '../check/checker.ts'

export function attemptsAreAppendOnly(): Checker {
  return {
    written(transition) {
      for (const [index, attempt] of transition.task.attempts.entries()) {
        const fault = attemptFault(transition, attempt, index)
        if (fault) return fault
      }
      return lengthFault(transition)
    },
  }
}

function attemptFault(
  { task, after, attemptsBefore }: Transition,
  attempt: Attempt,
  index: number,
): string | null {
  const which = `attempt ${attempt.attempt}`
  if (attempt.attempt !== index + 1) return `${which} has place ${index + 1}`
  const isLast = index === task.attempts.length - 1
  if (isOpen(attempt) && !(isLast && after.status === 'running')) return `${which} was left open`
  const earlier = attemptsBefore[index]
  const changed = earlier && !isOpen(earlier) && !Bun.deepEquals(earlier, attempt)
  return changed ? `${which} was closed and has changed` : null
}

function lengthFault({ task, attemptsBefore }: Transition): string | null {
  const count = attemptsBefore.length
  const added = task.attempts.length - count
  if (Math.abs(added) > 1) return `${count} attempts become ${task.attempts.length}`
  if (added === 1 && !isOpen(task.attempts.at(-1))) return 'an attempt starts closed'
  // An attempt may be taken back only while its request has not left the service.
  const wasSent = task.requests.some((request) => request.attempt === count)
  if (added === -1 && (!isOpen(attemptsBefore.at(-1)) || wasSent)) {
    return `attempt ${count} was sent and is taken back`
  }
  return null
}
