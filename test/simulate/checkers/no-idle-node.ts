/**
 * Several nodes: a task that is due and that nobody owns is taken within seconds when there is a
 * node that could run it, or, synchronous, that could end it; and no task stays with a dead session.
 */
import type { SimNode } from '../cluster/sim-node.ts'
import { dropletOf, modeOf, type TaskModel } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

/** Two polls of an idle node, and what a slot or the gate may still hold up. */
const MAX_IDLE_MS = 5000
/** A lease, a third of it until somebody looks, and that it may have been renewed just then. */
const MAX_ORPHAN_LEASES = 2

export function noIdleNode({ world, model, cluster }: Context): Checker {
  const leases = model.leases!

  /** Since when it could take a task of which nothing is sent, simulated ms; Infinity: it can't. */
  function thereSince({ supervisor, store, pausedUntil }: SimNode): number {
    const serving = supervisor.serving
    if (!serving || serving.process.draining || pausedUntil === world.now) return Infinity
    return Math.max(store.disturbedUntil, serving.process.servingSince)
  }

  /** Since when it could take any of the droplet. */
  function freeSince(node: SimNode, droplet: string): number {
    const { slots, gates } = node.model
    slots.updateCongestion()
    if (slots.isBusy) return Infinity
    return Math.max(
      thereSince(node),
      slots.congestedUntil(droplet),
      slots.busyUntil,
      gates.shutUntil(droplet),
    )
  }

  /** Since when a node could have taken it. */
  function takeableSince(task: TaskModel): number {
    const droplet = dropletOf(task)
    const isOver = modeOf(task) === 'sync'
    return Math.min(
      ...cluster!.nodes.map((node) => (isOver ? thereSince(node) : freeSince(node, droplet))),
    )
  }

  return {
    watchAll: () =>
      [...model.tasks.unfinished].flatMap((task) => {
        const { owner, ownerlessSince, id } = task
        if (owner !== null || ownerlessSince > world.now) return []
        const ms = world.now - Math.max(ownerlessSince, takeableSince(task))
        return ms <= MAX_IDLE_MS ? [] : [{ text: `nobody takes it for ${ms} ms`, taskId: id }]
      }),

    audit: () =>
      [...model.tasks.unfinished].flatMap(({ id, owner }) => {
        const diedAt = owner ? leases.sessions.get(owner.session)!.diedAt : Infinity
        const quietSince = Math.min(...cluster!.nodes.map(({ store }) => store.disturbedUntil))
        const ms = world.now - Math.max(diedAt, quietSince)
        if (ms <= MAX_ORPHAN_LEASES * leases.leaseMs) return []
        return [{ text: `${owner!.session} has it, which is dead`, taskId: id }]
      }),
  }
}
