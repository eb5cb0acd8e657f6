/** Who waits at the gate for one droplet: first come, first served. */
import type { Clock, StopSignal } from '../ports.ts'
import type { Entrant, Permit, Refusal } from './gate.ts'

export interface Waiter {
  readonly entrant: Entrant
  /** Since when; monotonic ms. */
  readonly sinceTick: number
  /** Until when it may wait; monotonic ms. */
  readonly endTick: number
  /** Where it is in the queue's array. */
  place: number
  /** Ends the wait. */
  settle(entry: Permit | Refusal): void
  /** From now on it waits for `ms`, or as long as it may. */
  limit(ms: number): void
}

/** So many who have left may stay beyond as many as wait: else all who left would. */
const MAX_LEFT = 64

const STOPPED: Refusal = { admitted: false, kind: 'refused', reason: 'stopped' }

export class GateQueue {
  /** In order; null: has left. */
  #waiters: (Waiter | null)[] = []
  #head = 0
  #size = 0

  constructor(
    private readonly clock: Pick<Clock, 'after' | 'monotonic'>,
    /** What a waiter is told whose time is over. */
    private readonly tooLate: (waiter: Waiter) => Refusal,
  ) {}

  get size(): number {
    return this.#size
  }

  /**
   * Resolves when the waiter is settled, when it has waited for `limitMs` or as long as it may, or
   * when `stop` aborts.
   */
  wait(entrant: Entrant, stop: StopSignal, limitMs: number): Promise<Permit | Refusal> {
    if (stop.aborted) return Promise.resolve(STOPPED)
    return new Promise((resolve) => {
      let cancelTimer = () => {}
      const settle = (entry: Permit | Refusal) => {
        cancelTimer()
        stop.removeEventListener('abort', abort)
        this.#remove(waiter)
        resolve(entry)
      }
      const limit = (ms: number) => {
        cancelTimer()
        const waitMs = Math.max(0, Math.min(ms, endTick - this.clock.monotonic()))
        cancelTimer = this.clock.after(waitMs, () => settle(this.tooLate(waiter)))
      }
      const abort = () => settle(STOPPED)
      const sinceTick = this.clock.monotonic()
      const endTick = sinceTick + Math.min(entrant.timeoutMs, entrant.leftMs)
      const place = this.#waiters.length
      const waiter: Waiter = { entrant, sinceTick, endTick, place, settle, limit }
      this.#waiters.push(waiter)
      this.#size++
      stop.addEventListener('abort', abort)
      limit(limitMs)
    })
  }

  first(): Waiter | null {
    while (this.#waiters[this.#head] === null) this.#head++
    return this.#waiters[this.#head] ?? null
  }

  /** Of this moment. */
  all(): Waiter[] {
    return this.#waiters.filter((each) => each !== null)
  }

  #remove(waiter: Waiter): void {
    if (this.#waiters[waiter.place] !== waiter) return
    this.#waiters[waiter.place] = null
    this.#size--
    if (this.#waiters.length <= 2 * this.#size + MAX_LEFT) return
    this.#waiters = this.all()
    for (const [place, each] of this.#waiters.entries()) each!.place = place
    this.#head = 0
  }
}
