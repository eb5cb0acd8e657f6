/**
 * The task store over a database. Writes of one turn of the event loop, and those that arrive
 * while two commits are under way, share the next commit (see `PendingWrites`). That is what makes a
 * synced commit per step affordable: 32 callers at once need two or three instead of 64.
 */
import { Bag } from '../bag.ts'
import { errorText } from '../errors.ts'
import type { AttemptResult, TaskEvent } from '../events.ts'
import { within } from '../platform/time-limit.ts'
import { nextTurn } from '../platform/turns.ts'
import type { Clock, Log } from '../ports.ts'
import type { Task } from '../task.ts'
import { CatchUp } from './catch-up.ts'
import { emitStep, type Step } from './committed-events.ts'
import { DatabaseLocked, type RefusedWrite, type StoreDriver, type Write } from './driver.ts'
import { FileWatch } from './file-watch.ts'
import { listThroughLock, retryWhileLocked, withReadLimit } from './limits.ts'
import { PendingWrites, refuseNew, type PendingWrite } from './pending.ts'
import { asStored } from './stored-body.ts'
import type { SharedWork } from './shared/work.ts'
import { storeUnavailable, type TaskQuery, type TaskStore, type WriteResult } from './store.ts'

/** While one is being synced, the next is already in the thread: so that is never idle. */
const MAX_COMMITS_UNDER_WAY = 2
/** How soon a failed write is tried again, ms: the first time, perhaps only a connection was lost. */
const FIRST_RETRY_MS = 50
const RETRY_MS = 1000
/** A commit that takes longer than this is a disk that hangs, ms. */
const MAX_COMMIT_MS = 6000
/** How long a caller waits for a read, ms. */
const MAX_READ_MS = 8000
/** How long the last commit, and then the closing of the database, may take, ms. */
const MAX_CLOSE_MS = 10_000
/**
 * How often the history is trimmed by age, ms; by number, whenever the journal is applied. Also
 * how long the write-ahead log may have secrets of a task that has ended: twice as long where
 * somebody reads from it, and so 10 s at most.
 */
const TRIM_MS = 5000

export interface GroupCommitPorts {
  clock: Clock
  log: Log
  emit(event: TaskEvent): void
}

export class GroupCommitStore implements TaskStore {
  /** Why nothing can be written now, for the log and for everybody; null: it can be. */
  #failure: { readonly error: string; readonly shown: string } | null = null
  readonly #pending = new PendingWrites()
  readonly #underWay = new Bag<readonly PendingWrite[]>()
  #scheduled = false
  #idle = Promise.withResolvers<void>()
  /** Of the next trim, or the next try to write. */
  #cancelTimer: () => void = () => {}
  #isRetrySet = false
  #closing: Promise<void> | null = null
  #closed = false
  readonly #file: FileWatch
  readonly #catchUp: CatchUp
  readonly stats = { commits: 0, writes: 0, failures: 0 }

