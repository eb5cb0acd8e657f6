/**
 * Several nodes: two requests of one task are under way at once only when the node of the earlier
 * one has lost its lease; the later one has the higher fence then. X-Attempt goes on counting.
 */
import type { Checker, Context } from '../check/checker.ts'

export function overlapsAreExcused({ world, model }: Context): Checker {
  const leases = model.leases!
  return {
    sent({ request: { attempt, task, owner, process } }) {
      if (owner?.process !== process) return 'it is sent by a node that does not have it'
      for (const earlier of task.requests.slice(0, -1)) {
        const which = `attempt ${attempt} of process ${process}`
        if (earlier.attempt >= attempt) return `${which} follows ${earlier.attempt}`
        if (earlier.result !== null) continue
        world.count('requests that overlap')
        if (earlier.owner === null || !leases.isLost(earlier.owner)) {
          return `${which} overlaps attempt ${earlier.attempt} of process ${earlier.process}`
        }
        const isNewer = earlier.owner.session !== owner.session && owner.fence > earlier.owner.fence
        if (!isNewer) return `${which} has fence ${owner.fence} after ${earlier.owner.fence}`
      }
      return null
    },
  }
}
