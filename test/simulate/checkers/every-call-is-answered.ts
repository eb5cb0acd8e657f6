/** Every call is answered in time. One that waits for a task's end is answered when it ends. */
import { subjectOf, type Call } from '../model/call-models.ts'
import type { Checker, Context } from '../check/checker.ts'

const MAX_ANSWER_MS = 4000
/** It waits until the first request with its key has a task, or is refused; then for its own. */
const MAX_KEY_WAIT_MS = 15_000

/** Another node has the task, and does not answer: `cancels-arrive` looks at those that do. */
const MAX_OTHER_NODE_MS = 8000

export function everyCallIsAnswered({ world, model, disk }: Context): Checker {
  /** From when on nothing keeps the caller waiting. */
  function answerableAt({ kind, startedAt, maxWaitMs, about, created, process }: Call): number {
    const since = Math.max(startedAt, disk.disturbedUntil)
    const awaited = model.tasks.find(kind === 'find' ? about : created)
    const endedAt = awaited?.endedAt ?? Infinity
    // A stop answers those who only look on; a submission may still be on its way.
    const stopAt = kind === 'find' ? process.drainingSince : Infinity
    // The wait starts when the task is on disk.
    return Math.min(since + maxWaitMs, Math.max(since, Math.min(endedAt, stopAt)))
  }

  const maxAnswerMs = ({ key, kind }: Call) =>
    MAX_ANSWER_MS +
    (key === null ? 0 : MAX_KEY_WAIT_MS) +
    (kind === 'cancel' && model.leases ? MAX_OTHER_NODE_MS : 0)
  const finding = (call: Call, text: string) => ({ text, taskId: subjectOf(call) })

  return {
    watch: () =>
      [...model.calls.open]
        .filter((call) => world.now > answerableAt(call) + maxAnswerMs(call))
        .map((call) => finding(call, `the call to ${call.kind} gets no answer`)),

    settled: () =>
      [...model.calls.open].map((call) => finding(call, `the call to ${call.kind} never ends`)),
  }
}
