/** Submit, find, list, cancel, replay: the only place that knows all the rooms. */
import type { Config } from '../config/config.ts'
import { Dispatcher, type Route, type Save } from '../delivery/dispatcher.ts'
import { accept, resume, type NewTask } from '../delivery/lifecycle.ts'
import type { Outcome } from '../delivery/outcome.ts'
import { joinTarget, type Target } from '../droplets/target.ts'
import { invalidRequest, OrchestratorError } from '../errors.ts'
import type { TaskMetrics } from '../telemetry/task-metrics.ts'
import type { Ports } from '../ports.ts'
import type { Droplet } from '../droplets/droplet.ts'
import type { LookUp } from '../registry/registry.ts'
import { storeUnavailable } from '../store/group-commit.ts'
import type { TaskPage, TaskQuery, TaskStore } from '../store/store.ts'
import { isFinished, type Task, type TaskRequest } from '../task.ts'
import { findDroplet } from './find-droplet.ts'
import { fingerprintOf, IdempotencyKeys } from './idempotency.ts'
import { Watchers } from './waiters.ts'

/** Who asks, and how. */
export interface Caller {
  requestId: string
  mode: Task['mode']
  /** Asynchronous tasks: how long to wait for the end, ms. */
  waitMs: number
  idempotencyKey: string | null
}

export interface Submission {
  /** Finished, or, asynchronous, accepted. */
  task: Task
  /** It is the stored outcome of an earlier request with the same Idempotency-Key. */
  replayed: boolean
}

export interface Rooms {
  config: Pick<Config, 'task'>
  ports: Ports
  store: TaskStore
  metrics: TaskMetrics
  registry: {
    find(name: string): Droplet | undefined
    lookUp(name: string): Promise<LookUp>
  }
  reachability: { note(name: string, reachable: boolean, latencyMs: number): void }
}

export class TaskService {
  readonly #watchers: Watchers
  readonly #keys: IdempotencyKeys
  readonly #dispatcher: Dispatcher
  #accepting = 0
  #draining = false

