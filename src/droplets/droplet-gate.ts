/** The gate to one droplet: so many requests at once, and a circuit. */
import type { Clock, StopSignal } from '../ports.ts'
import { Circuit, type CircuitOptions } from './circuit.ts'
import type { Entrant, Permit, Refusal } from './gate.ts'
import { circuitOpen, noPlaceInTime, overloaded, passedOver } from './gate-refusals.ts'
import { GateQueue, type Waiter } from './gate-queue.ts'
import { GatePermit, type Finding, type PermitOwner } from './gate-permit.ts'

export interface DropletGateOptions extends CircuitOptions {
  clock: Clock
  /** Requests at once. */
  maxConcurrency: number
  /** New tasks that wait. */
  maxWaiting: number
  /** An attempt that may take longer has failed for the circuit after that; ms. */
  patienceMs: number
  /** Whether the droplet answers: its `/health`. Never rejects. */
  look(): Promise<boolean>
  /** Whether it is known where to look: it is listed. */
  canLook(): boolean
  /** Asynchronous tasks may ask again. */
  onRoom(): void
  onCircuit(change: 'opened' | 'closed', openMs: number): void
}

/**
 * How long an attempt waits for the outcome of the next probe, ms: that starts within a second,
 * and takes a moment.
 */
const CIRCUIT_WAIT_MS = 1500

export class DropletGate implements PermitOwner {
  readonly circuit: Circuit
  readonly #queue: GateQueue
  /** Asynchronous tasks wait. */
  #isAsyncWaiting = false
  /** Who waits in the queue has had the last place. */
  #wasTurnOfQueue = false
  /** It is the turn of an asynchronous task, before those that wait. */
  #isAsyncTurn = false
  #inFlight = 0
  /** When its circuit was closed last, or it moved: what began before says nothing; monotonic ms. */
  #forgotTick = -Infinity
  #isStopped = false
  #cancelTimer: () => void = () => {}

  constructor(private readonly options: DropletGateOptions) {
    this.circuit = new Circuit(options)
    this.#queue = new GateQueue(options.clock, (waiter) => this.#tooLate(waiter))
  }

  get inFlight(): number {
    return this.#inFlight
  }

  /** Synchronous attempts that wait. */
  get waiting(): number {
    return this.#queue.size
  }

  /** Nobody is in it, or waits for it. */
  get isIdle(): boolean {
    return this.#inFlight + this.#queue.size === 0 && !this.#isAsyncWaiting
  }

  /** See `Gate`. */
  enter(entrant: Entrant, stop: StopSignal): Permit | Refusal | Promise<Permit | Refusal> {
    const now = this.options.clock.monotonic()
    const isFirst = this.#hasPlace && this.#queue.size === 0
    if (this.circuit.isOpen) {
      const refusal = this.#refusalOf(entrant, now)
      if (refusal) return refusal
      if (isFirst && this.circuit.isProbeDue(now)) return this.#permit(entrant.timeoutMs, now)
      const entry = this.#queue.wait(entrant, stop, CIRCUIT_WAIT_MS)
      // A probe may be due, and its timer late: it is the turn of who came first.
      this.#admitNext()
      return entry
    }
    if (isFirst) return this.#permit(entrant.timeoutMs, now)
    const isFull = this.#queue.size >= this.options.maxWaiting
    if (entrant.isNew && isFull) return overloaded(this.#inFlight, this.#queue.size)
    return this.#queue.wait(entrant, stop, Infinity)
  }

  hasRoom(): boolean {
    const isOpenTo = !this.circuit.isOpen || this.#mayAsyncProbe(this.options.clock.monotonic())
    const isNext = this.#isAsyncTurn || this.#queue.size === 0
    if (isOpenTo && isNext && this.#hasPlace) return true
    this.#isAsyncWaiting = true
    return false
  }

  enterNow(timeoutMs: number): Permit {
    this.#isAsyncTurn = false
    return this.#permit(timeoutMs, this.options.clock.monotonic())
  }

  /** Its droplet is elsewhere now: what was found out about it says nothing any more. */
  moved(): void {
    if (this.circuit.isOpen) this.#close()
    else this.#forget()
  }

  /** Sets no more timers; whoever waits does so until its own time is over. */
  stop(): void {
    this.#isStopped = true
    this.#cancelTimer()
  }

  get #hasPlace(): boolean {
    return this.#inFlight < this.options.maxConcurrency
  }

  #permit(timeoutMs: number, now: number): Permit {
    this.#inFlight++
    const isProbe = this.circuit.isOpen
    if (isProbe) this.#startProbe(now)
    const patienceMs = Math.min(timeoutMs, this.options.patienceMs)
    const { clock } = this.options
    return new GatePermit({ clock, patienceMs, timeoutMs, isProbe }, this)
  }

  /** An attempt is over. */
  released(): void {
    this.#inFlight--
    this.#admitNext()
  }

