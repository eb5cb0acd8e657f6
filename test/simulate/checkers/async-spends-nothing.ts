/** While a circuit is open that no answer opened, asynchronous tasks wait, and spend nothing. */
import { dropletOf, modeOf } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function asyncSpendsNothing({ model }: Context): Checker {
  return {
    gateAnswered({ entry: { droplet, taskId } }) {
      const { circuit } = model.gates.of(droplet)
      if (taskId !== null || !circuit.isOpen || circuit.openedByAnswer) return null
      return `an asynchronous attempt goes to ${droplet}, whose circuit is open`
    },

    written({ task, attemptsBefore }) {
      if (modeOf(task) !== 'async' || task.attempts.length <= attemptsBefore.length) return null
      const gate = model.gates.of(dropletOf(task))
      // Its permit may be older than the circuit's opening.
      const isAllowed = [...gate.held].some(({ entry }) => entry.taskId === null)
      return isAllowed ? null : 'it begins an attempt without a permit'
    },
  }
}
