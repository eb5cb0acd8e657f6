/** From an accepted task to its end. Holds every unfinished task, running or waiting. */
import type { EventBus } from '../events.ts'
import type { TaskStore } from '../store/store.ts'
import type { Task } from '../task.ts'
import { AnswerReader } from './answer-reader.ts'
import { logLost, NotWritten } from './not-written.ts'
import { QueueRunner, type QueuePorts } from './queue-runner.ts'
import { recover } from './recovery.ts'
import { Run, type WriteVerb } from './run.ts'
import { Runs } from './runs.ts'
import { runToEnd } from './sync-runner.ts'

export interface DeliveryOptions extends Omit<QueuePorts, 'answers'> {
  store: QueuePorts['store'] & Pick<TaskStore, 'claim'>
  events: EventBus
  /** Bytes of one answer that are read. */
  maxResponseBytes: number
}

/** How long the records of what was cut off may take, ms. */
const LAST_WRITES_MS = 2000

export class Delivery {
  readonly #runs = new Runs()
  readonly #queue: QueueRunner
  readonly #ports: QueuePorts

  constructor(private readonly options: DeliveryOptions) {
    this.#ports = { ...options, answers: new AnswerReader(options) }
    this.#queue = new QueueRunner(this.#ports, this.#runs)
    options.events.on('accepted', ({ task }) => {
      if (task.mode === 'async') this.#queue.add(task)
    })
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
   * Takes a synchronous task to its end. `write` puts it in the store, together with its first
   * attempt. Rejects with STORE_UNAVAILABLE, and then nothing was sent; or with NotWritten.
   */
  async runNow(accepted: Task, write: WriteVerb): Promise<Task> {
    const { clock } = this.options
    const run = new Run(clock, clock.monotonic(), accepted, write)
    try {
      await this.#runs.hold(accepted.id, run, () => runToEnd(run, this.#ports))
    } catch (error) {
      if (error instanceof NotWritten) logLost(error, this.options.log)
      throw error
    }
    return run.task
  }

  /**
   * Stores an asynchronous task. It waits for its turn from the event of its acceptance on.
   * Rejects with NotWritten or STORE_UNAVAILABLE, and then it does not wait.
   */
  async accept(accepted: Task, write: WriteVerb): Promise<void> {
    const result = await this.options.store[write](accepted)
    if (result !== 'written') throw new NotWritten(accepted.id, write, result)
  }

  /**
   * Cancels an unfinished task; resolves once its end is on disk, to the task as it ended: which
   * may be otherwise, when its answer came first. null: it is not unfinished here, or somebody
   * else has cancelled it.
   */
  async cancel(id: string): Promise<Task | null> {
    const running = this.#runs.get(id)
    if (running && !running.abort('cancelled')) return running.finished.then(() => null)
    const run = running ?? this.#queue.cancelWaiting(id)
    await run?.finished
    return run?.loaded ? run.task : null
  }

  /** Takes over what an earlier process left; runs none of it yet. */
  recover(): Promise<void> {
    return recover(this.options, this.#queue, this.#runs)
  }

  /** Begins to run asynchronous tasks. */
  start(): void {
    this.#queue.start()
  }

  /** Starts nothing more. May be called again. */
  stop(): void {
    this.#queue.stop()
  }

  /**
   * Starts nothing more and gives what is under way `graceMs` to end. Then it is cut off: a
   * synchronous task ends as interrupted, an asynchronous one is sent again at the next start.
   */
  async drain(graceMs: number): Promise<void> {
    const { clock } = this.options
    this.#queue.stop()
    const grace = new AbortController()
    // One that was aborted only waits for its record, which needs no grace.
    const inTime = this.#runs.finished((run) => !run.aborted).then(() => grace.abort())
    await Promise.race([inTime, clock.sleep(graceMs, grace.signal)])
    this.#runs.abortAll('shutdown')
    // A disk that takes nothing must not hold up the end: the next start finds them unfinished.
    await Promise.race([this.#runs.finished(), clock.sleep(LAST_WRITES_MS)])
  }
}
