/**
 * The task store over a database. Writes of one turn of the event loop, and those that arrive
 * while two commits are under way, share the next commit. That is what makes a synced commit per
 * step affordable: 32 callers at once need two or three commits instead of 64.
 */
import { errorText } from '../errors.ts'
import type { AttemptResult, TaskEvent } from '../events.ts'
import type { Clock, Log } from '../ports.ts'
import type { Task } from '../task.ts'
import { emitStep, type Step } from './committed-events.ts'
import { DatabaseLocked, type RefusedWrite, type StoreDriver, type Write } from './driver.ts'
import { storedBody } from './stored-body.ts'
import { storeUnavailable, type TaskQuery, type TaskStore, type WriteResult } from './store.ts'
import { changesOf } from './task-changes.ts'

/** While one is being synced, the next is already in the thread: so that is never idle. */
const MAX_COMMITS_UNDER_WAY = 2
/** How soon a failed write is tried again, ms. */
const RETRY_MS = 1000
/** How long another process may hold the database's lock before that counts as a failure, ms. */
const MAX_LOCKED_MS = 5000
/** How soon a locked database is tried again, ms: doubling, for locks are short. */
const MIN_LOCK_WAIT_MS = 2
const MAX_LOCK_WAIT_MS = 50
/** How often the history is trimmed by age, ms; by number, each commit trims it. */
const TRIM_MS = 10_000

interface PendingWrite extends Step {
  /** The place in the order of arrival. */
  readonly order: number
  readonly write: Write
  resolve(result: WriteResult): void
  reject(error: Error): void
}

export interface GroupCommitPorts {
  clock: Clock
  log: Log
  emit(event: TaskEvent): void
}

export class GroupCommitStore implements TaskStore {
  #writable = true
  /** In the order of arrival. */
  #pending: PendingWrite[] = []
  #arrivals = 0
  #underWay = 0
  #scheduled = false
  #idle = Promise.withResolvers<void>()
  #cancelTimer: () => void = () => {}
  #closing: Promise<void> | null = null
  #closed = false
  readonly stats = { commits: 0, writes: 0, failures: 0 }

  constructor(
    private readonly driver: StoreDriver,
    private readonly ports: GroupCommitPorts,
  ) {
    this.#trimLater()
  }

  get writable(): boolean {
    return this.#writable
  }

