/** An open circuit closes within a bounded time after its droplet is back. */
import { backSince } from '../environment/outage.ts'
import { findDroplet, isOnList, type SimDroplet } from '../environment/sim-droplet.ts'
import { MAX_PROBE_WAIT_MS } from '../model/gate-model.ts'
import type { Checker, Context } from '../check/checker.ts'

/** The last probe may have begun just before; a probe takes 2 s, and timers are late. */
const GRACE_MS = 4000

export function circuitsCloseAgain({ world, model, droplets, registry }: Context): Checker {
  /** Since when the service can find it, simulated ms; Infinity: it can't. */
  function findableSince(droplet: SimDroplet): number {
    const { movedAt, changedAt, knownAt } = droplet
    const isKnown = isOnList(droplet) && knownAt >= Math.max(movedAt, changedAt)
    if (!isKnown || registry.knownAt < registry.disturbedUntil) return Infinity
    return Math.max(backSince(droplet), knownAt, registry.knownAt)
  }

  return {
    watch({ process }) {
      if (process.draining) return null
      for (const [name, { circuit }] of model.gates.all) {
        // Only who calls the droplet finds out whether a proxy still answers for it.
        if (!circuit.isOpen || circuit.openedByAnswer) continue
        const since = Math.max(circuit.openedAt!, findableSince(findDroplet(droplets, name)!))
        const openMs = world.now - since
        if (openMs > MAX_PROBE_WAIT_MS + GRACE_MS) {
          return `${name} is back, and its circuit is open for ${openMs} ms`
        }
      }
      return null
    },
  }
}
