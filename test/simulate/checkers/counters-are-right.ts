/** The metrics and the numbers of tasks are those of the model, when no write is under way. */
import type { FinalStatus } from '../../../src/task.ts'
import { statusOf } from '../model/task-model.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { Checker, Context } from '../check/checker.ts'

export function countersAreRight({ world, model, disk }: Context): Checker {
  const count = (process: SimProcess, status: 'running' | 'queued') =>
    model.unfinishedOf(process).filter((task) => statusOf(task) === status).length
  /** They run, and are not on disk yet. */
  const newAtGate = () => [...model.gates.all].reduce((sum, [, gate]) => sum + gate.newWaiting, 0)

  return {
    watch({ process, report }) {
      if (process.draining || disk.disturbedUntil >= world.now || !disk.idle) return null
      for (const [status, expected] of Object.entries(model.requests.endedCounts)) {
        const counted = report.ended[status as FinalStatus]
        if (counted !== expected) return `metrics count ${counted} ${status}, not ${expected}`
      }
      const { retries } = model.requests
      if (report.retries !== retries)
        return `metrics count ${report.retries} retries, not ${retries}`
      const running = count(process, 'running') + newAtGate()
      const queued = count(process, 'queued')
      if (report.running === running && report.queued === queued) return null
      // One that is read from another machine before it begins is counted as running for longer.
      const isSum = report.running + report.queued === running + queued
      if (model.leases && isSum) return null
      const told = `${report.running} running and ${report.queued} queued`
      return `the service counts ${told} tasks, not ${running} and ${queued}`
    },
  }
}
