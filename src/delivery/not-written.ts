import type { Log } from '../ports.ts'
import type { WriteResult } from '../store/store.ts'
import type { Task } from '../task.ts'
import type { WriteVerb } from './run.ts'

/**
 * The store refused a step: another store owns the task, or another task has its key. The run is
 * over then.
 */
export class NotWritten extends Error {
  constructor(
    readonly taskId: string,
    /** `insert` or `resume`: it was the first step, and nothing was sent. */
    readonly verb: WriteVerb,
    result: Exclude<WriteResult, 'written'>,
    /** As it was to be written, or was last; null: not known. */
    readonly task: Task | null = null,
  ) {
    super(`task ${taskId}, ${verb}: ${result}`)
  }
}

/** The first step of a task may lose a race for its key: only later ones are worth a warning. */
export function logLost({ taskId, verb, message }: NotWritten, log: Log): void {
  if (verb === 'update')
    log.warning('a task is no longer ours', { task_id: taskId, error: message })
}
