/** Decides which asynchronous task runs next. */
import type { Gate, Permit } from '../droplets/gate.ts'
import type { Clock } from '../ports.ts'
import { WaitQueue, type Waiting, type WaitingTask } from './wait-queue.ts'

export interface SchedulerOptions {
  clock: Clock
  /** Tasks in flight at once. */
  concurrency: number
  gate: Pick<Gate, 'hasRoom' | 'enterNow' | 'onRoom' | 'isShut'>
  /**
   * Runs one attempt of the task; resolves when its slot is free again, and never rejects.
   * `permit`: to be released by then; null when the task's deadline has passed.
   */
  run(waiting: WaitingTask, permit: Permit | null): Promise<void>
  /** A slot was released, and those that wait here had their chance: there may be room for more. */
  onSlot?(): void
}

/**
 * How many slots a droplet may hold for each slot that stays free: the dynamic threshold of
 * shared-memory switches (Choudhury and Hahne, 1998). A droplet alone gets 3/4 of the slots; each
 * further one gets 3/4 of what is left. So it takes several droplets that hang to fill all slots:
 * four of them for 64.
 */
const MAX_HELD_PER_FREE_SLOT = 3

/** How many wait here at most of those that are claimed: most of them for their next attempt. */
const MAX_WAITING = 10_000

/**
 * Tasks whose deadline has passed that are ended at once. They need no slot, since nothing is sent;
 * but each is read with its payload, and after a long stop all that waited may have expired.
 */
const MAX_ENDING = 64

export class Scheduler {
  readonly #queue = new WaitQueue()
  readonly #inFlight = new Map<string, number>()
  #running = 0
  /** Tasks that are being ended because their deadline has passed. */
  #ending = 0
  #started = false
  #isStarting = false
  #startAgain = false
  #cancelTimer: () => void = () => {}

  constructor(private readonly options: SchedulerOptions) {
    options.gate.onRoom(() => this.#startDue())
  }

  /** Tasks that wait, without those in flight. */
  get waiting(): number {
    return this.#queue.size
  }

  /** How many of the waiting tasks have had an attempt already. */
  get waitingRetries(): number {
    return this.#queue.retries
  }

  /** Those that wait of the droplets, by their names in lower case, that `which` wants. */
  of(which: (droplet: string) => boolean): Waiting {
    return this.#queue.of(which)
  }

  add(waiting: WaitingTask): void {
    this.#queue.add(waiting)
    this.#startDue()
  }

  /** What it can make use of: so many more tasks, but none of these droplets. */
  get wanted(): { readonly count: number; readonly except: readonly string[] } {
    const { clock, concurrency } = this.options
    const { due, blocked } = this.#queue.ready(clock.monotonic(), this.#mayHaveMore)
    const count = Math.min(concurrency - due, MAX_WAITING - this.#queue.size)
    return { count: Math.max(0, count), except: blocked }
  }

  /**
   * Takes those out that wait for a droplet whose circuit is open, and returns their ids. One stays
   * for each: it is the probe, where only a request can tell that the droplet is back.
   */
  takeShut(): string[] {
    return this.#queue.takeRest((droplet) => this.options.gate.isShut(droplet))
  }

  /** Whether more of the droplet's tasks would only wait here for its circuit. */
  isShut(droplet: string): boolean {
    return this.#queue.has(droplet) && this.options.gate.isShut(droplet)
  }

  /** Takes all waiting tasks out, and returns their ids. */
  clear(): string[] {
    return this.#queue.clear()
  }

  /** Takes a waiting task out; undefined when it is not there. */
  remove(id: string): WaitingTask | undefined {
    return this.#queue.remove(id)
  }

  start(): void {
    this.#started = true
    this.#startDue()
  }

  /** Starts nothing more; what is in flight goes on. */
  stop(): void {
    this.#started = false
    this.#cancelTimer()
  }

  #mayRun = (droplet: string): boolean => {
    const held = this.#inFlight.get(droplet) ?? 0
    // A droplet without a slot may have the last one: else a slot would always stay unused.
    const mayHold = held === 0 || held < MAX_HELD_PER_FREE_SLOT * (this.#free - 1)
    return mayHold && this.options.gate.hasRoom(droplet)
  }

  /**
   * Whether more of the droplet than the `due` ones is of use here. Half as many as it has slots:
   * they are on hand when one is released, and leave room for others' meanwhile.
   */
  #mayHaveMore = (droplet: string, due: number): boolean => {
    const held = this.#inFlight.get(droplet) ?? 0
    return this.options.gate.hasRoom(droplet) && (due < held / 2 || this.#mayRun(droplet))
  }

  get #free(): number {
    return this.options.concurrency - this.#running
  }

  /**
   * The gate may tell of room while it is asked for it, as a droplet has moved: then all are asked
   * once more, and not in between, where one might get the slot that another has been promised.
   */
  #startDue(): void {
    this.#startAgain = true
    if (!this.#started || this.#isStarting) return
    this.#isStarting = true
    try {
      while (this.#startAgain) {
        this.#startAgain = false
        this.#startAllDue()
      }
    } finally {
      this.#isStarting = false
    }
  }

  #startAllDue(): void {
    const { clock, gate } = this.options
    const tick = clock.monotonic()
    this.#endExpired(tick)
    while (this.#free > 0) {
      const next = this.#queue.take(tick, this.#mayRun)
      if (!next) break
      void this.#run(next, gate.enterNow(next.droplet, next.timeoutMs))
    }
    this.#setTimer(tick)
  }

  #endExpired(tick: number): void {
    while (this.#ending < MAX_ENDING) {
      const next = this.#queue.takeExpired(tick)
      if (!next) return
      void this.#end(next)
    }
  }

  async #end(waiting: WaitingTask): Promise<void> {
    this.#ending++
    await this.options.run(waiting, null)
    this.#ending--
    this.#startDue()
  }

  async #run(waiting: WaitingTask, permit: Permit): Promise<void> {
    const { droplet } = waiting
    this.#running++
    this.#inFlight.set(droplet, (this.#inFlight.get(droplet) ?? 0) + 1)
    await this.options.run(waiting, permit)
    this.#running--
    const held = this.#inFlight.get(droplet)! - 1
    if (held > 0) this.#inFlight.set(droplet, held)
    else this.#inFlight.delete(droplet)
    this.#startDue()
    this.options.onSlot?.()
  }

  /**
   * For tasks that are not due yet, and for deadlines. Those that wait for a slot start when one is
   * released, and those that wait at the gate when it has room.
   */
  #setTimer(tick: number): void {
    this.#cancelTimer()
    // When so many are being ended already, the first that has ended makes way for the next.
    const nextDeadline = this.#ending < MAX_ENDING ? this.#queue.nextDeadline : Infinity
    const next = Math.min(this.#queue.nextDueAfter(tick) ?? Infinity, nextDeadline)
    if (next === Infinity) return
    this.#cancelTimer = this.options.clock.after(next - tick, () => this.#startDue())
  }
}
