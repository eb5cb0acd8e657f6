/**
 * Several nodes: nothing is sent, and nothing that was sent goes on, when by the node's own clock
 * its lease has run out. A synchronous task is sent only by the node, and in the session, that has
 * accepted it.
 */
import { modeOf } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

/** From the end of the lease to the end of the request, at the latest. */
const MAX_ABORT_MS = 100

export function nothingWithoutALease({ world, model, cluster }: Context): Checker {
  const leases = model.leases!
  const toleranceMs = world.skewMs(leases.leaseMs)

  return {
    sent({ request: { task, owner }, process }) {
      const overdueMs = leases.overdueMs(process)
      if (overdueMs > toleranceMs) {
        return `it is sent ${Math.round(overdueMs)} ms after the end of its node's lease`
      }
      if (modeOf(task) !== 'sync') return null
      const accepted = task.acceptedBy
      if (accepted?.process !== process.number)
        return 'it is synchronous, and another node sends it'
      if (owner === null || owner.session === accepted.session) return null
      return 'it is synchronous, and goes on in another session'
    },

    watchAll: () =>
      cluster!.nodes.flatMap(({ model: { requests }, supervisor, pausedUntil }) => {
        const { process } = supervisor
        if (!process || pausedUntil === world.now) return []
        if (leases.overdueMs(process) <= MAX_ABORT_MS) return []
        return [...requests.inFlight]
          .filter((request) => request.process === process.number)
          .map(({ task }) => ({ text: 'its request goes on without a lease', taskId: task.id }))
      }),
  }
}
