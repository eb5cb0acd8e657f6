/**
 * A caller whose task gets nowhere because its next step can't be recorded is told within 10 s,
 * and truly: what is known of the droplet's answer.
 */
import type { Call } from '../model/call-models.ts'
import { modeOf, type TaskModel } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'
import { MAX_LOOKUP_MS } from '../workload/callers.ts'

/** 10 s, and what a look every few seconds and timers that are late add to it. */
const MAX_TOLD_MS = 10_500

export function toldInTime({ world, model }: Context): Checker {
  /** Since when a step is on its way to the disk; null: none is, as far as is known. */
  function recordingSince(task: TaskModel): number | null {
    const last = task.requests.at(-1)
    if (task.atGate || (last && last.result === null)) return null
    const since = task.dueAt ?? last?.endedAt ?? task.issuedAt
    if (since > world.now) return null
    // Its end may be in the shared store, and be told late.
    return Math.max(since, task.acknowledgedAt, task.leftGateAt, task.endedAt ?? 0)
  }

  function waitingSince(call: Call): number | null {
    if (call.kind !== 'submit' && call.kind !== 'replay') return null
    const task = model.tasks.find(call.created)
    if (!task) return call.startedAt + MAX_LOOKUP_MS + call.maxWaitMs
    return modeOf(task) === 'sync' ? recordingSince(task) : null
  }

  return {
    watch: () =>
      [...model.calls.open].flatMap((call) => {
        const since = waitingSince(call)
        const ms = since === null ? 0 : world.now - Math.max(since, call.process.pausedUntil)
        if (!Number.isFinite(ms) || ms <= MAX_TOLD_MS) return []
        return [{ text: `its caller is told nothing for ${ms} ms`, taskId: call.created }]
      }),

    refused({ call, code, details }) {
      if (code !== 'STORE_UNAVAILABLE' || !('delivered' in details)) return null
      const task = model.tasks.find(String(details.task_id))
      // Its id may be known from a key in use, while the first write is still under way.
      const isUnsent = details.delivered === false && details.response_status === null
      if (!task?.row) return isUnsent ? null : 'its caller is told of a task that is not on disk'
      const answered = lastAnswered(task, call)
      if (mayNotKnowMore(task, details)) return null
      const isTrue =
        mayBeDelivered(task, call, answered).includes(details.delivered) &&
        details.response_status === answered
      return isTrue ? null : `its caller is told ${JSON.stringify(details)}; it was ${answered}`
    },
  }

  /** As far as the process that is asked knows: from its own requests, and from the disk. */
  function lastAnswered({ requests, attempts }: TaskModel, { process }: Call): number | null {
    const own = requests.findLast((each) => {
      return each.process === process.number && each.result?.kind === 'answered'
    })?.result
    if (own?.kind === 'answered') return own.status
    return (
      attempts.findLast(({ responseStatus }) => responseStatus !== null)?.responseStatus ?? null
    )
  }
}

/** It was paused, and has not heard of the latest answer yet: what it says was true before. */
function mayNotKnowMore({ requests }: TaskModel, details: Readonly<Record<string, unknown>>) {
  if (!requests.some(({ endedInPause }) => endedInPause)) return false
  const wasAnsweredSo = requests.some(
    ({ result }) => result?.kind === 'answered' && result.status === details.response_status,
  )
  return details.delivered === null || (details.delivered === true && wasAnsweredSo)
}

/** What the process may say of whether the task was delivered. */
function mayBeDelivered(
  { requests, attempts }: TaskModel,
  { process }: Call,
  answered: number | null,
): unknown[] {
  if (answered !== null) return [true]
  const hasEnded = attempts.some(
    ({ durationMs, interrupted }) => durationMs !== null || interrupted,
  )
  // That nothing was sent is true, whoever has ended the task since.
  const mayBeSent = hasEnded && requests.length > 0
  if (mayBeSent || requests.some((each) => each.process === process.number)) return [null]
  // An attempt on disk that has not ended: another process may have sent it, or nobody yet.
  return attempts.length > 0 ? [false, null] : [false]
}
