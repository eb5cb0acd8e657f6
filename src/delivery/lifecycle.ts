/**
 * The arrows of the state diagram in `task.ts`, each a pure function from a task to the task as
 * it is afterwards. `Moment` is when it happens: the wall clock for people, and how long the
 * task has been under way by a clock that doesn't jump.
 */
import { withoutValues } from '../droplets/redact.ts'
import {
  INTERRUPTED,
  isFinished,
  type Attempt,
  type FinalStatus,
  type Task,
  type TaskRequest,
} from '../task.ts'
import { waitBefore } from './backoff.ts'
import { isRetryable, type Outcome } from './outcome.ts'

export interface Moment {
  /** Wall clock, ms. */
  now: number
  /** ms since the task was accepted, or since its delay was over. */
  elapsedMs: number
}

export interface NewTask extends TaskRequest {
  id: string
  mode: Task['mode']
  requestId: string
  hops: number
  trace: Task['trace']
  targetUrl: string
  idempotencyKey: string | null
  fingerprint: string | null
  replayOf: string | null
}

/** → queued, due at once or after its delay. */
export function accept(task: NewTask, now: number): Task {
  return {
    ...task,
    status: 'queued',
    createdAt: now,
    dueAt: now + task.delayMs,
    attempts: [],
    completedAt: null,
    durationMs: null,
    responseStatus: null,
    responseBody: null,
    errorMessage: null,
  }
}

/** queued, running → running: the next attempt is about to be sent to `targetUrl`. */
export function begin(task: Task, targetUrl: string, now: number): Task {
  mustBeUnfinished(task)
  const attempt: Attempt = {
    attempt: task.attempts.length + 1,
    startedAt: now,
    durationMs: null,
    responseStatus: null,
    error: null,
  }
  return {
    ...task,
    status: 'running',
    targetUrl,
    dueAt: null,
    attempts: [...closeInterrupted(task.attempts), attempt],
  }
}

/**
 * running → running with the next attempt due, or finished: what the latest attempt's outcome
 * makes of the task. `attemptMs` is how long it took. `passedOver`: how many attempts the gate
 * has passed over.
 */
export function conclude(
  task: Task,
  outcome: Outcome,
  attemptMs: number,
  at: Moment,
  passedOver = 0,
): Task {
  mustBeUnfinished(task)
  const attempts = attemptsAfter(task, outcome, attemptMs)
  const { responseStatus, responseBody } = answerOf(outcome) ?? task
  const concluded = { attempts, responseStatus, responseBody }
  // An asynchronous task survives a shutdown: the next start sends it again.
  if (outcome.kind === 'interrupted' && task.mode === 'async') {
    return { ...task, ...concluded, dueAt: at.now }
  }
  const asked = outcome.kind === 'answered' ? outcome.retryAfterMs : 0
  const failures = failuresIn(attempts) + passedOver
  const wait = isRetryable(outcome) ? nextWait(task, failures, at.elapsedMs, asked) : null
  return wait === null
    ? finish(task, concluded, outcome, at)
    : { ...task, ...concluded, dueAt: at.now + wait, errorMessage: outcomeError(outcome) }
}

/** What an attempt has changed of its task. */
type Concluded = Pick<Task, 'attempts' | 'responseStatus' | 'responseBody'>

/** An attempt that was not sent is dropped: retry_count counts requests that were sent. */
function attemptsAfter({ attempts }: Task, outcome: Outcome, attemptMs: number): Attempt[] {
  const after = attempts.slice(0, -1)
  if (!('unsent' in outcome)) after.push(closed(attempts.at(-1)!, outcome, attemptMs))
  return after
}

function failuresIn(attempts: readonly Attempt[]): number {
  return attempts.filter((attempt) => !attempt.interrupted).length
}

/** The wait before the next attempt, ms; null when there is none left or no time for it. */
function nextWait(
  task: Task,
  failures: number,
  elapsedMs: number,
  askedMs: number | undefined,
): number | null {
  if (failures > task.maxRetries) return null
  const wait = waitBefore(failures - 1, askedMs)
  return task.deadlineMs !== null && elapsedMs + wait >= task.deadlineMs ? null : wait
}

function finish(task: Task, concluded: Concluded, outcome: Outcome, at: Moment): Task {
  const message = outcomeError(outcome)
  const status = finalStatus(outcome)
  switch (outcome.kind) {
    case 'answered':
      return ended(task, status, message, at, concluded)
    case 'cancelled':
    case 'interrupted':
      return ended(task, status, message, at, { ...NO_ANSWER, attempts: concluded.attempts })
    default:
      return endedUnanswered(task, status, message, at, concluded)
  }
}

/** If an earlier attempt was answered, that answer is the result. */
function endedUnanswered(
  task: Task,
  status: FinalStatus,
  errorMessage: string | null,
  at: Moment,
  concluded: Concluded = task,
): Task {
  const isAnswered = concluded.responseStatus !== null
  return ended(task, isAnswered ? 'error' : status, errorMessage, at, concluded)
}

const NO_ANSWER = { responseStatus: null, responseBody: null }

