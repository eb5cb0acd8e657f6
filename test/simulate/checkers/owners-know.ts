/**
 * Several nodes: who owns a task knows of it, or has given it back before long: the answer to a
 * claim can be lost, and a submission can be taken for failed.
 */
import type { Checker, Context } from '../check/checker.ts'

/** As long as a statement may be on its way, and some rounds. */
const MAX_UNKNOWN_MS = 90_000

export function ownersKnow({ world, model, cluster }: Context): Checker {
  return {
    watchAll: () =>
      [...model.tasks.unfinished].flatMap(({ id, owner, knownTo, ownedSince }) => {
        const node = owner && knownTo !== owner.process ? cluster!.nodeOf(owner) : null
        if (!node || !model.leases!.isAlive(owner!.session)) return []
        const ms = world.now - Math.max(ownedSince, node.store.disturbedUntil)
        if (ms <= MAX_UNKNOWN_MS) return []
        return [{ text: `${node.name} has it, and does not know`, taskId: id }]
      }),
  }
}
