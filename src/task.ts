/**
 * What a task is.
 *
 *      asynchronous            synchronous
 *           │                       │
 *           ▼      1st attempt      ▼
 *        queued ──────────────► running ──┐  another attempt, or the wait before it
 *           │                   │  │  ▲───┘
 *           │ deadline          │  │  ▲
 *           ├───────────────────┼──┤  ╎ its caller sends the Idempotency-Key of an
 *           │ cancel            │  │  ╎ interrupted task again
 *           ├───────────────────┘  │  ╎
 *           ▼                      ▼  ╎
 *       cancelled        success, error, timeout
 *
 * `delivery/lifecycle.ts` is the only code that moves a task along these arrows.
 */
import { Type, type Static } from 'typebox'

export const METHODS = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'] as const
export type Method = (typeof METHODS)[number]

export const STATUSES = ['queued', 'running', 'success', 'error', 'timeout', 'cancelled'] as const
export type TaskStatus = (typeof STATUSES)[number]

export type FinalStatus = Exclude<TaskStatus, 'queued' | 'running'>

/** JSON text, kept as text: what a droplet or a caller wrote is passed on digit by digit. */
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

/** What the caller asked for, with the defaults filled in. */
export interface TaskRequest {
  readonly dropletName: string
  readonly method: Method
  readonly path: string
  readonly payload: JsonText | null
  readonly meta: JsonText | null
  readonly headers: Readonly<Record<string, string>>
  readonly timeoutMs: number
  readonly deadlineMs: number | null
  readonly maxRetries: number
  /** Asynchronous tasks only: how long after its acceptance the first attempt is due. */
  readonly delayMs: number
}

/** A task as it is remembered. Immutable: a change of state makes a new one. Times are ms. */
export interface Task extends TaskRequest {
  readonly id: string
  /** Who waits owns the retry: a synchronous task's caller, or, asynchronous, we. */
  readonly mode: 'sync' | 'async'
  readonly requestId: string
  readonly status: TaskStatus
  /** Where the latest attempt went, or the next one would go. */
  readonly targetUrl: string
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

export function isFinished(task: { status: TaskStatus }): boolean {
  return task.status !== 'queued' && task.status !== 'running'
}

/** Requests after the first that were really sent. */
export function retryCount(task: Pick<Task, 'attempts'>): number {
  return Math.max(0, task.attempts.length - 1)
}

const Milliseconds = (maximum: number, description: string) =>
  Type.Integer({ minimum: 1, maximum, description })

/** The body of `POST /orchestrator/tasks`: validation, type and documentation in one. */
export const SubmitBody = Type.Object(
  {
    droplet_name: Type.String({
      minLength: 1,
      maxLength: 255,
      description: 'The droplet, by its name in the Registry; upper and lower case are the same',
    }),
    method: Type.Optional(
      Type.Union(
        METHODS.map((method) => Type.Literal(method)),
        { default: 'GET' },
      ),
    ),
    path: Type.String({
      minLength: 1,
      maxLength: 2048,
      description: "Path and query, relative to the droplet's URL; starts with exactly one /",
    }),
    payload: Type.Optional(
      Type.Unknown({ description: 'Any JSON value; sent as the JSON body unless null' }),
    ),
    meta: Type.Optional(
      Type.Union([Type.Record(Type.String(), Type.Unknown()), Type.Null()], {
        description: "The caller's own notes: kept with the task, never sent on",
      }),
    ),
    headers: Type.Optional(
      Type.Record(Type.String(), Type.String(), {
        description: 'Sent to the droplet; hop-by-hop and framing headers are refused',
      }),
    ),
    timeout_ms: Type.Optional(
      Milliseconds(600_000, 'How long one attempt may take; default TASK_TIMEOUT'),
    ),
    deadline_ms: Type.Optional(
      Milliseconds(3_600_000, 'How long the whole task may take, waits included; default none'),
    ),
    max_retries: Type.Optional(
      Type.Integer({
        minimum: 0,
        maximum: 10,
        description: 'Requests after the first; default TASK_MAX_RETRIES',
      }),
    ),
    delay_seconds: Type.Optional(
      Type.Number({
        minimum: 0,
        maximum: 604_800,
        description: 'With `Prefer: respond-async`: not before then',
      }),
    ),
  },
  {
    title: 'SubmitTask',
    // Unknown fields are ignored, as in v1.1.0; Elysia takes silence for a no.
    additionalProperties: true,
    examples: [
      {
        droplet_name: 'echo',
        method: 'POST',
        path: '/greet?lang=en',
        payload: { hello: 'world' },
        meta: { requested_by: 'docs' },
      },
    ],
  },
)
export type SubmitBody = Static<typeof SubmitBody>
