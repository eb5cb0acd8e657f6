/**
 * A task that is due, and whose droplet may take a slot and has room at the gate, is sent within
 * seconds. The slots
 * are shared fairly: a droplet that hangs takes them only from itself.
 */
import { dropletOf, modeOf, type TaskModel } from '../model/task-model.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { Checker, Context } from '../check/checker.ts'

const MAX_DELAY_MS = 2000

export function noLostWakeUp({ world, model, disk }: Context): Checker {
  /** Since when it is the service's turn; null: it isn't. */
  function waitingSince(task: TaskModel, process: SimProcess): number | null {
    const last = task.requests.at(-1)
    if (task.atGate || (last && last.result === null)) return null
    if (task.dueAt === null) {
      const since = last?.process === process.number ? last.endedAt : task.issuedAt
      return Math.max(since, task.leftGateAt)
    }
    if (task.dueAt > world.now) return null
    if (modeOf(task) === 'sync') return Math.max(task.dueAt, task.leftGateAt)
    const droplet = dropletOf(task)
    const shutUntil = model.gates.shutUntil(droplet)
    return Math.max(task.dueAt, model.slots.congestedUntil(droplet), shutUntil)
  }

  return {
    watch({ process }) {
      if (process.draining) return null
      model.slots.updateCongestion()
      return model.unfinishedOf(process).flatMap((task) => {
        const since = waitingSince(task, process)
        if (since === null) return []
        const waited = world.now - Math.max(since, process.servingSince, disk.disturbedUntil)
        if (waited <= MAX_DELAY_MS) return []
        return [{ text: `nothing happens to it for ${waited} ms`, taskId: task.id }]
      })
    },
  }
}
