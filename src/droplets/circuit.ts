/**
 * A droplet's circuit breaker: opens when the droplet is not there, and says when to look again.
 * It knows no timers: whoever uses it passes the time, in ms of the monotonic clock.
 */
import { SlidingRate } from './sliding-rate.ts'

export interface CircuitOptions {
  /** Failures in a row that open it; 0: it never opens. */
  readonly threshold: number
  /** How long it is probed each second; afterwards more and more seldom. */
  readonly graceMs: number
  /** 0 to 1, for the `n`th wait: so that not all circuits are probed at the same moment. */
  readonly jitter: (n: number) => number
}

/** Within 30 s half of all attempts, but of no fewer than 10, open it, too. */
const MIN_ATTEMPTS = 10
const PROBE_EVERY_MS = 1000
const FIRST_LATE_WAIT_MS = 2000
const MAX_WAIT_MS = 60_000

export class Circuit {
  readonly #rate = new SlidingRate()
  #inRow = 0
  #openedTick: number | null = null
  #openedByAnswer = false
  #nextProbeTick = 0
  #lateProbes = 0

  constructor(private readonly options: CircuitOptions) {}

  get isOpen(): boolean {
    return this.#openedTick !== null
  }

  /** An answer of a proxy opened it, so that the droplet's own health says nothing. */
  get openedByAnswer(): boolean {
    return this.#openedByAnswer
  }

  /** Only while it is open. */
  get nextProbeTick(): number {
    return this.#nextProbeTick
  }

  /** For how long it has been open, ms; 0 when it is closed. */
  openMs(now: number): number {
    return this.#openedTick === null ? 0 : now - this.#openedTick
  }

  isWithinGrace(now: number): boolean {
    return this.openMs(now) < this.options.graceMs
  }

  isProbeDue(now: number): boolean {
    return this.isOpen && now >= this.#nextProbeTick
  }

  /** A probe goes now: the next is due later. */
  startProbe(now: number): void {
    this.#nextProbeTick = now + this.#waitAfterProbe(now)
  }

  /** Counts an attempt while it is closed. Returns whether that opened it. */
  count(failed: boolean, byAnswer: boolean, now: number): boolean {
    if (this.options.threshold === 0 || this.isOpen) return false
    this.#rate.count(failed, now)
    this.#inRow = failed ? this.#inRow + 1 : 0
    if (!failed || !this.#isTooMuch(now)) return false
    this.#openedTick = now
    this.#openedByAnswer = byAnswer
    this.#nextProbeTick = now + PROBE_EVERY_MS
    this.#lateProbes = 0
    return true
  }

  close(): void {
    this.#openedTick = null
    this.#inRow = 0
    this.#rate.clear()
  }

  #isTooMuch(now: number): boolean {
    if (this.#inRow >= this.options.threshold) return true
    const { all, failed } = this.#rate.within(now)
    return all >= MIN_ATTEMPTS && 2 * failed >= all
  }

  #waitAfterProbe(now: number): number {
    if (this.isWithinGrace(now)) return PROBE_EVERY_MS
    const n = this.#lateProbes++
    const wait = Math.min(FIRST_LATE_WAIT_MS * 2 ** n, MAX_WAIT_MS)
    // Three quarters of it at least, and never more.
    return wait * (1 - this.options.jitter(n) / 4)
  }
}
