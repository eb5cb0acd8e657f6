/** The only way in which callers talk to the service. */
import { OrchestratorError, type ErrorCode } from '../../../src/errors.ts'
import { toRequest, type SubmissionDefaults } from '../../../src/http/submission.ts'
import type { Caller, TaskService } from '../../../src/tasks/task-service.ts'
import type { JsonText, SubmitBody, Task, TaskStatus } from '../../../src/task.ts'

export interface ServiceClient {
  submit(body: SubmitBody, caller: Caller): Promise<Reply<SubmissionAnswer>>
  /** `waitMs`: how long to wait for the task's end. */
  find(id: string, waitMs: number): Promise<Reply<TaskAnswer>>
  cancel(id: string): Promise<Reply<TaskAnswer>>
  list(status: TaskStatus, limit: number): Promise<Reply<readonly ListedTask[]>>
  replay(id: string, caller: Caller): Promise<Reply<SubmissionAnswer>>
}

/** These promises never reject. */
export type Reply<T> =
  | { readonly kind: 'answered'; readonly answer: T }
  | {
      readonly kind: 'refused'
      readonly code: ErrorCode
      readonly details: Readonly<Record<string, unknown>>
    }
  /** An error without a code: a bug, or the disk could not be read. */
  | { readonly kind: 'failed'; readonly error: string }

/** What a caller is told of a task; times are left out, for the wall clock jumps. */
export interface TaskAnswer {
  readonly id: string
  readonly status: TaskStatus
  readonly responseStatus: number | null
  readonly responseBody: JsonText | null
  readonly errorMessage: string | null
  readonly attempts: number
  readonly replayOf: string | null
}

export interface SubmissionAnswer {
  readonly task: TaskAnswer
  /** It is the stored outcome of an earlier request with the same Idempotency-Key. */
  readonly replayed: boolean
}

export interface ListedTask {
  readonly id: string
  readonly status: TaskStatus
}

export function taskServiceClient(tasks: TaskService, defaults: SubmissionDefaults): ServiceClient {
  return {
    submit: (body, caller) =>
      reply(async () => submissionAnswer(await tasks.submit(toRequest(body, defaults), caller))),
    find: (id, waitMs) => reply(async () => taskAnswer(await tasks.find(id, waitMs))),
    cancel: (id) => reply(async () => taskAnswer(await tasks.cancel(id))),
    list: (status, limit) => reply(async () => (await tasks.list({ status, limit })).tasks),
    replay: (id, caller) => reply(async () => submissionAnswer(await tasks.replay(id, caller))),
  }
}

async function reply<T>(ask: () => Promise<T>): Promise<Reply<T>> {
  try {
    return { kind: 'answered', answer: await ask() }
  } catch (error) {
    if (error instanceof OrchestratorError) {
      return { kind: 'refused', code: error.code, details: error.details }
    }
    return { kind: 'failed', error: error instanceof Error ? error.stack! : String(error) }
  }
}

function submissionAnswer({ task, replayed }: { task: Task; replayed: boolean }): SubmissionAnswer {
  return { task: taskAnswer(task), replayed }
}

function taskAnswer(task: Task): TaskAnswer {
  const { id, status, responseStatus, responseBody, errorMessage, attempts, replayOf } = task
  return {
    id,
    status,
    responseStatus,
    responseBody,
    errorMessage,
    attempts: attempts.length,
    replayOf,
  }
}
