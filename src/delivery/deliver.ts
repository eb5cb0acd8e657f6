/** Takes a task that has begun to its end: attempt, wait, attempt. */
import type { TaskStore } from '../store/store.ts'
import { isFinished, type Task } from '../task.ts'
import { attempt, type AttemptPorts } from './attempt.ts'
import { attemptLimit, begin, cancel, conclude, interrupt } from './lifecycle.ts'
import type { Outcome } from './outcome.ts'
import type { Run } from './run.ts'

export interface DeliveryPorts extends AttemptPorts {
  store: Pick<TaskStore, 'update'>
  /** Told of each attempt that was sent, with its duration in ms. */
  onAttempt(task: Task, outcome: Outcome, durationMs: number): void
}

/**
 * The whole way of a synchronous task, whose first attempt has begun and is on disk. Every step
 * is on disk before the next is taken.
 */
export async function deliver(run: Run, ports: DeliveryPorts): Promise<Task> {
  for (;;) {
    const dueTick = await attemptAndRecord(run, ports)
    if (isFinished(run.task)) return run.task
    await run.wait(dueTick - ports.clock.monotonic())
    if (run.halted) return endHalted(run, ports)
    run.task = begin(run.task, run.task.targetUrl, ports.clock.now())
    await ports.store.update(run.task)
  }
}

/**
 * Sends the attempt that has begun and records what came of it. Resolves to the monotonic time
 * at which the next one is due, if the task isn't finished.
 */
export async function attemptAndRecord(run: Run, ports: DeliveryPorts): Promise<number> {
  const { clock } = ports
  const sentTick = clock.monotonic()
  const limitMs = attemptLimit(run.task, run.moment().elapsedMs)
  const outcome = limitMs > 0 ? await attempt(run, limitMs, ports) : tooLate(run.task)
  const endTick = clock.monotonic()
  if (!('unsent' in outcome)) ports.onAttempt(run.task, outcome, endTick - sentTick)
  const moment = run.moment()
  run.task = conclude(run.task, outcome, endTick - sentTick, moment)
  const { dueAt } = run.task
  await ports.store.update(run.task)
  return dueAt === null ? endTick : endTick + (dueAt - moment.now)
}

/** A slow disk can take all that was left until the deadline. */
function tooLate({ deadlineMs }: Task): Outcome {
  const error = `the deadline of ${deadlineMs} ms passed before it could be sent`
  return { kind: 'timeout', error, unsent: true }
}

/** Ends a task that was halted between two attempts. */
export async function endHalted(run: Run, ports: Pick<DeliveryPorts, 'store'>): Promise<Task> {
  run.task = (run.halted === 'cancelled' ? cancel : interrupt)(run.task, run.moment())
  await ports.store.update(run.task)
  return run.task
}
