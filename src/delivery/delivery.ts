/** From an accepted task to its end. Holds every unfinished task, running or waiting. */
import { errorText, OrchestratorError } from '../errors.ts'
import type { EventBus } from '../events.ts'
import { within } from '../platform/time-limit.ts'
import { storeUnavailable, type TaskStore } from '../store/store.ts'
import type { Task } from '../task.ts'
import { AnswerReader } from './answer-reader.ts'
import type { Elsewhere } from './elsewhere.ts'
import type { Load } from './load.ts'
import { logLost, NotWritten } from './not-written.ts'
import { QueueRunner, type QueuePorts } from './queue-runner.ts'
import { MAX_RECORD_MS, notRecorded, RecordLimit, type RecordWaiter } from './record-limit.ts'
import { interruptTask, recover } from './recovery.ts'
import { tooManyTasks } from './refused-task.ts'
import { Run, type WriteVerb } from './run.ts'
import { Runs } from './runs.ts'
import { SharedDelivery } from './shared-delivery.ts'
import { runToEnd } from './sync-runner.ts'
import { TaskReader } from './task-reader.ts'

export interface DeliveryOptions extends Omit<QueuePorts, 'answers' | 'reader'> {
  store: QueuePorts['store'] & Pick<TaskStore, 'claim' | 'fault' | 'find' | 'shared'>
  events: EventBus
  /** Bytes of one answer that are read. */
  maxResponseBytes: number
  /** What the gate admits at once, in all. */
  maxRunning: number
}

/** How long the records of what was cut off may take, ms. */
const LAST_WRITES_MS = 2000
/** How often a drain checks which runs only wait for their record, ms. */
const CHECK_MS = 500

export class Delivery {
  readonly #runs = new Runs()
  readonly #queue: QueueRunner
  readonly #ports: DeliveryOptions & QueuePorts
  readonly #limit: RecordLimit
  /** Asynchronous tasks whose callers were told that they were not started. */
  readonly #givenUp = new Set<string>()
  /** Asynchronous tasks on their way to the store. */
  #accepting = 0
  /** null: no other node has a part in it. */
  readonly #shared: SharedDelivery | null

