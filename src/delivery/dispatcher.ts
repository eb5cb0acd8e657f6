/** Has every unfinished task: those in hand, each a `Run`, and those in line. */
import { errorText } from '../errors.ts'
import type { Log } from '../ports.ts'
import type { TaskStore, UnfinishedTask } from '../store/store.ts'
import { isFinished, type Task } from '../task.ts'
import { LONGEST_WAIT_MS } from './backoff.ts'
import { attemptAndRecord, deliver, endHalted, type DeliveryPorts } from './deliver.ts'
import { begin, cancel, expire, fail, interrupt } from './lifecycle.ts'
import { Run } from './run.ts'
import { Scheduler } from './scheduler.ts'
import type { Waiting } from './wait-queue.ts'

/** Where a task goes now, or why nothing can be sent. */
export type Route = { url: string } | { blocked: string }

export interface DispatcherPorts extends Omit<DeliveryPorts, 'store'> {
  store: Pick<TaskStore, 'insert' | 'update' | 'find' | 'unfinished'>
  log: Log
  concurrency: number
  route(task: Task): Route
  /** Told of each task that has ended, once that is on disk. */
  onEnd(task: Task): void
}

const STORE_RETRY_MS = 1000
/** How long what was cut off may take to be recorded. */
const LAST_WRITES_MS = 2000

/** Remembers a task's first state: an insert, or an update for one that runs again. */
export type Save = (task: Task) => Promise<void>

export class Dispatcher {
  readonly #runs = new Map<string, Run>()
  /** Asynchronous tasks on their way to the disk: others can see them there a moment before us. */
  readonly #entering = new Map<string, Promise<void>>()
  readonly #cancelling = new Map<string, Promise<Task | null>>()
  readonly #scheduler: Scheduler

  constructor(private readonly ports: DispatcherPorts) {
    const { clock, concurrency } = ports
    this.#scheduler = new Scheduler({ clock, concurrency, run: (each) => this.#takeTurn(each) })
  }

  /** Tasks that have begun and not ended. */
  get running(): number {
    return this.#runs.size + this.#scheduler.begun
  }

  get queued(): number {
    return this.#scheduler.waiting - this.#scheduler.begun
  }

  /** Tasks in line, whether they have begun or not. */
  get waiting(): number {
    return this.#scheduler.waiting
  }

