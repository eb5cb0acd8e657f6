/**
 * A task ends early only because it was cancelled, its retries are used up, its deadline has
 * passed, the Registry blocks its droplet, the gate has passed over its attempts, or, synchronous, because the process went away;
 * or because its caller had been told that it was not started.
 */
import { INTERRUPTED } from '../../../src/task.ts'
import { backoffMs, failuresIn, isRetryable, ROUNDING_MS } from '../model/rules.ts'
import type { SentRequest } from '../model/sent-request.ts'
import { hasEnded, modeOf, type TaskModel } from '../model/task-model.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { World } from '../world/world.ts'
import type { Checker, Context } from '../check/checker.ts'
import { CIRCUIT_OPEN, DROPLET_BLOCKED, NO_PLACE } from '../check/messages.ts'

export function endsForAReason({ world }: Context): Checker {
  return {
    written: ({ task, process }) => (hasEnded(task) ? endFault(task, process, world) : null),
  }
}

function endFault(task: TaskModel, process: SimProcess, world: World): string | null {
  const { status, error_message: message } = task.row!
  if (status === 'success') return null
  if (status === 'cancelled') return task.cancelRequested ? null : 'nobody cancelled it'
  if (message === INTERRUPTED) return interruptionFault(task, process)
  const failed = task.attempts.at(-1)
  const last = task.requests.at(-1)
  if (CIRCUIT_OPEN.test(String(message)) || NO_PLACE.test(String(message))) {
    const tooFewRetries = passedOverFault(task)
    return deadlineFault(task, world) === null ? null : tooFewRetries
  }
  if (last && failed?.attempt === last.attempt && failed.error === message) {
    const tooFewRetries = gaveUpFault(task, last)
    return deadlineFault(task, world) === null ? null : tooFewRetries
  }
  return DROPLET_BLOCKED.test(String(message)) ? null : deadlineFault(task, world)
}

function interruptionFault(task: TaskModel, process: SimProcess): string | null {
  if (task.refusedBy === process.number) return null
  if (modeOf(task) === 'async') return 'an asynchronous task ends as interrupted'
  const isOthers = task.acceptedBy !== null && task.owner?.session !== task.acceptedBy.session
  const restarted = task.process !== process.number || isOthers
  return process.draining || restarted ? null : 'interrupted, but there was no restart'
}

function passedOverFault(task: TaskModel): string | null {
  if (task.passedOver === 0) return 'the gate has passed over none of its attempts'
  return retriesFault(task, task.leftGateAt, undefined)
}

function gaveUpFault(task: TaskModel, last: SentRequest): string | null {
  return isRetryable(last.result) ? retriesFault(task, last.endedAt, last) : null
}

/** `failedAt`: when its last attempt did, or was passed over. */
function retriesFault(
  { row, attempts, passedOver, deadlineFrom }: TaskModel,
  failedAt: number,
  last: SentRequest | undefined,
): string | null {
  const failures = failuresIn(attempts) + passedOver
  const maxRetries = row!.max_retries as number
  if (failures > maxRetries) return null
  const deadline = row!.deadline_ms as number | null
  if (deadline !== null) {
    if (deadlineFrom === null) return null
    // Nothing is tried again when the deadline would pass during the wait.
    const elapsed = failedAt - deadlineFrom.earliest
    if (elapsed + backoffMs(failures, last) >= deadline - ROUNDING_MS) return null
  }
  return `it gave up after ${failures} failures of ${maxRetries + 1}`
}

function deadlineFault({ row, deadlineFrom }: TaskModel, world: World): string | null {
  const deadline = row!.deadline_ms as number | null
  if (deadline === null) return 'it timed out without a deadline'
  const toleranceMs = ROUNDING_MS + world.skewMs(deadline)
  if (deadlineFrom === null || world.now >= deadlineFrom.earliest + deadline - toleranceMs) {
    return null
  }
  return 'it timed out before its deadline'
}
