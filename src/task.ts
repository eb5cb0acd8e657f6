/**
 * What a task is.
 *
 *      asynchronous            synchronous
 *           │                       │
 *           ▼      1st attempt      ▼
 *        queued ──────────────► running ──┐  another attempt, or the wait before it
 *           │                   │  │  ▲───┘
 *           │ deadline, or the  │  │  ▲
 *           │ droplet is listed │  │  ╎ its caller sends the Idempotency-Key of an
 *           │ as inactive       │  │  ╎ interrupted task again
 *           ├───────────────────┼──┤  ╎
 *           │ cancel            │  │  ╎
 *           ├───────────────────┘  │  ╎
 *           ▼                      ▼  ╎
 *       cancelled        success, error, timeout
 *
 * `delivery/lifecycle.ts` is the only code that moves a task along these arrows.
 */

import type { CallerTrace } from './trace-context.ts'

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

/** Requests after the first. */
export const MAX_RETRIES = 10
/** The longest wait before one of them, ms. */
export const MAX_RETRY_WAIT_MS = 60_000
/** Characters of a droplet's name. */
export const MAX_NAME_LENGTH = 255
/** Characters of an Idempotency-Key. */
export const MAX_KEY_LENGTH = 255

export const STATUSES = ['queued', 'running', 'success', 'error', 'timeout', 'cancelled'] as const
export type TaskStatus = (typeof STATUSES)[number]

/** What a filter may ask for: a state, or several by one word. */
export const STATUS_FILTERS = [...STATUSES, 'failed'] as const
export type StatusFilter = (typeof STATUS_FILTERS)[number]

export type FinalStatus = Exclude<TaskStatus, 'queued' | 'running'>

/** JSON text, kept as text: so no digit of a payload or of an answer changes. */
export type JsonText = string

/** One request to a droplet. While it is in flight, `durationMs` is null. */
export interface Attempt {
  readonly attempt: number
  /** Wall clock, ms. */
  readonly startedAt: number
  readonly durationMs: number | null
  readonly responseStatus: number | null
  readonly error: string | null
  /** True when a restart cut it off: it doesn't use up a retry. */
  readonly interrupted?: true
}

/**
 * Headers whose values are secret. null in place of a value: it is not kept any more, or never
 * was; the name stays.
 */
export type SecretHeaders = Readonly<Record<string, string | null>>

/** What the caller asked for, with the defaults filled in. */
export interface TaskRequest {
  readonly dropletName: string
  readonly method: Method
  readonly path: string
  readonly payload: JsonText | null
  readonly meta: JsonText | null
  /** Those that may be shown. */
  readonly headers: Readonly<Record<string, string>>
  /** null: there are none. */
  readonly secretHeaders: SecretHeaders | null
  readonly timeoutMs: number
  readonly deadlineMs: number | null
  readonly maxRetries: number
  /** Asynchronous tasks only: how long after its acceptance the first attempt is due. */
  readonly delayMs: number
}

/** What the caller asked for; null: the default. */
export interface Submission extends Omit<TaskRequest, 'timeoutMs' | 'maxRetries'> {
  readonly timeoutMs: number | null
  readonly maxRetries: number | null
}

/** A task as it is remembered. Immutable: a change of state makes a new one. Times are ms. */
export interface Task extends TaskRequest {
  readonly id: string
  /** Who waits owns the retry: a synchronous task's caller, or, asynchronous, we. */
  readonly mode: 'sync' | 'async'
  readonly requestId: string
  /** How often its request had come through an orchestrator: the droplet is told one more. */
  readonly hops: number
  /** The trace that its request was in; null: one begins with the task (trace-context.ts). */
  readonly trace: CallerTrace | null
  readonly status: TaskStatus
  /** Where the latest attempt went, or the next one would go. */
  readonly targetUrl: string
  /** As it is kept: with the name of its caller's token in front, where there are tokens. */
  readonly idempotencyKey: string | null
  /** SHA-256 of the request that first used the key. */
  readonly fingerprint: string | null
  readonly replayOf: string | null
  readonly createdAt: number
  /** When the next attempt may start; null while one is in flight and at the end. */
  readonly dueAt: number | null
  readonly attempts: readonly Attempt[]
  readonly completedAt: number | null
  readonly durationMs: number | null
  readonly responseStatus: number | null
  readonly responseBody: JsonText | null
  readonly errorMessage: string | null
}

/** The columns of a list row: everything but what may be large. */
export type TaskSummary = Pick<
  Task,
  | 'id'
  | 'dropletName'
  | 'method'
  | 'targetUrl'
  | 'status'
  | 'responseStatus'
  | 'createdAt'
  | 'completedAt'
  | 'durationMs'
  | 'errorMessage'
> & { readonly retryCount: number }

export const INTERRUPTED = 'interrupted by a restart'

/** The states that a filter means. */
export function statusesOf(filter: StatusFilter): readonly TaskStatus[] {
  return filter === 'failed' ? ['error', 'timeout'] : [filter]
}

/** The longest that it may wait until it is due, ms: for times of a clock that was set since. */
export function maxWaitOf({ status, delayMs }: Pick<Task, 'status' | 'delayMs'>): number {
  return status === 'queued' ? delayMs : MAX_RETRY_WAIT_MS
}

export function isFinished(task: { status: TaskStatus }): boolean {
  return task.status !== 'queued' && task.status !== 'running'
}

/** Requests after the first that were really sent. */
export function retryCount(task: Pick<Task, 'attempts'>): number {
  return Math.max(0, task.attempts.length - 1)
}
