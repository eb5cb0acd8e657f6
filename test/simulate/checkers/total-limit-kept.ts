/** Never more than TASK_MAX_RUNNING run, and none is refused for that before there are as many. */
import type { Checker, Context } from '../check/checker.ts'

export function totalLimitKept({ model }: Context): Checker {
  return {
    sent({ process }) {
      const { size } = model.requests.inFlight
      return size <= process.limits.maxRunning ? null : `${size} requests are in flight`
    },

    gateAnswered({ entry: { taskId }, process }) {
      const { seats } = model.gates
      return taskId !== null || seats <= process.limits.maxRunning ? null : `${seats} run`
    },

    seatAsked({ isGiven, process }) {
      const { seats } = model.gates
      const { maxRunning } = process.limits
      if (isGiven) return seats <= maxRunning ? null : `${seats} run`
      return seats >= maxRunning ? null : `a task is refused, and only ${seats} run`
    },

    settled: () =>
      model.gates.seats === 0 ? null : `${model.gates.seats} seats are taken at the end`,
  }
}
