/** What callers are told is what is on disk, and what the droplet answered. */
import { storedBody } from '../../../src/store/stored-body.ts'
import { INTERRUPTED, isFinished } from '../../../src/task.ts'
import { MAX_RESPONSE_BYTES } from '../environment/droplet-plan.ts'
import type { Call } from '../model/call-models.ts'
import { hasEnded, modeOf, statusOf, type TaskModel } from '../model/task-model.ts'
import type { SubmissionAnswer, TaskAnswer } from '../service/answers.ts'
import { bodyFault } from '../check/body-fault.ts'
import type { Checker, Context } from '../check/checker.ts'

export function answersAreTrue({ model }: Context): Checker {
  const onDisk = ({ id }: TaskAnswer, check: (task: TaskModel) => string | null) => {
    const task = model.tasks.find(id)
    return task?.row ? check(task) : 'the caller is told of a task that is not on disk'
  }

  return {
    submitAnswered: ({ call, ...answer }) =>
      onDisk(answer.task, (task) => submissionFault(call, answer, task)),

    findAnswered: ({ call, task: answer }) =>
      onDisk(answer, (task) => {
        if (answer.id !== call.about) return 'another task was found'
        return isFinished(answer) ? outcomeFault(task, answer) : null
      }),

    cancelAnswered: ({ task: answer }) =>
      onDisk(answer, (task) => {
        if (statusOf(task) !== 'cancelled') return `cancelled, and on disk it is ${statusOf(task)}`
        const inFlight = task.requests.at(-1)?.result === null
        return inFlight ? 'cancelled, and its request goes on' : null
      }),

    listAnswered: ({ status, tasks }) =>
      tasks
        .filter((task) => task.status !== status)
        .map(({ id }) => ({ text: `it is in the list of what is ${status}`, taskId: id })),
  }
}

function submissionFault(
  call: Call,
  { task: answer, replayed }: SubmissionAnswer,
  task: TaskModel,
): string | null {
  const isOwn = call.created === task.id
  if (!isOwn && !replayed) return 'the answer is of another task'
  if (call.key !== (task.row!.idempotency_key as string | null)) return 'it has another key'
  if (call.kind === 'replay' && (task.row!.replay_of !== call.about || task.id === call.about)) {
    return `it is no replay of ${call.about}`
  }
  if (replayed && call.key === null) return 'replayed, without an Idempotency-Key'
  if (replayed && !isFinished(answer)) return 'replayed, and not finished'
  if (!isFinished(answer)) {
    return modeOf(task) === 'sync' ? 'a synchronous task is answered unfinished' : null
  }
  return outcomeFault(task, answer) ?? (replayed ? null : answerBodyFault(task, answer, call))
}

function outcomeFault(task: TaskModel, answer: TaskAnswer): string | null {
  const row = task.row!
  // An interrupted task that was read just before it began to run again.
  if (answer.errorMessage === INTERRUPTED && !hasEnded(task)) return null
  const same =
    row.status === answer.status &&
    row.response_status === answer.responseStatus &&
    isTold(answer.errorMessage, row.error_message as string | null) &&
    isTold(answer.retryCount, Math.max(0, task.attempts.length - 1))
  return same ? null : `the caller is told ${answer.status}, and on disk it is ${row.status}`
}

/** An answer need not tell it. */
function isTold<T>(told: T | undefined, expected: T): boolean {
  return told === undefined || told === expected
}

function answerBodyFault(task: TaskModel, answer: TaskAnswer, call: Call): string | null {
  const last = task.requests.at(-1)
  const result = last?.result
  if (answer.responseStatus === null || result?.kind !== 'answered') return null
  const fault = bodyFault(answer.responseBody, result, MAX_RESPONSE_BYTES)
  // Another node has the whole answer.
  const isElsewhere = last?.process !== call.process.number
  if (fault === null || (!isElsewhere && !mayEndWithoutRequest(task))) return fault
  const stored = { ...result, json: storedBody(result.json) }
  return bodyFault(answer.responseBody, stored, MAX_RESPONSE_BYTES)
}

/**
 * When its deadline passes before its next attempt: in a turn after that of its answer, for which
 * an asynchronous task is read from the history.
 */
function mayEndWithoutRequest(task: TaskModel): boolean {
  return modeOf(task) === 'async' && task.row!.deadline_ms !== null
}