  constructor(private readonly rooms: Rooms) {
    const { config, ports, store } = rooms
    this.#watchers = new Watchers(ports.clock)
    this.#keys = new IdempotencyKeys((key) => store.findByKey(key))
    this.#dispatcher = new Dispatcher({
      ...ports,
      store,
      concurrency: config.task.concurrency,
      maxResponseBytes: config.task.maxResponseBytes,
      route: (task) => this.#route(task),
      onAttempt: (task, outcome, durationMs) => this.#attempted(task, outcome, durationMs),
      onEnd: (task) => {
        rooms.metrics.recordEnd(task)
        this.#watchers.ended(task.id)
      },
    })
  }

  get running(): number {
    return this.#dispatcher.running
  }

  get queued(): number {
    return this.#dispatcher.queued
  }

  get draining(): boolean {
    return this.#draining
  }

  /** Takes over what an earlier process left unfinished; runs none of it yet. */
  recover(): Promise<void> {
    return this.#dispatcher.recover()
  }

  /** Begins to run asynchronous tasks. */
  start(): void {
    this.#dispatcher.start()
  }

  /** Refuses new tasks and gives those under way `graceMs` to end. */
  async drain(graceMs: number): Promise<void> {
    this.#draining = true
    this.#watchers.sendHome()
    await this.#dispatcher.drain(graceMs)
  }

  /**
   * Runs a synchronous task to its end, or accepts an asynchronous one. Throws INVALID_REQUEST,
   * DROPLET_NOT_FOUND, REGISTRY_ERROR, OVERLOADED, SHUTTING_DOWN, STORE_UNAVAILABLE and the
   * codes of Idempotency-Key; then nothing was sent.
   */
  async submit(
    request: TaskRequest,
    caller: Caller,
    replayOf: string | null = null,
  ): Promise<Submission> {
    if (this.#draining) throw shuttingDown()
    if (request.delayMs > 0 && caller.mode === 'sync') {
      const message = 'is for asynchronous tasks: send Prefer: respond-async'
      throw invalidRequest({ path: '/delay_seconds', message })
    }
    const id = this.rooms.ports.newId()
    const { idempotencyKey } = caller
    const draft: Draft = { request, caller, id, fingerprint: null, replayOf }
    if (idempotencyKey === null) return { task: await this.#run(draft, null), replayed: false }
    const fingerprint = fingerprintOf(request, replayOf)
    const use = await this.#keys.use(idempotencyKey, id, fingerprint)
    if (use.kind === 'repeated') return { task: use.task, replayed: true }
    try {
      const task = await this.#run({ ...draft, fingerprint }, use.previous)
      return { task, replayed: false }
    } finally {
      use.release()
    }
  }

  /** The task, once it has ended or after `waitMs`. Throws TASK_NOT_FOUND. */
  async find(id: string, waitMs = 0): Promise<Task> {
    const { store } = this.rooms
    if (waitMs === 0 || this.#draining) return known(id, await store.find(id))
    // Watched before it is looked at: it may end in between.
    const watch = this.#watchers.watch(id, waitMs)
    try {
      const task = known(id, await store.find(id))
      if (isFinished(task)) return task
      await watch.over
      return known(id, await store.find(id))
    } finally {
      watch.leave()
    }
  }

  /** Newest first. Throws INVALID_REQUEST for a cursor that is none of ours. */
  list(query: TaskQuery): Promise<TaskPage> {
    return this.rooms.store.list(query)
  }

  /** Ends a task as cancelled. Throws TASK_NOT_FOUND and TASK_FINISHED. */
  async cancel(id: string): Promise<Task> {
    const cancelled = await this.#dispatcher.cancel(id)
    if (cancelled?.status === 'cancelled') return cancelled
    const task = cancelled ?? known(id, await this.rooms.store.find(id))
    if (!isFinished(task)) throw shuttingDown()
    throw new OrchestratorError('TASK_FINISHED', `The task has ended already: ${task.status}`, {
      task_id: id,
      status: task.status,
    })
  }

  /** Submits the same again, as a new task. Throws TASK_NOT_FOUND and what `submit` throws. */
  async replay(id: string, caller: Caller): Promise<Submission> {
    const original = known(id, await this.rooms.store.find(id))
    return this.submit({ ...requestOf(original), delayMs: 0 }, caller, id)
  }

  /** `previous`: the interrupted task that this one is, once more. */
  async #run(draft: Draft, previous: Task | null): Promise<Task> {
    const { ports, store, registry } = this.rooms
    const { request, caller } = draft
    const droplet =
      registry.find(request.dropletName) ?? (await findDroplet(registry, request.dropletName))
    const target = joinTarget(droplet.url, request.path)
    if (!target.ok) throw invalidRequest({ path: '/path', message: target.reason })
    const fresh: NewTask = {
      ...request,
      dropletName: droplet.name,
      targetUrl: target.url,
      id: draft.id,
      mode: caller.mode,
      requestId: caller.requestId,
      idempotencyKey: caller.idempotencyKey,
      fingerprint: draft.fingerprint,
      replayOf: draft.replayOf,
    }
    // The Registry may have kept us waiting.
    if (this.#draining) throw shuttingDown()
    if (!store.writable) throw storeUnavailable()
    const now = ports.clock.now()
    const task = previous ? resume(previous, fresh, now) : accept(fresh, now)
    const save: Save = (each) => (previous ? store.resume(each) : store.insert(each))
    if (caller.mode === 'sync') return this.#dispatcher.runNow(task, routeTo(droplet, target), save)
    return this.#enqueue(task, save, caller.waitMs)
  }

  async #enqueue(task: Task, save: Save, waitMs: number): Promise<Task> {
    const { maxQueued } = this.rooms.config.task
    if (this.#dispatcher.waiting + this.#accepting >= maxQueued) throw overloaded(maxQueued)
    this.#accepting++
    // Watched before it is in line: it may end at once.
    const watch = waitMs > 0 ? this.#watchers.watch(task.id, waitMs) : null
    try {
      await this.#dispatcher.enqueue(task, save)
    } finally {
      this.#accepting--
    }
    if (!watch) return task
    await watch.over
    return known(task.id, await this.rooms.store.find(task.id))
  }

  /** An asynchronous task follows its droplet; one that is no longer listed is where it was. */
  #route(task: Task): Route {
    const droplet = this.rooms.registry.find(task.dropletName)
    return droplet ? routeTo(droplet, joinTarget(droplet.url, task.path)) : { url: task.targetUrl }
  }

  #attempted(task: Task, outcome: Outcome, durationMs: number): void {
    if (task.attempts.length > 1) this.rooms.metrics.recordRetry()
    if (outcome.kind === 'cancelled' || outcome.kind === 'interrupted') return
    const reachable = outcome.kind === 'answered' && outcome.status < 500
    this.rooms.reachability.note(task.dropletName, reachable, durationMs)
  }
}

interface Draft {
  request: TaskRequest
  caller: Caller
  id: string
  fingerprint: string | null
  replayOf: string | null
}

function routeTo({ name, status }: Droplet, target: Target): Route {
  if (status !== 'active') return { blocked: `the Registry lists droplet '${name}' as ${status}` }
  return target.ok ? { url: target.url } : { blocked: `path ${target.reason}` }
}

/** What was asked for, without what has become of it. */
function requestOf(task: Task): TaskRequest {
  return {
    dropletName: task.dropletName,
    method: task.method,
    path: task.path,
    payload: task.payload,
    meta: task.meta,
    headers: task.headers,
    timeoutMs: task.timeoutMs,
    deadlineMs: task.deadlineMs,
    maxRetries: task.maxRetries,
    delayMs: task.delayMs,
  }
}

function known(id: string, task: Task | null): Task {
  if (task) return task
  throw new OrchestratorError('TASK_NOT_FOUND', 'There is no such task', { task_id: id })
}

function shuttingDown(): OrchestratorError {
  return new OrchestratorError(
    'SHUTTING_DOWN',
    'The service is shutting down',
    {},
    { 'retry-after': '5' },
  )
}

function overloaded(most: number): OrchestratorError {
  return new OrchestratorError(
    'OVERLOADED',
    `${most} tasks are waiting already`,
    { max_queued: most },
    { 'retry-after': '5' },
  )
}
