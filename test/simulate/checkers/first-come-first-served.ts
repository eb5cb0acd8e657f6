/** Of those that wait at the gate for one droplet, who comes first goes first. */
import type { GateEntry } from '../model/gate-model.ts'
import type { Checker, Context, TaskFinding } from '../check/checker.ts'

export function firstComeFirstServed({ model }: Context): Checker {
  /** Who was let through in this step: at its end, it is clear who still waits. */
  let admitted: GateEntry[] = []
  return {
    gateAnswered({ entry }) {
      if (entry.answer === 'admitted' && entry.taskId !== null) admitted.push(entry)
      return null
    },

    stepped() {
      if (admitted.length === 0) return null
      const findings = admitted.flatMap((entry) => overtaken(entry))
      admitted = []
      return findings
    },
  }

  function overtaken({ droplet, taskId, at }: GateEntry): TaskFinding[] {
    const [first] = model.gates.of(droplet).waiting
    if (!first || first.at >= at) return []
    return [{ text: `it goes before ${first.taskId}, which came first`, taskId }]
  }
}
