/** Asynchronous tasks: they wait in the queue for their turn, and each turn is one attempt. */
import { nameKey } from '../droplets/droplet.ts'
import type { Permit } from '../droplets/gate.ts'
import { errorText, OrchestratorError } from '../errors.ts'
import type { Log } from '../ports.ts'
import type { Claim } from '../store/shared/work.ts'
import type { ClaimedTask } from '../store/store.ts'
import { isFinished, maxWaitOf, type Task } from '../task.ts'
import { headersFault } from './attempt-headers.ts'
import { deliverAttempt, endAborted, endExpired, refuse, type DeliveryPorts } from './deliver.ts'
import { logLost, NotWritten } from './not-written.ts'
import { Run } from './run.ts'
import type { Runs } from './runs.ts'
import { Scheduler } from './scheduler.ts'
import type { TaskReader } from './task-reader.ts'
import type { Waiting, WaitingTask } from './wait-queue.ts'

export interface QueuePorts extends DeliveryPorts {
  reader: TaskReader
  log: Log
  /** Tasks in flight at once. */
  concurrency: number
  /** See `SchedulerOptions`. */
  onSlot?(): void
}

/** What waiting in the queue needs of a task. */
type QueuedTask = Pick<Task, 'id' | 'dropletName' | 'status' | 'timeoutMs' | 'deadlineMs'>

export class QueueRunner {
  readonly #scheduler: Scheduler
  #stopped = false

  constructor(
    private readonly ports: QueuePorts,
    private readonly runs: Runs,
  ) {
    const run = (each: WaitingTask, permit: Permit | null) => this.#takeTurn(each, permit)
    this.#scheduler = new Scheduler({ ...ports, run })
  }

  /** Tasks that wait, without those in flight. */
  get waiting(): number {
    return this.#scheduler.waiting
  }

  /** How many of the waiting tasks have had an attempt already. */
  get waitingRetries(): number {
    return this.#scheduler.waitingRetries
  }

  /** Those that wait of the droplets, by their names in lower case, that `which` wants. */
  of(which: (droplet: string) => boolean): Waiting {
    return this.#scheduler.of(which)
  }

  /** As `Scheduler.wanted`. */
  get wanted() {
    return this.#scheduler.wanted
  }

  start(): void {
    this.#scheduler.start()
  }

  /** Starts no more attempts; those under way go on. */
  stop(): void {
    this.#stopped = true
    this.#scheduler.stop()
  }

  /** As `Scheduler.takeShut`. */
  takeShut(): string[] {
    return this.#scheduler.takeShut()
  }

  /** As `Scheduler.isShut`. */
  isShut(dropletName: string): boolean {
    return this.#scheduler.isShut(nameKey(dropletName))
  }

  /** Lets go of all that wait, and returns their ids; those in flight go on. */
  clear(): string[] {
    return this.#scheduler.clear()
  }

  /** A task that was just accepted: it is due when its delay is over. */
  add(task: Task): void {
    const dueTick = this.ports.clock.monotonic() + task.delayMs
    this.#enqueue(task, dueTick, dueTick)
  }

  /**
   * A task that an earlier process left. The wall clock may have been set since then, so the
   * wait is capped at the longest possible one. What was due before stays due for so long: its
   * age and its turn go on over a restart.
   */
  addClaimed(task: ClaimedTask): void {
    const now = this.ports.clock.now()
    const tick = this.ports.clock.monotonic()
    const isQueued = task.status === 'queued'
    const dueAt = task.dueAt ?? (isQueued ? task.createdAt + task.delayMs : now)
    const wait = Math.min(dueAt - now, maxWaitOf(task))
    const elapsed = Math.max(0, now - task.createdAt - task.delayMs)
    const isDelayed = isQueued && wait > 0
    this.#enqueue(task, tick + wait, isDelayed ? tick + wait : tick - elapsed)
  }

  /** A task that was claimed, of which the database's clock tells the times. */
  addShared({ task, waitMs, ageMs }: Claim): void {
    const tick = this.ports.clock.monotonic()
    const isDelayed = task.status === 'queued' && waitMs > 0
    const elapsedMs = Math.max(0, ageMs - task.delayMs)
    this.#enqueue(task, tick + waitMs, isDelayed ? tick + waitMs : tick - elapsedMs)
  }

  /**
   * Cancels a waiting task at once; it needs no slot, because nothing is sent. Undefined when the
   * task does not wait here.
   */
  cancelWaiting(id: string): Run | undefined {
    const waiting = this.#scheduler.remove(id)
    if (!waiting) return undefined
    const run = this.#runOf(waiting)
    run.abort('cancelled')
    void this.#takeTurn(waiting, null, run)
    return run
  }

  #enqueue(task: QueuedTask, dueTick: number, deadlineFrom: number): void {
    const { id, timeoutMs, deadlineMs } = task
    const deadlineTick = deadlineMs === null ? Infinity : deadlineFrom + deadlineMs
    const times = { dueTick, deadlineFrom, deadlineTick, timeoutMs }
    const isRetry = task.status === 'running'
    this.#scheduler.add({ id, droplet: nameKey(task.dropletName), ...times, isRetry })
  }

  #runOf({ id, deadlineFrom }: WaitingTask): Run {
    return new Run(this.ports.clock, id, deadlineFrom)
  }

  /**
   * One turn: at most one attempt, after which the task has ended or waits again. What fails is
   * logged. Never rejects. `permit`: null when the deadline has passed, or it is cancelled.
   */
  async #takeTurn(
    waiting: WaitingTask,
    permit: Permit | null,
    run = this.#runOf(waiting),
  ): Promise<void> {
    try {
      await this.runs.hold(run, () => this.#readAndDeliver(waiting.id, run, permit))
      if (run.loaded && !isFinished(run.task)) {
        this.#enqueue(run.task, run.dueTick, run.deadlineFrom)
      }
    } catch (error) {
      this.#logFailure(waiting.id, error)
    } finally {
      // It may not have come to an attempt.
      permit?.release(null)
    }
  }

  #logFailure(taskId: string, error: unknown): void {
    const { log } = this.ports
    // The store is closed: the next start takes the task over.
    if (error instanceof OrchestratorError && error.code === 'STORE_UNAVAILABLE') return
    if (error instanceof NotWritten) return logLost(error, log)
    log.error('a queued task cannot be delivered', { task_id: taskId, error: errorText(error) })
  }

  /** While the store can't be read, the task keeps its slot, and a cancel waits as well. */
  async #readAndDeliver(id: string, run: Run, permit: Permit | null): Promise<void> {
    const { log, reader } = this.ports
    const isOver = () => this.#stopped || run.abortReason === 'lost'
    const task = await reader.read(id, isOver)
    if (!task) {
      if (!isOver()) log.error('a queued task is not in the store', { task_id: id })
      return
    }
    if (isFinished(task)) throw new NotWritten(id, 'update', 'not owned')
    run.task = task
    const fault = headersFault(task)
    if (fault && !run.abortReason) return refuse(run, fault, this.ports)
    if (!run.abortReason) {
      await (permit ? deliverAttempt(run, this.ports, permit) : endExpired(run, this.ports))
    }
    if (run.abortReason && !isFinished(run.task)) await endAborted(run, this.ports)
  }
}
