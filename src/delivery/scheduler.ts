/** Decides which asynchronous task runs next. */
import type { Clock } from '../ports.ts'
import { WaitingLine, type Waiting } from './wait-queue.ts'

export interface SchedulerOptions {
  clock: Clock
  /** Tasks in flight at once. */
  concurrency: number
  /** Runs one attempt of the task; resolves when its slot is free again, and never rejects. */
  run(waiting: Waiting): Promise<void>
}

/**
 * How many slots a droplet may hold for each one that is free: the dynamic threshold of
 * shared-memory switches (Choudhury and Hahne, 1998). However many droplets hang, each gets
 * less than all that is left, so there is always a slot for one that doesn't. Alone, a droplet
 * gets 3/4 of them.
 */
const SLOTS_PER_FREE_SLOT = 3

export class Scheduler {
  readonly #line = new WaitingLine()
  readonly #inFlight = new Map<string, number>()
  #running = 0
  #started = false
  #callOffAlarm: () => void = () => {}

  constructor(private readonly options: SchedulerOptions) {}

  /** Tasks in line, not counting those in flight. */
  get waiting(): number {
    return this.#line.size
  }

  /** Those in line that have had an attempt already. */
  get begun(): number {
    return this.#line.begun
  }

  add(waiting: Waiting): void {
    this.#line.add(waiting)
    this.#pump()
  }

  /** Takes a task out of the line; undefined when it isn't in it. */
  remove(id: string): Waiting | undefined {
    return this.#line.remove(id)
  }

  start(): void {
    this.#started = true
    this.#pump()
  }

  /** Starts nothing more; what is in flight goes on. */
  stop(): void {
    this.#started = false
    this.#callOffAlarm()
  }

  #mayRun = (droplet: string): boolean => {
    const held = this.#inFlight.get(droplet) ?? 0
    return held === 0 || held < SLOTS_PER_FREE_SLOT * (this.#free - 1)
  }

  get #free(): number {
    return this.options.concurrency - this.#running
  }

  #pump(): void {
    if (!this.#started) return
    const tick = this.options.clock.monotonic()
    while (this.#free > 0) {
      const next = this.#line.take(tick, this.#mayRun)
      if (!next) break
      void this.#run(next)
    }
    this.#setAlarm(tick)
  }

  async #run(waiting: Waiting): Promise<void> {
    const { droplet } = waiting
    this.#running++
    this.#inFlight.set(droplet, (this.#inFlight.get(droplet) ?? 0) + 1)
    await this.options.run(waiting)
    this.#running--
    const held = this.#inFlight.get(droplet)! - 1
    if (held > 0) this.#inFlight.set(droplet, held)
    else this.#inFlight.delete(droplet)
    this.#pump()
  }

  /** Who is due but has no slot is woken by the slot's release, so only the future counts. */
  #setAlarm(tick: number): void {
    this.#callOffAlarm()
    const next = this.#line.nextDueAfter(tick)
    if (next === null) return
    this.#callOffAlarm = this.options.clock.after(next - tick, () => this.#pump())
  }
}
