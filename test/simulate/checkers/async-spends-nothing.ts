/**
 * While a circuit is open that no answer opened, asynchronous tasks wait, and spend nothing; unless
 * the droplet is listed no more, so that nobody can look whether it is back.
 */
import { findDroplet, isOnList } from '../environment/sim-droplet.ts'
import type { SimProcess } from '../service/sim-process.ts'
import { dropletOf, modeOf } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function asyncSpendsNothing(context: Context): Checker {
  const { world, model, disk, droplets, registry, rules } = context

  /** Perhaps the service has no list with it. */
  function mayBeUnlisted(name: string, { startedAt }: SimProcess): boolean {
    const droplet = findDroplet(droplets, name)
    if (!droplet || !isOnList(droplet) || droplet.changedAt > droplet.toldAt) return true
    // It goes by a list from before the Registry was disturbed, until that is too old.
    const since = Math.max(startedAt, world.now - rules.cacheExpiryMs)
    return (
      registry.disturbedUntil >= Math.min(since, registry.toldAt) || registry.toldAt < startedAt
    )
  }

  return {
    gateAnswered({ entry: { droplet, taskId }, process }) {
      const { circuit } = model.gates.of(droplet)
      if (taskId !== null || !circuit.isOpen || circuit.openedByAnswer) return null
      if (mayBeUnlisted(droplet, process)) return null
      return `an asynchronous attempt goes to ${droplet}, whose circuit is open`
    },

    written({ task, attemptsBefore }) {
      // On its way to another machine, a write may be late.
      if (model.leases && disk.disturbedUntil >= world.now) return null
      if (modeOf(task) !== 'async' || task.attempts.length <= attemptsBefore.length) return null
      const gate = model.gates.of(dropletOf(task))
      // Its permit may be older than the circuit's opening.
      const isAllowed = [...gate.held].some(({ entry }) => entry.taskId === null)
      return isAllowed ? null : 'it begins an attempt without a permit'
    },
  }
}
