/** Every call is answered in time; one that waits for a task's end, when the task ends. */
import { subjectOf } from '../model/call-models.ts'
import type { Checker, Context } from '../check/checker.ts'

const MAX_ANSWER_MS = 4000

export function everyCallIsAnswered({ world, model, disk }: Context): Checker {
  return {
    watch: () =>
      [...model.calls.open]
        .filter(({ startedAt, maxWaitMs }) => {
          const since = Math.max(startedAt, disk.disturbedUntil)
          return world.now - since > maxWaitMs + MAX_ANSWER_MS
        })
        .map((call) => ({
          text: `the call to ${call.kind} gets no answer`,
          taskId: subjectOf(call),
        })),

    settled: () =>
      [...model.calls.open].map((call) => ({
        text: `the call to ${call.kind} never ends`,
        taskId: subjectOf(call),
      })),
  }
}
