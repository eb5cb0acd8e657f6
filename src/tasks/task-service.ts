/**
 * The use cases: submit, find, list, cancel, replay. Each gets its caller, and shows it only the
 * tasks of droplets that it may use.
 */
import { mayUse, type Caller } from '../access/caller.ts'
import { headersFault } from '../delivery/attempt-headers.ts'
import type { Delivery } from '../delivery/delivery.ts'
import type { Load } from '../delivery/load.ts'
import { splitHeaders } from '../droplets/redact.ts'
import { invalidRequest } from '../errors.ts'
import type { TaskPage, TaskQuery } from '../store/store.ts'
import { asStored } from '../store/stored-body.ts'
import { isFinished, type Submission, type Task, type TaskRequest } from '../task.ts'
import { latest } from './latest.ts'
import { Submitter, type SubmitOptions, type SubmitPorts, type Submitted } from './submit.ts'
import {
  secretsNeeded,
  shuttingDown,
  takenOver,
  taskFinished,
  taskNotFound,
} from './task-errors.ts'
import { Waiters } from './waiters.ts'

export type TaskServicePorts = Omit<SubmitPorts, 'waiters' | 'isDraining'>

export class TaskService {
  readonly #waiters: Waiters
  readonly #submitter: Submitter
  readonly #delivery: Delivery
  #draining = false

  constructor(private readonly parts: TaskServicePorts) {
    this.#delivery = parts.delivery
    this.#waiters = new Waiters(parts.ports.clock, parts.events, parts.delivery.elsewhere)
    const isDraining = () => this.#draining
    this.#submitter = new Submitter({ ...parts, waiters: this.#waiters, isDraining })
  }

  get running(): number {
    return this.#delivery.running
  }

  get queued(): number {
    return this.#delivery.queued
  }

  /** What there is to be done, of all droplets or of those that `isVisible` wants. */
  load(isVisible?: (droplet: string) => boolean): Load {
    return this.#delivery.load(isVisible)
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Refuses new tasks and gives those under way `graceMs` to end. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    this.#waiters.releaseAll()
    await this.#delivery.drain(graceMs)
  }

  /**
   * Runs a synchronous task to its end, or accepts an asynchronous one. Throws INVALID_REQUEST,
   * DROPLET_NOT_FOUND, FORBIDDEN, REGISTRY_ERROR, OVERLOADED, SHUTTING_DOWN and the codes of
   * Idempotency-Key, and then nothing was sent; and STORE_UNAVAILABLE.
   */
  submit(caller: Caller, request: Submission, options: SubmitOptions): Promise<Submitted> {
    return this.#submitter.submit(caller, request, options, null)
  }

  /** The task, once it has ended or after `waitMs`. Throws TASK_NOT_FOUND. */
  async find(caller: Caller, id: string, waitMs = 0): Promise<Task> {
    if (waitMs === 0 || this.#draining) return this.#visible(caller, id)
    // Registered before the task is read, so that an end in between is not missed.
    const waiter = this.#waiters.wait(id, waitMs)
    try {
      const found = await this.parts.store.find(id)
      // It may have ended, and have been forgotten, before it was read.
      const task = visible(caller, id, found ?? waiter.endedTask)
      const ended = isFinished(task) ? task : await waiter.ended
      // The same as without a wait.
      if (ended) return asStored(ended)
      return latest(this.parts.store, task, this.parts.ports.clock)
    } finally {
      waiter.cancel()
    }
  }

  /** Newest first. null: the cursor was not issued by our store. */
  list(caller: Caller, query: TaskQuery): Promise<TaskPage | null> {
    return this.parts.store.list(boundBy(caller, query))
  }

  /**
   * Ends a task as cancelled. Throws TASK_NOT_FOUND, TASK_FINISHED, and SHUTTING_DOWN when a
   * shutdown stopped the task first; and STORE_UNAVAILABLE, also when another node has it by then.
   */
  async cancel(caller: Caller, id: string): Promise<Task> {
    if (caller.droplets !== null) await this.#visible(caller, id)
    const first = await this.#delivery.cancel(id)
    const found = first ?? (await this.#visible(caller, id))
    // At the first try the task may have been on its way to the disk; now the delivery knows it.
    const ended = first ?? (isFinished(found) ? null : await this.#delivery.cancel(id))
    if (ended?.status === 'cancelled') return ended
    const task = ended && isFinished(ended) ? ended : await this.#visible(caller, id)
    if (isFinished(task)) throw taskFinished(task)
    throw this.#draining ? shuttingDown() : takenOver(id)
  }

  /**
   * Submits the same again, as a new task. `headers` come over the task's own: the secret ones are
   * needed again. Throws TASK_NOT_FOUND and what `submit` throws.
   */
  async replay(
    caller: Caller,
    id: string,
    options: SubmitOptions,
    headers: TaskRequest['headers'] = {},
  ): Promise<Submitted> {
    const request = withHeaders(requestOf(await this.#visible(caller, id)), headers)
    const fault = headersFault(request)
    if (fault) throw invalidRequest({ path: '/headers', message: fault })
    return this.#submitter.submit(caller, { ...request, delayMs: 0 }, options, id)
  }

  async #visible(caller: Caller, id: string): Promise<Task> {
    return visible(caller, id, await this.parts.store.find(id))
  }
}

/**
 * The query for tasks that the caller may see, so that totals and pages know of no others. Only a
 * cursor tells how many there are: it is a place in the whole history.
 */
function boundBy({ droplets: own }: Caller, query: TaskQuery): TaskQuery {
  if (own === null) return query
  const { droplets: asked } = query
  if (asked) return { ...query, droplets: asked.filter((name) => own.has(name)) }
  return { ...query, droplets: own.names, dropletPrefixes: own.prefixes }
}

/** A task that the caller may not see is reported as not found. */
function visible(caller: Caller, id: string, task: Task | null): Task {
  if (!task || !mayUse(caller, task.dropletName)) throw taskNotFound(id)
  return task
}

/** What was asked for, without what has become of it. */
function requestOf(task: Task): Submission {
  return {
    dropletName: task.dropletName,
    method: task.method,
    path: task.path,
    payload: task.payload,
    meta: task.meta,
    headers: task.headers,
    secretHeaders: task.secretHeaders,
    timeoutMs: task.timeoutMs,
    deadlineMs: task.deadlineMs,
    maxRetries: task.maxRetries,
    delayMs: task.delayMs,
  }
}

/** Throws INVALID_REQUEST where a secret header is missing: even what is still known is not used. */
function withHeaders(request: Submission, headers: TaskRequest['headers']): Submission {
  const given = splitHeaders(headers)
  const missing = Object.keys(request.secretHeaders ?? {}).filter(
    (name) => !Object.hasOwn(headers, name),
  )
  if (missing.length > 0) throw secretsNeeded(missing)
  return {
    ...request,
    headers: { ...request.headers, ...given.headers },
    secretHeaders: given.secretHeaders,
  }
}
