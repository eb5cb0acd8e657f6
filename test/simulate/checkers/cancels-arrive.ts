/**
 * Several nodes: a cancellation arrives at the node that has the task within two seconds, when
 * neither is disturbed: one until it is told, and one for the end to be recorded and found.
 */
import type { Call } from '../model/call-models.ts'
import type { Checker, Context } from '../check/checker.ts'

const MAX_CANCEL_MS = 2500

export function cancelsArrive({ world, model, cluster }: Context): Checker {
  /** Whose task it was when the call came. */
  const nodesOf = ({ about, process }: Call) => {
    const owner = model.tasks.find(about)?.owner
    const nodes = [cluster!.nodeOf(process), owner ? cluster!.nodeOf(owner) : undefined]
    return nodes.includes(null) ? null : nodes.filter((each) => each != null)
  }

  return {
    watchAll: () =>
      cluster!.nodes.flatMap(({ model: { calls } }) =>
        [...calls.open].flatMap((call) => {
          const nodes = call.kind === 'cancel' ? nodesOf(call) : null
          if (!nodes) return []
          const quietSince = Math.max(...nodes.map(({ store }) => store.disturbedUntil))
          // It may have been undone: it was taken for failed.
          if (!model.tasks.find(call.about)?.row) return []
          const ms = world.now - Math.max(call.startedAt, quietSince, ownedSince(call))
          if (ms <= MAX_CANCEL_MS) return []
          return [{ text: `it is not cancelled after ${Math.round(ms)} ms`, taskId: call.about }]
        }),
      ),
  }

  function ownedSince({ about }: Call): number {
    return model.tasks.find(about)?.ownedSince ?? 0
  }
}
