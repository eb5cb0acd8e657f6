/** Submitting: from a request to a task that has ended, or waits in the queue. */
import { mayUse, ownKey, type Caller } from '../access/caller.ts'
import type { Config } from '../config/config.ts'
import type { Delivery } from '../delivery/delivery.ts'
import { accept, resume, type NewTask } from '../delivery/lifecycle.ts'
import { NotWritten } from '../delivery/not-written.ts'
import type { Droplet } from '../droplets/droplet.ts'
import { joinTarget } from '../droplets/target.ts'
import { invalidRequest } from '../errors.ts'
import type { EventBus } from '../events.ts'
import type { Ports } from '../ports.ts'
import { storeUnavailable, type TaskStore } from '../store/store.ts'
import type { Submission, Task, TaskRequest } from '../task.ts'
import { dropletNotFound, findDroplet, type DropletSource } from './find-droplet.ts'
import { fingerprintOf } from './fingerprint.ts'
import { IdempotencyKeys } from './idempotency.ts'
import { latest } from './latest.ts'
import { overloaded, shuttingDown, takenOver } from './task-errors.ts'
import type { Waiters } from './waiters.ts'

/** How a request is to be served. */
export interface SubmitOptions {
  mode: Task['mode']
  /** Asynchronous tasks: how long to wait for the end, ms. */
  waitMs: number
  idempotencyKey: string | null
  /** How often the request has come through an orchestrator. */
  hops: number
  /** The trace that it is in; null: none. */
  trace: Task['trace']
}

export interface Submitted {
  /** A synchronous task has finished; an asynchronous one may be queued or running. */
  task: Task
  /** It is the stored outcome of an earlier request with the same Idempotency-Key. */
  replayed: boolean
}

export interface SubmitPorts {
  config: Pick<Config, 'task'>
  ports: Pick<Ports, 'clock' | 'newId'>
  store: TaskStore
  registry: DropletSource
  delivery: Delivery
  events: EventBus
  waiters: Waiters
  isDraining(): boolean
}

/** A submission before its droplet is found. */
interface Draft extends SubmitOptions {
  caller: Caller
  request: Submission
  id: string
  fingerprint: string | null
  replayOf: string | null
}

/** How often a lost race for a key is run again. */
const MAX_KEY_CONFLICTS = 3

export class Submitter {
  readonly #keys: IdempotencyKeys
  /** Asynchronous tasks on their way to the disk. */
  #accepting = 0

  constructor(private readonly parts: SubmitPorts) {
    this.#keys = new IdempotencyKeys((key) => parts.store.findByKey(key))
    parts.events.on('accepted', ({ task }) => {
      if (task.idempotencyKey !== null) this.#keys.accepted(task.idempotencyKey)
    })
  }

  /** `replayOf`: the task that this one repeats. See `TaskService.submit`. */
  async submit(
    caller: Caller,
    request: Submission,
    options: SubmitOptions,
    replayOf: string | null,
  ): Promise<Submitted> {
    const { registry } = this.parts
    if (this.parts.isDraining()) throw shuttingDown()
    // Before the key is looked up: its task may be one that this caller may not see.
    if (!mayUse(caller, request.dropletName)) {
      throw await dropletNotFound(registry, caller, request.dropletName)
    }
    const id = this.parts.ports.newId()
    const key = options.idempotencyKey === null ? null : ownKey(caller, options.idempotencyKey)
    const draft = {
      ...options,
      idempotencyKey: key,
      caller,
      request,
      id,
      fingerprint: null,
      replayOf,
    }
    try {
      return key === null
        ? { task: await this.#run(draft, null), replayed: false }
        : await this.#runOnce(draft, key)
    } catch (error) {
      if (!(error instanceof NotWritten)) throw error
      throw error.verb === 'update' ? takenOver(error.taskId, error.task) : storeUnavailable()
    }
  }

  async #runOnce(draft: Draft, key: string): Promise<Submitted> {
    const { caller, id: taskId, request, replayOf } = draft
    const { dropletName } = request
    const fingerprint = fingerprintOf(request, replayOf, () => this.#withDefaults(request))
    const maySee = (name: string) => mayUse(caller, name)
    for (let conflicts = 0; ; conflicts++) {
      const use = await this.#keys.use(key, { taskId, dropletName, fingerprint, maySee })
      if (use.kind === 'repeated') return { task: use.task, replayed: true }
      try {
        return {
          task: await this.#run({ ...draft, fingerprint: fingerprint.text }, use.previous),
          replayed: false,
        }
      } catch (error) {
        const isConflict = error instanceof NotWritten && error.verb !== 'update'
        if (!isConflict || conflicts === MAX_KEY_CONFLICTS) throw error
      } finally {
        use.release()
      }
    }
  }

  /** `previous`: the interrupted task to run again. */
  async #run(draft: Draft, previous: Task | null): Promise<Task> {
    const { store, delivery, ports, registry } = this.parts
    const { caller, request } = draft
    const found = findDroplet(registry, caller, request.dropletName)
    const droplet = found instanceof Promise ? await found : found
    const fresh = this.#withTarget(draft, droplet)
    // The Registry may have kept us waiting.
    if (this.parts.isDraining()) throw shuttingDown()
    if (store.fault !== null) throw storeUnavailable(store.fault)
    const now = ports.clock.now()
    const task = previous ? resume(previous, fresh, now) : accept(fresh, now)
    const write = previous ? 'resume' : 'insert'
    if (draft.mode === 'sync') return delivery.runNow(task, write)
    return this.#enqueue(task, write, draft.waitMs)
  }

  #withTarget({ caller, request, ...draft }: Draft, droplet: Droplet): NewTask {
    const target = joinTarget(droplet.url, request.path)
    if (!target.ok) throw invalidRequest({ path: '/path', message: target.reason })
    return {
      ...this.#withDefaults(request),
      dropletName: droplet.name,
      targetUrl: target.url,
      id: draft.id,
      mode: draft.mode,
      requestId: caller.requestId,
      hops: draft.hops,
      trace: draft.trace,
      idempotencyKey: draft.idempotencyKey,
      fingerprint: draft.fingerprint,
      replayOf: draft.replayOf,
    }
  }

  #withDefaults(request: Submission): TaskRequest {
    const { timeoutMs, maxRetries } = this.parts.config.task
    return {
      ...request,
      timeoutMs: request.timeoutMs ?? timeoutMs,
      maxRetries: request.maxRetries ?? maxRetries,
    }
  }

  async #enqueue(task: Task, write: 'insert' | 'resume', waitMs: number): Promise<Task> {
    const { config, delivery, ports, waiters, store } = this.parts
    const { maxQueued } = config.task
    const others = store.shared?.backlog ?? 0
    if (delivery.waiting + others + this.#accepting >= maxQueued) throw overloaded(maxQueued)
    // Registered before the insert: the task may end at once.
    const waiter = waitMs > 0 ? waiters.wait(task.id, waitMs) : null
    this.#accepting++
    try {
      await delivery.accept(task, write).finally(() => this.#accepting--)
      if (!waiter) return task
      // It is accepted, whatever can be read now.
      const read = (await waiter.ended) ?? (await latest(store, task, ports.clock))
      // It may have ended while it was read: the history need not have the whole answer.
      return waiter.endedTask ?? read
    } finally {
      waiter?.cancel()
    }
  }
}