  insert(task: Task): Promise<WriteResult> {
    if (!this.#writable || this.#closing) return Promise.reject(storeUnavailable())
    const stored = asStored(task)
    return this.#enqueue({ kind: 'insert', task: stored }, ['insert', stored])
  }

  resume(task: Task): Promise<WriteResult> {
    if (!this.#writable || this.#closing) return Promise.reject(storeUnavailable())
    return this.#enqueue({ kind: 'resume', task }, ['resume', task])
  }

  update(task: Task, result?: AttemptResult): Promise<WriteResult> {
    const stored = asStored(task)
    const step: Step = { kind: 'update', task: stored, result }
    return this.#enqueue(step, ['update', changesOf(stored)])
  }

  find(id: string) {
    return this.driver.find(id)
  }

  findByKey(idempotencyKey: string) {
    return this.driver.findByKey(idempotencyKey)
  }

  list(query: TaskQuery) {
    return this.driver.list(query)
  }

  claim(capacity: number) {
    return this.driver.claim(capacity)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  async #close(): Promise<void> {
    this.#cancelTimer()
    do {
      await this.#writePending()
      // Whoever waited for the last commit may have one more step to write.
      await new Promise<void>((resolve) => this.ports.clock.soon(resolve))
    } while (this.#underWay > 0 || (this.#writable && this.#pending.length > 0))
    this.#closed = true
    if (this.#pending.length > 0) {
      this.ports.log.error('the store could not be written', { lost: this.#pending.length })
    }
    // Who wrote what is still pending gets no answer: the next start finds those tasks unfinished.
    await this.driver.close()
  }

  async #writePending(): Promise<void> {
    while (this.#underWay > 0) {
      this.#idle = Promise.withResolvers<void>()
      await this.#idle.promise
    }
    if (this.#pending.length > 0) await this.#commit()
  }

  #enqueue(step: Step, write: Write): Promise<WriteResult> {
    if (this.#closed) return Promise.reject(storeUnavailable())
    return new Promise((resolve, reject) => {
      const order = this.#arrivals++
      this.#pending.push({ ...step, order, write, resolve, reject })
      if (this.#writable) this.#scheduleCommit()
    })
  }

  /** At the end of this turn of the event loop, so that all writes of a turn share a commit. */
  #scheduleCommit(): void {
    if (this.#scheduled || this.#underWay >= MAX_COMMITS_UNDER_WAY) return
    this.#scheduled = true
    this.ports.clock.soon(() => {
      this.#scheduled = false
      if (this.#pending.length > 0 && this.#writable) void this.#commit()
    })
  }

  async #commit(): Promise<void> {
    const batch = this.#pending
    this.#pending = []
    this.#underWay++
    try {
      const writes = batch.map(({ write }) => write)
      const refused = await this.#commitUnlocked(writes)
      this.#committed(batch, refused)
    } catch (error) {
      this.#failed(batch, error)
    }
    this.#underWay--
    if (this.#underWay === 0) this.#idle.resolve()
    if (this.#writable && this.#pending.length > 0) this.#scheduleCommit()
  }

  /**
   * Waits while another process holds the lock: reads go on meanwhile, and new writes gather. Two
   * groups may change places then; nobody asks for a task's next step before the last is on disk.
   */
  async #commitUnlocked(writes: readonly Write[]): Promise<RefusedWrite[]> {
    const { clock } = this.ports
    const end = clock.monotonic() + MAX_LOCKED_MS
    for (let wait = MIN_LOCK_WAIT_MS; ; wait = Math.min(2 * wait, MAX_LOCK_WAIT_MS)) {
      try {
        return await this.driver.commit(writes, clock.now())
      } catch (error) {
        if (!(error instanceof DatabaseLocked) || clock.monotonic() >= end) throw error
      }
      await clock.sleep(wait)
    }
  }

  #committed(batch: readonly PendingWrite[], refused: readonly RefusedWrite[]): void {
    this.stats.commits++
    this.stats.writes += batch.length
    if (!this.#writable) {
      this.ports.log.info('the store can be written again')
      this.#writable = true
      this.#trimLater()
    }
    const reasons = new Map(refused.map(({ index, reason }) => [index, reason]))
    for (const [index, pending] of batch.entries()) this.#settle(pending, reasons.get(index))
  }

  #settle(pending: PendingWrite, refusal: RefusedWrite['reason'] | undefined): void {
    if (refusal === undefined) {
      emitStep(pending, this.ports.emit)
      pending.resolve('written')
    } else if (typeof refusal === 'string') pending.resolve(refusal)
    else pending.reject(new Error(`the store refuses task ${pending.task.id}: ${refusal.error}`))
  }

  /** Rejects inserts and resumes: those have not begun. Keeps updates, in order of arrival. */
  #failed(batch: readonly PendingWrite[], error: unknown): void {
    this.stats.failures++
    if (this.#writable) {
      this.ports.log.error('the store cannot be written', { error: errorText(error) })
    }
    this.#writable = false
    const updates = batch.filter(({ kind }) => kind === 'update')
    for (const { kind, reject } of batch) if (kind !== 'update') reject(storeUnavailable())
    // When both commits under way fail, the writes of the later one would else come first.
    this.#pending = [...updates, ...this.#pending].sort((a, b) => a.order - b.order)
    this.#retryLater()
  }

  #retryLater(): void {
    this.#cancelTimer()
    if (this.#closing) return
    this.#cancelTimer = this.ports.clock.after(RETRY_MS, () => void this.#commit())
  }

  #trimLater(): void {
    this.#cancelTimer()
    if (this.#closing) return
    this.#cancelTimer = this.ports.clock.after(TRIM_MS, () => void this.#trim())
  }

  async #trim(): Promise<void> {
    try {
      while (!this.#closing && (await this.driver.trim(this.ports.clock.now()))) {
        await this.ports.clock.sleep(0)
      }
    } catch (error) {
      // A lock passes, and then there is a next time.
      if (!(error instanceof DatabaseLocked)) {
        this.ports.log.warning('the history cannot be trimmed', { error: errorText(error) })
      }
    }
    if (this.#writable) this.#trimLater()
  }
}

/** A task as it is stored: without a body that is too large for the history. */
function asStored(task: Task): Task {
  const responseBody = storedBody(task.responseBody)
  return responseBody === task.responseBody ? task : { ...task, responseBody }
}
