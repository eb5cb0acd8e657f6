/**
 * A circuit opens when attempts have found that the droplet is not there, and only then; it closes
 * when one finds that it is, or when the droplet has moved.
 */
import type { Checker, Context } from '../check/checker.ts'
import { findDroplet } from '../environment/sim-droplet.ts'

/** From an answer of the Registry to the list that the service goes by. */
const MAX_SYNC_MS = 500

export function circuitsAreRight({ world, model, droplets, registry }: Context): Checker {
  /** What was found where it was before says nothing. */
  const sinceMoved = (name: string) => {
    const { movedAt, knownAt } = findDroplet(droplets, name)!
    return Math.max(movedAt, knownAt, registry.knownAt) + MAX_SYNC_MS
  }
  /** Nor does what began before the circuit closed last. */
  const sinceForgotten = (name: string) =>
    Math.max(sinceMoved(name), model.gates.of(name).circuit.closedAt)

  return {
    circuitOpens({ droplet }) {
      const { circuit } = model.gates.of(droplet)
      if (circuit.isOpen) return `the circuit to ${droplet} opens, and is open`
      if (circuit.mayOpen(world.now, sinceForgotten(droplet))) return null
      return `the circuit to ${droplet} opens without a reason`
    },

    circuitCloses({ droplet, process }) {
      const { circuit, sentTo } = model.gates.of(droplet)
      if (!circuit.isOpen) return `the circuit to ${droplet} closes, and is closed`
      if (circuit.lastSignAt === world.now) return null
      // It was paused, and hears of that only now.
      const isLate = process.pausedUntil === world.now && circuit.lastSignAt > circuit.openedAt!
      if (isLate) return null
      const { url, movedAt, knownAt, changedAt } = findDroplet(droplets, droplet)!
      if (!sentTo.startsWith(`${url}/`)) return null
      // Perhaps it was not on the list: then it may have been elsewhere.
      const told = Math.max(knownAt, movedAt, changedAt, registry.disturbedUntil)
      if (told + MAX_SYNC_MS >= process.startedAt) return null
      return `the circuit to ${droplet} closes, and nobody has found that it is there`
    },

    permitIsBack({ permit: { entry, isProbe } }) {
      const { droplet, answeredAt } = entry
      const { circuit } = model.gates.of(droplet)
      // The probe of an earlier opening is none of this one.
      const hasProbed = isProbe && answeredAt > sinceForgotten(droplet)
      if (circuit.isOpen && hasProbed && circuit.lastFindingIs('there', world.now)) {
        return `the circuit to ${droplet} stays open, though a probe has succeeded`
      }
      // The gate follows a droplet late, and closes its circuit then.
      if (circuit.isOpen || !circuit.mustOpen(world.now, sinceForgotten(droplet))) return null
      return `the circuit to ${droplet} stays closed, though it is not there`
    },

    watch({ report }) {
      for (const [droplet, { circuit }] of model.gates.all) {
        const state = report.gateOf(droplet).circuit
        if ((state === 'open') !== circuit.isOpen) return `the circuit to ${droplet} is ${state}`
      }
      return null
    },
  }
}