  constructor(
    private readonly driver: StoreDriver,
    private readonly ports: GroupCommitPorts,
  ) {
    this.#file = new FileWatch(driver, ports)
    this.#catchUp = new CatchUp(driver, {
      clock: ports.clock,
      onRejected: (error) =>
        ports.log.error('the database rejects a task that was accepted', { error }),
      onFailed: (error) => this.#failed([], error),
    })
    this.#trimLater()
  }

  get fault(): string | null {
    return this.#failure?.shown ?? this.driver.shared?.fault ?? this.#file.fault
  }

  get shared(): SharedWork | null {
    return this.driver.shared ?? null
  }

  get #writable(): boolean {
    return this.#failure === null
  }

  insert(task: Task, forAnyone = false): Promise<WriteResult> {
    if (this.fault !== null || this.#closing) return Promise.reject(storeUnavailable(this.fault))
    const stored = asStored(task)
    const isForAnyone = forAnyone && this.shared !== null
    return this.#enqueue({ kind: 'insert', task: stored, forAnyone: isForAnyone }, stored)
  }

  resume(task: Task): Promise<WriteResult> {
    if (this.fault !== null || this.#closing) return Promise.reject(storeUnavailable(this.fault))
    return this.#enqueue({ kind: 'resume', task }, task)
  }

  update(task: Task, result?: AttemptResult): Promise<WriteResult> {
    return this.#enqueue({ kind: 'update', task, result }, asStored(task))
  }

  find(id: string) {
    return this.#read(this.driver.find(id))
  }

  findByKey(idempotencyKey: string) {
    return this.#read(this.driver.findByKey(idempotencyKey))
  }

  list(query: TaskQuery) {
    const { clock } = this.ports
    return this.#read(listThroughLock(clock, (behind) => this.driver.list(query, behind)))
  }

  #read<T>(read: Promise<T>): Promise<T> {
    return withReadLimit(this.ports.clock, MAX_READ_MS, read)
  }

  claim(capacity: number) {
    return this.driver.claim(capacity)
  }

  close(): Promise<void> {
    return (this.#closing ??= this.#close())
  }

  /** A disk that hangs does not keep it open. */
  async #close(): Promise<void> {
    const { clock } = this.ports
    this.#file.stop()
    this.#cancelTimer()
    await within(clock, MAX_CLOSE_MS, null, () => this.#writeRest())
    this.#closed = true
    this.#catchUp.stop()
    this.#logUnwritten()
    // Who wrote what is still pending gets no answer.
    const closed = await within(clock, MAX_CLOSE_MS, null, () => this.driver.close())
    if (!closed.ok) this.ports.log.error('the store cannot be closed', { error: closed.error })
  }

  async #writeRest(): Promise<void> {
    do {
      await this.#writePending()
      // Whoever waited for the last commit may have one more step to write.
      await nextTurn(this.ports.clock)
    } while (this.#underWay.size > 0 || (this.#writable && this.#pending.size > 0))
  }

  #logUnwritten(): void {
    const unwritten = [...this.#underWay.values(), this.#pending.takeAll()].flat()
    if (unwritten.length === 0) return
    const { size } = new Set(unwritten.map(({ task }) => task.id))
    const message =
      'the latest steps of some tasks were not written; the next start goes on from there'
    this.ports.log.error(message, { tasks: size })
  }

  async #writePending(): Promise<void> {
    while (this.#underWay.size > 0) {
      this.#idle = Promise.withResolvers<void>()
      await this.#idle.promise
    }
    if (this.#pending.size > 0) await this.#commit()
  }

  #enqueue(step: Step, stored: Task): Promise<WriteResult> {
    if (this.#closed) return Promise.reject(storeUnavailable())
    const hold = this.driver.shared?.holdOf(stored, step.forAnyone ?? false)
    const write: Write = hold === undefined ? [step.kind, stored] : [step.kind, stored, hold]
    const written = this.#pending.add(step, write)
    if (this.#writable) this.#scheduleCommit()
    return written
  }

  /** At the end of this turn of the event loop, so that all writes of a turn share a commit. */
  #scheduleCommit(): void {
    if (this.#scheduled || this.#underWay.size >= MAX_COMMITS_UNDER_WAY) return
    this.#scheduled = true
    this.ports.clock.soon(() => {
      this.#scheduled = false
      if (this.#pending.size > 0 && this.#writable) void this.#commit()
    })
  }

  async #commit(): Promise<void> {
    const { clock } = this.ports
    const batch = this.#pending.takeGroup()
    const place = this.#underWay.add(batch)
    this.#commitRest()
    const cancelLimit = clock.after(MAX_COMMIT_MS, () =>
      this.#hangs(`a commit has taken longer than ${MAX_COMMIT_MS} ms`),
    )
    try {
      const writes = batch.map(({ write }) => write)
      const refused = await retryWhileLocked(clock, () => this.driver.commit(writes, clock.now()))
      this.#committed(batch, refused)
    } catch (error) {
      this.#failed(batch, error)
    }
    cancelLimit()
    this.#underWay.remove(place, batch)
    if (this.#underWay.size === 0) this.#idle.resolve()
    this.#commitRest()
  }

  #commitRest(): void {
    if (this.#writable && this.#pending.size > 0) this.#scheduleCommit()
  }

  #committed(batch: readonly PendingWrite[], refused: readonly RefusedWrite[]): void {
    this.stats.commits++
    this.stats.writes += batch.length
    this.#catchUp.committed(batch.length)
    if (!this.#writable) {
      this.ports.log.info('the store can be written again')
      this.#failure = null
      this.#trimLater()
    }
    const reasons = new Map(refused.map(({ index, reason }) => [index, reason]))
    for (const [index, pending] of batch.entries()) this.#settle(pending, reasons.get(index))
  }

  #settle(pending: PendingWrite, refusal: RefusedWrite['reason'] | undefined): void {
    if (refusal === undefined) {
      const isOthers = this.#hasLost(pending)
      emitStep(isOthers ? { ...pending, forAnyone: true } : pending, this.ports.emit)
      pending.resolve('written')
    } else if (typeof refusal === 'string') pending.resolve(refusal)
    else pending.reject(new Error(`the store refuses task ${pending.task.id}: ${refusal.error}`))
  }

  /** What was on its way while all was lost is nobody's soon: this process must not run it. */
  #hasLost({ kind, write: [, , hold] }: PendingWrite): boolean {
    return kind !== 'update' && hold !== undefined && this.driver.shared?.isOurs(hold) === false
  }

  /** `isOfServer`: its words name users and tables, and are for the log alone. */
  #unwritable(error: string, isOfServer = false): void {
    const message = 'the store cannot be written'
    if (this.#failure?.error !== error) this.ports.log.error(message, { error })
    this.#failure = { error, shown: isOfServer ? message : `${message}: ${error}` }
  }

  /** The commits under way may still work; what has not begun is not begun now. */
  #hangs(error: string): void {
    this.#unwritable(error)
    this.#pending.putBack(refuseNew(this.#pending.takeAll(), this.fault))
  }

  /** Rejects inserts and resumes: those have not begun. Keeps updates, in order of arrival. */
  #failed(batch: readonly PendingWrite[], error: unknown): void {
    this.stats.failures++
    const retryMs = this.#writable ? FIRST_RETRY_MS : RETRY_MS
    this.#unwritable(errorText(error), this.shared !== null)
    this.#pending.putBack(refuseNew(batch, this.fault))
    this.#retryLater(retryMs)
  }

  /** Two commits that were under way together may fail: the second puts nothing off. */
  #retryLater(ms: number): void {
    if (this.#isRetrySet || this.#closing) return
    this.#setTimer(ms, () => void this.#commit())
    this.#isRetrySet = true
  }

  #trimLater(): void {
    if (!this.#closing) this.#setTimer(TRIM_MS, () => void this.#trim())
  }

  #setTimer(ms: number, callback: () => void): void {
    this.#cancelTimer()
    this.#isRetrySet = false
    this.#cancelTimer = this.ports.clock.after(ms, () => {
      this.#isRetrySet = false
      callback()
    })
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
