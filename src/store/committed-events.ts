/** The events of a write, told once it is on disk. */
import type { AttemptResult, TaskEvent } from '../events.ts'
import { isFinished, type Task } from '../task.ts'
import type { Write } from './driver.ts'

/** A write with what its events need. */
export interface Step {
  readonly kind: Write[0]
  /** As it is on disk, but for a body that is too large for that: it has it whole. */
  readonly task: Task
  /** Of the attempt that brought the task there. */
  readonly result?: AttemptResult | undefined
  /** Of a new task: this process does not own it. */
  readonly forAnyone?: boolean
}

/** Tells the events of one step, in the order in which they happened. */
export function emitStep(step: Step, emit: (event: TaskEvent) => void): void {
  const { kind, task, result, forAnyone } = step
  if (forAnyone) emit({ type: 'accepted', task, forAnyone })
  else if (kind !== 'update') emit({ type: 'accepted', task })
  if (result) emit({ type: 'attempt ended', task, result })
  if (isFinished(task)) emit({ type: 'ended', task })
  else if (isInFlight(task)) emit({ type: 'attempt started', task })
}

function isInFlight({ status, dueAt }: Task): boolean {
  return status === 'running' && dueAt === null
}
