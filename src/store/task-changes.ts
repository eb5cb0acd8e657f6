import type { Task } from '../task.ts'

/** The fields of a task that may change, and its id. */
export type TaskChanges = Pick<
  Task,
  | 'id'
  | 'dropletName'
  | 'mode'
  | 'status'
  | 'delayMs'
  | 'requestId'
  | 'targetUrl'
  | 'createdAt'
  | 'dueAt'
  | 'attempts'
  | 'completedAt'
  | 'durationMs'
  | 'responseStatus'
  | 'responseBody'
  | 'errorMessage'
>

/** A copy without what stays: a payload need not cross to the database's thread again. */
export function changesOf(task: Task): TaskChanges {
  return {
    id: task.id,
    dropletName: task.dropletName,
    mode: task.mode,
    status: task.status,
    delayMs: task.delayMs,
    requestId: task.requestId,
    targetUrl: task.targetUrl,
    createdAt: task.createdAt,
    dueAt: task.dueAt,
    attempts: task.attempts,
    completedAt: task.completedAt,
    durationMs: task.durationMs,
    responseStatus: task.responseStatus,
    responseBody: task.responseBody,
    errorMessage: task.errorMessage,
  }
}