  constructor(private readonly options: DeliveryOptions) {
    const [answers, reader] = [new AnswerReader(options), new TaskReader(options)]
    this.#ports = { ...options, answers, reader, onSlot: () => this.#shared?.slot() }
    this.#queue = new QueueRunner(this.#ports, this.#runs)
    this.#limit = new RecordLimit(options.clock)
    const { shared } = options.store
    const cancelHere = (id: string) => this.#cancelHere(id)
    this.#shared =
      shared &&
      new SharedDelivery(shared, this.#ports, { queue: this.#queue, runs: this.#runs, cancelHere })
    options.events.on('accepted', ({ task, forAnyone }) => this.#accepted(task, forAnyone))
  }

  #accepted(task: Task, forAnyone = false): void {
    if (task.mode === 'sync') return
    const isGivenUp = this.#givenUp.delete(task.id)
    if (!isGivenUp) return forAnyone ? undefined : this.#add(task)
    // Another node may be faster, and run it.
    if (forAnyone) void this.#shared!.interrupt(task)
    else void interruptTask(task.id, 0, async () => task, this.options, this.#runs)
  }

  #add(task: Task): void {
    this.#queue.add(task)
    this.#shared?.added()
  }

  /** Tells of tasks that end on other nodes; null: there are none. */
  get elsewhere(): Pick<Elsewhere, 'watch'> | null {
    return this.#shared?.elsewhere ?? null
  }

  /** Tasks that are being worked on, or wait for another attempt. */
  get running(): number {
    return this.#runs.size + this.#queue.waitingRetries
  }

  /** Tasks that wait for their first attempt. */
  get queued(): number {
    return this.#queue.waiting - this.#queue.waitingRetries
  }

  /** Asynchronous tasks that wait, for their first attempt or for another. */
  get waiting(): number {
    return this.#queue.waiting
  }

  /**
   * Of all tasks, or of those of the droplets that `which` wants. The age counts from when a task
   * was due: a delay, or the wait before a retry, is none.
   */
  load(which?: (droplet: string) => boolean): Load {
    const { size, retries, firstDue } = this.#queue.of(which ?? (() => true))
    const ageMs = firstDue === null ? -1 : this.options.clock.monotonic() - firstDue
    const runs = which ? this.#runs.count(({ task }) => which(task.dropletName)) : this.#runs.size
    return {
      queued: size - retries,
      running: runs + retries,
      oldestAgeMs: ageMs < 0 ? null : ageMs,
    }
  }

  /**
   * Takes a synchronous task to its end. `write` puts it in the store, together with its first
   * attempt. Rejects with
   * - OVERLOADED or CIRCUIT_OPEN: the gate has refused it, and it is no task;
   * - NotWritten;
   * - STORE_UNAVAILABLE without details: nothing was sent;
   * - STORE_UNAVAILABLE with details: a later step can't be recorded in time, and the task goes on
   *   without its caller.
   */
  runNow(accepted: Task, write: WriteVerb): Promise<Task> {
    const { clock, gate, maxRunning } = this.options
    const leave = gate.admit()
    if (!leave) return Promise.reject(tooManyTasks(maxRunning))
    const run = new Run(clock, accepted.id, clock.monotonic(), accepted, write)
    return new Promise((resolve, reject) => {
      run.giveUp = () => reject(this.#giveUp(run))
      const stopLimit = this.#limit.add(run)
      const ended = () => {
        stopLimit()
        resolve(run.task)
      }
      const failed = (error: unknown) => {
        this.#logFailure(run, error)
        stopLimit()
        reject(error)
      }
      this.#runs
        .hold(run, () => runToEnd(run, this.#ports))
        .finally(leave)
        .then(ended, failed)
    })
  }

  /** A task that was never recorded must not run once its caller has been told so. */
  #giveUp(run: Run): OrchestratorError {
    if (run.nextWrite === 'update') return notRecorded(run.task.id, run.unrecorded)
    run.abort('given up')
    return storeUnavailable(this.options.store.fault)
  }

  /** Its caller may be gone: then the line in the log is all that tells of it. */
  #logFailure(run: Run, error: unknown): void {
    const { log } = this.options
    if (error instanceof NotWritten) return logLost(error, log)
    if (run.recordingSince === null || error instanceof OrchestratorError) return
    const fields = { task_id: run.task.id, error: errorText(error) }
    log.error('a step of a task cannot be recorded', fields)
  }

  /**
   * Stores an asynchronous task; the event `accepted` puts it into the queue. Rejects with
   * NotWritten or STORE_UNAVAILABLE, and then it is not in the queue: should its write succeed
   * later, the task ends as interrupted.
   */
  accept(accepted: Task, write: WriteVerb): Promise<void> {
    const { clock, store } = this.options
    const { id } = accepted
    const forAnyone = this.#shared?.isForAnyone(accepted, this.queued + this.#accepting)
    this.#accepting++
    return new Promise((resolve, reject) => {
      const waiter: RecordWaiter = {
        recordingSince: clock.monotonic(),
        giveUp: () => {
          this.#givenUp.add(id)
          reject(storeUnavailable(store.fault))
        },
      }
      const stopLimit = this.#limit.add(waiter)
      const settled = () => {
        this.#accepting--
        stopLimit()
        this.#givenUp.delete(id)
      }
      const writing =
        write === 'insert' ? store.insert(accepted, forAnyone) : store[write](accepted)
      const written = writing.finally(settled)
      written.then((result) => {
        if (result === 'written') resolve()
        else reject(new NotWritten(id, write, result))
      }, reject)
    })
  }

  /**
   * Cancels an unfinished task; resolves once its end is on disk, to the task as it ended: which
   * may be otherwise, when its answer came first. null: it is not unfinished here, or somebody
   * else has cancelled it. Rejects with STORE_UNAVAILABLE when its end can't be recorded in time.
   */
  async cancel(id: string): Promise<Task | null> {
    return (await this.#cancelHere(id)) ?? (await this.#shared?.cancel(id)) ?? null
  }

  /** The same, of a task that this node has. */
  async #cancelHere(id: string): Promise<Task | null> {
    const running = this.#runs.get(id)
    if (running && !running.abort('cancelled')) return this.#ended(id, running).then(() => null)
    const run = running ?? this.#queue.cancelWaiting(id)
    if (run) await this.#ended(id, run)
    return run?.loaded ? run.task : null
  }

  async #ended(id: string, run: Run): Promise<void> {
    const { clock } = this.options
    const ended = await within(clock, MAX_RECORD_MS, null, () => run.finished())
    if (!ended.ok) throw notRecorded(id, run.unrecorded)
  }

  /** Takes over what an earlier process left; runs none of it yet. */
  async recover(): Promise<void> {
    // Where the work is shared, it is claimed as all other is.
    if (!this.#shared) await recover(this.#ports, this.#queue, this.#runs)
  }

  /** Begins to run asynchronous tasks. */
  start(): void {
    this.#queue.start()
    this.#shared?.start()
  }

  /** Starts nothing more, and no caller waits any longer for a record. May be called again. */
  stop(): void {
    this.#shared?.stop()
    this.#queue.stop()
    this.#limit.end()
  }

  /**
   * Starts nothing more and gives what is under way `graceMs` to end. Then it is cut off: a
   * synchronous task ends as interrupted, an asynchronous one is sent again at the next start.
   * What only waits for a disk that takes nothing gets no grace.
   */
  async drain(graceMs: number): Promise<void> {
    const { clock } = this.options
    this.#queue.stop()
    this.#shared?.leave()
    const grace = new AbortController()
    const inTime = this.#allButRecorded(grace.signal)
    await Promise.race([inTime, clock.sleep(graceMs, grace.signal)])
    grace.abort()
    this.#runs.abortAll('shutdown')
    // A disk that takes nothing must not hold up the end: the next start finds them unfinished.
    const recorded = Promise.all([this.#runs.finished(), this.#limit.emptied()])
    await Promise.race([recorded, clock.sleep(LAST_WRITES_MS)])
    this.#limit.end()
  }

  /** Resolves when no run is under way any more but those that only wait for their record. */
  async #allButRecorded(stop: AbortSignal): Promise<void> {
    const isUnderWay = (run: Run) => !run.aborted && !run.hasWaitedForRecord(LAST_WRITES_MS)
    while (!stop.aborted && this.#runs.some(isUnderWay)) {
      const nextCheck = this.options.clock.sleep(CHECK_MS, stop)
      await Promise.race([this.#runs.finished(isUnderWay), nextCheck])
    }
  }
}
