/** What outlives the service's process: time, randomness, the trace and the first violation. */
import { EventQueue } from './event-queue.ts'
import { Prng } from './prng.ts'
import { Trace } from './trace.ts'

export interface Violation {
  /** The checker's name, which is also the name of its file. */
  invariant: string
  text: string
  taskId: string | null
  step: number
  /** Simulated ms. */
  at: number
}

const EPOCH = Date.UTC(2026, 0, 1)

export class World {
  readonly events = new EventQueue()
  readonly random: Prng
  readonly trace = new Trace(() => this.now)
  /** How often things happened, for the summary. */
  readonly counts = new Map<string, number>()
  /** Events that have run. */
  step = 0
  violation: Violation | null = null
  #wallOffset = 0

  constructor(
    readonly seed: number,
    /** How much faster or slower a node's monotonic clock may go than the simulated time. */
    readonly maxSkew = 0,
  ) {
    this.random = new Prng(seed)
  }

  /** Simulated ms since the beginning; never jumps. */
  get now(): number {
    return this.events.now
  }

  /** Wall clock, ms. */
  get wall(): number {
    return Math.floor(EPOCH + this.now + this.#wallOffset)
  }

  /** By how much two clocks may differ after `ms`. */
  skewMs(ms: number): number {
    return 2 * this.maxSkew * ms
  }

  jumpWallClock(ms: number): void {
    this.#wallOffset += ms
  }

  after(ms: number, run: () => void): () => void {
    return this.events.after(ms, run)
  }

  every(ms: number, run: () => void): void {
    this.after(ms, () => {
      run()
      this.every(ms, run)
    })
  }

  log(text: string, taskId?: string): void {
    this.trace.log(text, taskId)
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1)
  }

  /** Only the first violation is kept: the later ones may follow from it. */
  violate(invariant: string, text: string, taskId: string | null = null): void {
    this.violation ??= { invariant, text, taskId, step: this.step, at: this.now }
  }
}
