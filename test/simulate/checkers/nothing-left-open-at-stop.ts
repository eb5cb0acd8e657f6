/** After a graceful stop, no synchronous caller waits and no request is in flight. */
import { modeOf } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

export function nothingLeftOpenAtStop({ model }: Context): Checker {
  return {
    stopped: () => [
      ...[...model.tasks.unfinished]
        .filter((task) => modeOf(task) === 'sync')
        .map(({ id }) => ({ text: 'its caller was left without an answer', taskId: id })),
      ...[...model.requests.inFlight].map(({ task }) => ({
        text: 'its request goes on after the stop',
        taskId: task.id,
      })),
    ],
  }
}