  /** Takes a synchronous task to its end. Rejects, and nothing was sent, when `save` does. */
  async runNow(accepted: Task, route: Route, save: Save): Promise<Task> {
    const { clock } = this.ports
    const run = new Run(clock, clock.monotonic(), accepted)
    if ('blocked' in route) {
      run.task = fail(accepted, route.blocked, run.moment())
      await save(run.task)
    } else {
      run.task = begin(accepted, route.url, clock.now())
      await this.#inHand(accepted.id, run, async () => {
        await save(run.task)
        await deliver(run, this.ports)
      })
    }
    this.ports.onEnd(run.task)
    return run.task
  }

  /** Puts an asynchronous task in line. Rejects, and it is not there, when `save` does. */
  async enqueue(accepted: Task, save: Save): Promise<void> {
    const entered = save(accepted).then(() => {
      const dueTick = this.ports.clock.monotonic() + accepted.delayMs
      this.#line({ ...accepted, dueTick, bornTick: dueTick })
    })
    this.#entering.set(accepted.id, entered)
    await entered.finally(() => this.#entering.delete(accepted.id))
  }

  /**
   * Cancels an unfinished task; resolves once that is on disk, to the task as it ended, which
   * may be otherwise when its answer came first. null for a task that isn't unfinished.
   */
  async cancel(id: string): Promise<Task | null> {
    await this.#entering.get(id)?.catch(() => {})
    const waiting = this.#scheduler.remove(id)
    if (waiting) {
      const cancelling = this.#cancelWaiting(waiting)
      this.#cancelling.set(id, cancelling)
      return cancelling.finally(() => this.#cancelling.delete(id))
    }
    const run = this.#runs.get(id)
    if (!run) {
      await this.#cancelling.get(id)
      return null
    }
    run.halt('cancelled')
    await run.done
    return run.loaded ? run.task : null
  }

  /**
   * Takes over what an earlier process left unfinished: the tasks whose caller went with it end
   * here, ours go back in line.
   */
  async recover(): Promise<void> {
    const left = await this.ports.store.unfinished()
    for (const task of left) if (task.mode === 'async') this.#requeue(task)
    const orphans = left.filter((task) => task.mode === 'sync')
    await Promise.all(orphans.map((task) => this.#interrupt(task)))
    if (left.length > 0) {
      const counts = { requeued: left.length - orphans.length, interrupted: orphans.length }
      this.ports.log.info('took over unfinished tasks', counts)
    }
  }

  start(): void {
    this.#scheduler.start()
  }

  /**
   * Starts nothing more and gives what is in hand `graceMs` to end. Then it is cut off: a
   * synchronous task ends as interrupted, an asynchronous one is sent again at the next start.
   */
  async drain(graceMs: number): Promise<void> {
    this.#scheduler.stop()
    const everyRun = () => Promise.all([...this.#runs.values()].map((run) => run.done))
    const grace = new AbortController()
    const inTime = everyRun().then(() => grace.abort())
    await Promise.race([inTime, this.ports.clock.sleep(graceMs, grace.signal)])
    for (const run of this.#runs.values()) run.halt('shutdown')
    // A disk that takes nothing must not hold up the end: the next start finds them unfinished.
    await Promise.race([everyRun(), this.ports.clock.sleep(LAST_WRITES_MS)])
  }

  /** One attempt of a task from the line, which may put it back there. */
  async #takeTurn({ id, bornTick }: Waiting): Promise<void> {
    const run = new Run(this.ports.clock, bornTick)
    let dueTick = 0
    await this.#inHand(id, run, async () => {
      const task = await this.#read(id)
      if (!task) return
      run.task = task
      dueTick = await this.#attempt(run)
    })
    if (!run.loaded) return
    if (isFinished(run.task)) this.ports.onEnd(run.task)
    else this.#line({ ...run.task, dueTick, bornTick })
  }

  /** While the store can't be read, nothing could be recorded either: the task waits for it. */
  async #read(id: string): Promise<Task | null> {
    for (;;) {
      try {
        const task = await this.ports.store.find(id)
        if (!task) this.ports.log.error('a task in line is not in the store', { task_id: id })
        return task
      } catch (error) {
        this.ports.log.error('the store cannot be read', { error: errorText(error) })
        await this.ports.clock.sleep(STORE_RETRY_MS)
      }
    }
  }

  async #attempt(run: Run): Promise<number> {
    const { store, clock } = this.ports
    const moment = run.moment()
    const route = this.ports.route(run.task)
    const { deadlineMs } = run.task
    if (run.halted === 'cancelled') {
      await endHalted(run, this.ports)
    } else if (run.halted === 'shutdown') {
      // Nothing has begun: the next start finds it as it is.
      return clock.monotonic()
    } else if (deadlineMs !== null && moment.elapsedMs >= deadlineMs) {
      run.task = expire(run.task, moment)
      await store.update(run.task)
    } else if ('blocked' in route) {
      run.task = fail(run.task, route.blocked, moment)
      await store.update(run.task)
    } else {
      run.task = begin(run.task, route.url, clock.now())
      await store.update(run.task)
      const dueTick = await attemptAndRecord(run, this.ports)
      if (!isFinished(run.task) && run.halted === 'cancelled') {
        await endHalted(run, this.ports)
      }
      return dueTick
    }
    return 0
  }

  /** Keeps the run where it can be found, cancelled and waited for, as long as `work` takes. */
  async #inHand(id: string, run: Run, work: () => Promise<void>): Promise<void> {
    const working = work()
    run.done = working.catch(() => {})
    this.#runs.set(id, run)
    try {
      await working
    } finally {
      this.#runs.delete(id)
    }
  }

  async #cancelWaiting({ id, bornTick }: Waiting): Promise<Task | null> {
    const { store, clock, onEnd } = this.ports
    const task = await this.#read(id)
    if (!task) return null
    const cancelled = cancel(task, new Run(clock, bornTick, task).moment())
    await store.update(cancelled)
    onEnd(cancelled)
    return cancelled
  }

  #line(task: Pick<Task, 'id' | 'dropletName' | 'status'> & Pick<Waiting, 'dueTick' | 'bornTick'>) {
    const { id, dropletName, status, dueTick, bornTick } = task
    const begun = status === 'running'
    this.#scheduler.add({ id, droplet: dropletName.toLowerCase(), dueTick, bornTick, begun })
  }

  /** The wall clock may have been set since: no wait becomes longer than it ever can be. */
  #requeue(task: UnfinishedTask): void {
    const now = this.ports.clock.now()
    const tick = this.ports.clock.monotonic()
    const longest = task.status === 'queued' ? task.delayMs : LONGEST_WAIT_MS
    const wait = Math.min(Math.max(0, (task.dueAt ?? now) - now), longest)
    const elapsed = Math.max(0, now - task.createdAt - task.delayMs)
    const bornTick = task.status === 'queued' && wait > 0 ? tick + wait : tick - elapsed
    this.#line({ ...task, dueTick: tick + wait, bornTick })
  }

  async #interrupt({ id, createdAt }: UnfinishedTask): Promise<void> {
    const task = await this.ports.store.find(id)
    if (!task) return
    const now = this.ports.clock.now()
    const ended = interrupt(task, { now, elapsedMs: Math.max(0, now - createdAt) })
    await this.ports.store.update(ended)
    this.ports.onEnd(ended)
  }
}
