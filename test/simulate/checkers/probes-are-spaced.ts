/** While a circuit is open, at most one attempt a second goes as a probe, and later fewer. */
import type { Checker, Context } from '../check/checker.ts'

const PROBE_EVERY_MS = 1000
/** The first wait after the grace, at its shortest. */
const LATE_PROBE_EVERY_MS = 1500

export function probesAreSpaced({ world, model }: Context): Checker {
  return {
    probeGoes({ droplet, process }) {
      const { circuit } = model.gates.of(droplet)
      const since = world.now - circuit.lastProbeAt
      const { breakerGraceMs } = process.limits
      const graceEnd = circuit.openedAt! + breakerGraceMs + world.skewMs(breakerGraceMs)
      // The first probe is always due after a second.
      const isLate = circuit.lastProbeAt > circuit.openedAt! && circuit.lastProbeAt >= graceEnd
      const wanted = isLate ? LATE_PROBE_EVERY_MS : PROBE_EVERY_MS
      return since >= wanted - world.skewMs(wanted)
        ? null
        : `a probe goes to ${droplet} after ${since} ms`
    },
  }
}
