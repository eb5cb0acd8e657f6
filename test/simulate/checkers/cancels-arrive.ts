/**
 * Several nodes: a cancellation arrives at the node that has the task within a second, when neither
 * is disturbed; and its caller hears of the end before long.
 */
import type { Call } from '../model/call-models.ts'
import { hasEnded } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

/** A second, and until the end is recorded and found. */
const MAX_CANCEL_MS = 2500

export function cancelsArrive({ world, model, cluster }: Context): Checker {
  /** Since when nothing keeps the caller waiting, simulated ms; Infinity: something does. */
  function quietSince({ about, process, startedAt }: Call): number {
    const task = model.tasks.find(about)
    const caller = cluster!.nodeOf(process)
    // It may have been undone: it was taken for failed.
    if (!task?.row || !caller) return Infinity
    const since = Math.max(startedAt, caller.store.disturbedUntil)
    if (hasEnded(task)) return Math.max(since, task.endedAt ?? 0)
    const owner = task.owner && cluster!.nodeOf(task.owner)
    return owner ? Math.max(since, task.ownedSince, owner.store.disturbedUntil) : Infinity
  }

  return {
    watchAll: () =>
      cluster!.nodes.flatMap(({ model: { calls } }) =>
        [...calls.open].flatMap((call) => {
          const ms = call.kind === 'cancel' ? world.now - quietSince(call) : 0
          if (ms <= MAX_CANCEL_MS) return []
          return [{ text: `it is not cancelled after ${Math.round(ms)} ms`, taskId: call.about }]
        }),
      ),
  }
}
