/**
 * At most DROPLET_MAX_CONCURRENCY requests at once go to a droplet, each with a permit, and at
 * most DROPLET_MAX_WAITING new tasks wait for a place there.
 */
import { dropletOf } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function dropletLimitKept({ model }: Context): Checker {
  return {
    sent({ request: { task }, process }) {
      const droplet = dropletOf(task)
      const inFlight = [...model.requests.inFlight].filter((each) => {
        return dropletOf(each.task) === droplet
      }).length
      const permits = model.gates.of(droplet).held.size
      const limit = Math.min(permits, process.limits.maxConcurrency)
      return inFlight <= limit
        ? null
        : `${inFlight} requests to ${droplet} are in flight, with ${permits} permits`
    },

    gateAnswered({ entry: { droplet }, process }) {
      const permits = model.gates.of(droplet).held.size
      return permits <= process.limits.maxConcurrency ? null : `${droplet} has ${permits} permits`
    },

    gateEntered({ entry: { droplet, isNew }, process }) {
      const gate = model.gates.of(droplet)
      // Who waits for a probe does so for a second.
      if (!isNew || gate.circuit.isOpen) return null
      const waiting = gate.newWaiting
      return waiting <= process.limits.maxWaiting ? null : `${waiting} wait for ${droplet}`
    },
  }
}