  /** What an attempt, or a look, says of the droplet. */
  found(isThere: boolean, { isProbe, byAnswer, startTick }: Finding): void {
    if (startTick < this.#forgotTick) return
    const now = this.options.clock.monotonic()
    if (!this.circuit.isOpen) {
      if (this.circuit.count(!isThere, byAnswer, now)) this.#opened()
    } else if (isProbe && isThere) this.#close()
    else if (isProbe) this.#passOver(startTick)
  }

  #opened(): void {
    this.options.onCircuit('opened', 0)
    for (const waiter of this.#queue.all()) waiter.limit(CIRCUIT_WAIT_MS)
    this.#arm()
  }

  #close(): void {
    const openMs = this.circuit.openMs(this.options.clock.monotonic())
    this.#forget()
    this.#cancelTimer()
    this.options.onCircuit('closed', openMs)
    this.#admitNext()
    // Whoever is left waits for a place now.
    for (const waiter of this.#queue.all()) waiter.limit(Infinity)
  }

  #forget(): void {
    this.circuit.close()
    this.#forgotTick = this.options.clock.monotonic()
  }

  /** The probe that they waited for has failed. */
  #passOver(startTick: number): void {
    for (const waiter of this.#queue.all()) {
      if (waiter.sinceTick <= startTick) waiter.settle(this.#tooLate(waiter))
    }
  }

  #startProbe(now: number): void {
    this.circuit.startProbe(now)
    this.#arm()
  }

  #arm(): void {
    const { clock } = this.options
    this.#cancelTimer()
    if (this.#isStopped) return
    const waitMs = Math.max(0, this.circuit.nextProbeTick - clock.monotonic())
    this.#cancelTimer = clock.after(waitMs, () => this.#probeIsDue())
  }

  /** Who waits is the probe; else the droplet's own health, unless an answer opened the circuit. */
  #probeIsDue(): void {
    this.#admitNext()
    if (!this.circuit.isOpen) return
    const now = this.options.clock.monotonic()
    // Somebody is the probe; or the timer came a moment too early.
    if (!this.circuit.isProbeDue(now)) return this.#arm()
    if (this.circuit.openedByAnswer) return
    this.#startProbe(now)
    const finding = { isProbe: true, byAnswer: false, startTick: now }
    void this.options.look().then((isThere) => {
      // An attempt may have closed it meanwhile: while it is closed, only attempts count.
      if (this.circuit.isOpen) this.found(isThere, finding)
    })
  }

  #admitNext(): void {
    while (this.#hasPlace) {
      const now = this.options.clock.monotonic()
      if (this.circuit.isOpen && !this.circuit.isProbeDue(now)) return
      const waiter = this.#queue.first()
      if (this.#isTurnOfAsync(waiter, now)) this.#wakeAsync()
      else if (waiter) this.#admit(waiter, now)
      else return
    }
  }

  #admit(waiter: Waiter, now: number): void {
    // Under load, the timer that ends its wait may come late.
    if (now >= waiter.endTick) return waiter.settle(this.#tooLate(waiter))
    this.#wasTurnOfQueue = true
    waiter.settle(this.#permit(remainingMs(waiter, now), now))
  }

  /** In turns with those in the queue: so neither a long queue nor many tasks hold up the others. */
  #isTurnOfAsync(waiter: Waiter | null, now: number): boolean {
    if (!this.#isAsyncWaiting) return false
    if (this.circuit.isOpen && !this.#mayAsyncProbe(now)) return false
    return !waiter || this.#wasTurnOfQueue
  }

  #wakeAsync(): void {
    this.#isAsyncWaiting = false
    this.#wasTurnOfQueue = false
    this.#isAsyncTurn = true
    this.options.onRoom()
    this.#isAsyncTurn = false
  }

  /** They spend nothing, so only where nothing else can tell whether the droplet is back. */
  #mayAsyncProbe(now: number): boolean {
    const mustTry = this.circuit.openedByAnswer || !this.options.canLook()
    return mustTry && this.circuit.isProbeDue(now)
  }

  /** null: it may wait, or go. */
  #refusalOf({ isNew }: Entrant, now: number): Refusal | null {
    if (this.circuit.isWithinGrace(now)) return null
    const mayBeProbe = this.circuit.openedByAnswer || !isNew
    if (mayBeProbe && this.circuit.isProbeDue(now) && this.#hasPlace) return null
    const openMs = this.circuit.openMs(now)
    return isNew ? circuitOpen(openMs, this.circuit.nextProbeTick - now) : passedOver(openMs)
  }

  #tooLate({ entrant }: Waiter): Refusal {
    if (this.circuit.isOpen) return passedOver(this.circuit.openMs(this.options.clock.monotonic()))
    return entrant.isNew
      ? overloaded(this.#inFlight, this.#queue.size)
      : noPlaceInTime(this.options.maxConcurrency)
  }
}

/** What the wait has left of the attempt's time. */
function remainingMs({ entrant, sinceTick }: Waiter, now: number): number {
  return Math.max(0, entrant.timeoutMs - (now - sinceTick))
}
