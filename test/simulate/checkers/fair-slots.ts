/** One droplet alone never holds all the slots, so there is one for a droplet that is healthy. */
import { dropletOf, modeOf } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function fairSlots({ model }: Context): Checker {
  return {
    sent({ request, process }) {
      if (modeOf(request.task) === 'sync' || process.concurrency === 1) return null
      const droplet = dropletOf(request.task)
      const held = [...model.requests.inFlight].filter(
        ({ task }) => modeOf(task) === 'async' && dropletOf(task) === droplet,
      ).length
      return held < process.concurrency ? null : `${droplet} holds all ${held} slots`
    },
  }
}
