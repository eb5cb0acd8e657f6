/**
 * The promise of 1, 2, 4 s: a synchronous task with three retries whose droplet is away for at
 * most 3 s succeeds, when nothing else disturbs it.
 */
import { INTERRUPTED } from '../../../src/task.ts'
import { findDroplet, isOnList } from '../environment/sim-droplet.ts'
import type { GateEntry } from '../model/gate-model.ts'
import { dropletOf, hasEnded, modeOf, type TaskModel } from '../model/task-model.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { Checker, Context } from '../check/checker.ts'
import { DROPLET_BLOCKED, NO_PLACE } from '../check/messages.ts'

const MAX_AWAY_MS = 3000
const MIN_TIMEOUT_MS = 10_000
/** All waits, and what the attempts themselves take. */
const MIN_GRACE_MS = 15_000

export function shortOutagesAreRiddenOut({ world, model, droplets, disk }: Context): Checker {
  /** Tasks that had no place for an attempt. */
  const withoutPlace = new Set<string>()
  /** Tasks that came while a circuit was open, with when it had opened. */
  const onOpenCircuit = new Map<string, number>()

  return {
    gateEntered: ({ entry }) => note(entry),
    gateAnswered: ({ entry }) => note(entry),
    written({ task, process }) {
      if (!hasEnded(task)) return null
      const hadPlaces = !withoutPlace.delete(task.id)
      const isCounted = hadPlaces && isPromised(task, process)
      onOpenCircuit.delete(task.id)
      if (!isCounted) return null
      world.count('short outages ridden out')
      return task.row!.status === 'success' ? null : 'its droplet was away for a moment'
    },
  }

  function note({ droplet, taskId, isNew, at, answer }: GateEntry): null {
    if (taskId === null) return null
    const { openedAt } = model.gates.of(droplet).circuit
    if (isNew && at === world.now && openedAt !== null) onOpenCircuit.set(taskId, openedAt)
    const hadNoPlace = answer !== null && answer !== 'admitted' && NO_PLACE.test(answer.reason)
    if (hadNoPlace) withoutPlace.add(taskId)
    return null
  }

  function isPromised(task: TaskModel, { limits, draining, number }: SimProcess): boolean {
    const row = task.row!
    if (modeOf(task) !== 'sync' || row.status === 'cancelled') return false
    if (DROPLET_BLOCKED.test(String(row.error_message))) return false
    if (row.error_message === INTERRUPTED || draining || task.process !== number) return false
    if (row.deadline_ms !== null || (row.timeout_ms as number) < MIN_TIMEOUT_MS) return false
    if ((row.max_retries as number) < 3 || limits.breakerGraceMs < MIN_GRACE_MS) return false
    if (disk.disturbedUntil >= task.issuedAt) return false
    const droplet = findDroplet(droplets, dropletOf(task))
    if (!droplet || !isOnList(droplet) || !droplet.active) return false
    if (droplet.behavior !== 'healthy' || droplet.behaviorSince > task.issuedAt) return false
    const { url, movedAt, changedAt, knownAt } = droplet
    if (Math.max(movedAt, changedAt, knownAt) >= task.issuedAt) return false
    // The service must know where it is.
    if (!model.gates.of(droplet.name).sentTo.startsWith(`${url}/`)) return false
    const outages = droplet.outages.filter(({ until }) => until >= task.issuedAt)
    const [outage] = outages
    if (outages.length !== 1 || outage!.until - outage!.from > MAX_AWAY_MS) return false
    // Else another trouble had opened it.
    return (onOpenCircuit.get(task.id) ?? Infinity) >= outage!.from
  }
}
