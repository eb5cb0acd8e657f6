import type { Clock } from '../ports.ts'

/**
 * How often something has happened lately, by the monotonic clock: in the bucket of now and those
 * before it. Memory and the cost of a read do not depend on how often it happens.
 */
export class SlidingCount {
  /** A ring: bucket n, counted from the clock's start, is at n modulo its length. */
  readonly #buckets: Float64Array
  #latest: number

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    buckets: number,
    private readonly bucketMs: number,
  ) {
    this.#buckets = new Float64Array(buckets)
    this.#latest = this.#bucketOfNow()
  }

  add(): void {
    this.#forget()
    this.#buckets[this.#latest % this.#buckets.length]!++
  }

  get total(): number {
    this.#forget()
    return this.#buckets.reduce((sum, count) => sum + count, 0)
  }

  #bucketOfNow(): number {
    return Math.floor(this.clock.monotonic() / this.bucketMs)
  }

  /** Empties the buckets that time has come round to again. */
  #forget(): void {
    const now = this.#bucketOfNow()
    if (now === this.#latest) return
    const { length } = this.#buckets
    for (let each = Math.max(this.#latest + 1, now - length + 1); each <= now; each++) {
      this.#buckets[each % length] = 0
    }
    this.#latest = now
  }
}