/** null: there was none. */
function answerOf(outcome: Outcome): Pick<Concluded, 'responseStatus' | 'responseBody'> | null {
  return outcome.kind === 'answered'
    ? { responseStatus: outcome.status, responseBody: outcome.body }
    : null
}

/** queued, running → cancelled, when no attempt is in flight. */
export function cancel(task: Task, at: Moment): Task {
  return ended(task, 'cancelled', 'cancelled', at)
}

export function isExpired({ deadlineMs }: Task, { elapsedMs }: Moment): boolean {
  return deadlineMs !== null && elapsedMs >= deadlineMs
}

/** queued, running → timeout: its deadline passed before an attempt could start. */
export function expire(task: Task, at: Moment): Task {
  const message = `the deadline of ${task.deadlineMs} ms passed before the next attempt`
  return endedUnanswered(task, 'timeout', task.errorMessage ?? message, at)
}

/**
 * queued, running → running with the next attempt due, or error: the gate has passed over an
 * attempt, which was not sent. `passedOver`: how many so far, with this one; each uses up a retry.
 */
export function passOver(task: Task, passedOver: number, message: string, at: Moment): Task {
  mustBeUnfinished(task)
  const failures = failuresIn(task.attempts) + passedOver
  const wait = nextWait(task, failures, at.elapsedMs, 0)
  if (wait === null) return endedUnanswered(task, 'error', message, at)
  return { ...task, status: 'running', dueAt: at.now + wait, errorMessage: message }
}

/** queued, running → error: it can't be sent, and trying again would not help. */
export function fail(task: Task, message: string, at: Moment): Task {
  return endedUnanswered(task, 'error', message, at)
}

/** running → error: its caller is gone with the process that served it. */
export function interrupt(task: Task, at: Moment): Task {
  return ended(task, 'error', INTERRUPTED, at)
}

/**
 * error → queued: an interrupted task whose caller sends its Idempotency-Key again. The new
 * request counts: its headers may hold newer credentials.
 */
export function resume(task: Task, again: NewTask, now: number): Task {
  if (!isInterrupted(task)) throw new Error(`task ${task.id} was not interrupted`)
  const { id, dropletName, idempotencyKey, replayOf, attempts } = task
  return { ...accept({ ...again, id, dropletName, idempotencyKey, replayOf }, now), attempts }
}

export function isInterrupted(task: Task): boolean {
  return task.status === 'error' && task.errorMessage === INTERRUPTED
}

/**
 * How long one attempt may take, whole ms: its own limit less `waitedMs`, the time it has waited at
 * the gate, but at least 1, since it was admitted; or what is left until the deadline, perhaps 0.
 */
export function attemptLimit(task: Task, elapsedMs: number, waitedMs = 0): number {
  const limitMs = Math.max(1, Math.ceil(task.timeoutMs - waitedMs))
  if (task.deadlineMs === null) return limitMs
  return Math.max(0, Math.min(limitMs, Math.floor(task.deadlineMs - elapsedMs)))
}

function ended(
  task: Task,
  status: FinalStatus,
  errorMessage: string | null,
  at: Moment,
  { attempts, responseStatus, responseBody }: Concluded = { ...NO_ANSWER, attempts: task.attempts },
): Task {
  mustBeUnfinished(task)
  return {
    ...task,
    secretHeaders: task.secretHeaders && withoutValues(Object.keys(task.secretHeaders)),
    // The last attempt may have been cut off by a restart.
    attempts: closeInterrupted(attempts),
    responseStatus,
    responseBody,
    status,
    errorMessage,
    dueAt: null,
    completedAt: at.now,
    durationMs: Math.round(at.elapsedMs),
  }
}

function mustBeUnfinished(task: Task): void {
  if (isFinished(task)) throw new Error(`task ${task.id} has ended as ${task.status} already`)
}

function closed(attempt: Attempt, outcome: Outcome, attemptMs: number): Attempt {
  return {
    ...attempt,
    durationMs: Math.round(attemptMs),
    responseStatus: outcome.kind === 'answered' ? outcome.status : null,
    error: outcomeError(outcome),
    ...(outcome.kind === 'interrupted' ? { interrupted: true } : {}),
  }
}

function closeInterrupted(attempts: readonly Attempt[]): readonly Attempt[] {
  const last = attempts.at(-1)
  if (!last || last.durationMs !== null || last.interrupted) return attempts
  return [...attempts.slice(0, -1), { ...last, error: INTERRUPTED, interrupted: true }]
}

function finalStatus(outcome: Outcome): FinalStatus {
  switch (outcome.kind) {
    case 'answered':
      return outcome.status >= 200 && outcome.status < 300 && !outcome.truncated
        ? 'success'
        : 'error'
    case 'timeout':
      return 'timeout'
    case 'cancelled':
      return 'cancelled'
    default:
      return 'error'
  }
}

function outcomeError(outcome: Outcome): string | null {
  switch (outcome.kind) {
    case 'answered':
      if (outcome.truncated) return 'the answer was too large'
      return outcome.status >= 200 && outcome.status < 300 ? null : `HTTP ${outcome.status}`
    case 'cancelled':
      return 'cancelled'
    case 'interrupted':
      return INTERRUPTED
    default:
      return outcome.error
  }
}
