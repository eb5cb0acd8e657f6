/** No request is in flight for longer than its time limit or its task's deadline. */
import { MAX_TIMER_DELAY_MS } from '../environment/sim-clock.ts'
import { abortTime } from '../model/rules.ts'
import type { Checker, Context } from '../check/checker.ts'

export function timeLimitKept({ world, model }: Context): Checker {
  return {
    watch: () =>
      [...model.requests.inFlight]
        .filter((request) => world.now > abortTime(request, world).latest + MAX_TIMER_DELAY_MS)
        .map(({ attempt, task }) => ({
          text: `attempt ${attempt} goes on after its time limit`,
          taskId: task.id,
        })),
  }
}
