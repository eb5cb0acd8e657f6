/** After a graceful stop, no caller waits for a task's end, and no request is in flight. */
import type { Call } from '../model/call-models.ts'
import { modeOf } from '../model/task-model.ts'
import type { SimProcess } from '../service/sim-process.ts'
import type { Checker, Context } from '../check/checker.ts'

export function nothingLeftOpenAtStop({ model }: Context): Checker {
  const syncTasks = (process: SimProcess) =>
    model.unfinishedOf(process).filter((task) => modeOf(task) === 'sync')
  const waitingCalls = (process: SimProcess) =>
    [...model.calls.open].filter((call) => waitedAtStop(call, process))

  return {
    stopped: ({ process }) => [
      ...syncTasks(process).map(({ id }) => ({
        text: 'its caller was left without an answer',
        taskId: id,
      })),
      ...waitingCalls(process).map(({ kind, about, created }) => ({
        text: `the call to ${kind} was left without an answer`,
        taskId: created ?? about,
      })),
      ...[...model.requests.inFlight].map(({ task }) => ({
        text: 'its request goes on after the stop',
        taskId: task.id,
      })),
    ],
  }
}

function waitedAtStop({ kind, created, startedAt }: Call, { drainingSince }: SimProcess): boolean {
  return startedAt < drainingSince && (kind === 'find' || created !== null)
}
