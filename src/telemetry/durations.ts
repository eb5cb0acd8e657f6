/** How long the tasks of a short time took. */

/** So many buckets double the duration: each is 4.4 % wide, and its middle at most 2.2 % off. */
const BUCKETS_PER_DOUBLING = 16
/** Up to 2 to the power of 30 ms, which is 12 days; longer ones count as that. */
const BUCKETS = 30 * BUCKETS_PER_DOUBLING + 1

/** Counts in buckets that grow with the duration. Constant in memory, 4 kB. */
export class Durations {
  readonly #counts = new Float64Array(BUCKETS)
  #total = 0

  /** `ms`: whole ms. */
  record(ms: number): void {
    this.#counts[ms < 1 ? 0 : Math.min(BUCKETS - 1, 1 + bucketOf(ms))]!++
    this.#total++
  }

  /** The duration that `percent` of them did not exceed, ms; null when there are none. */
  percentile(percent: number): number | null {
    if (this.#total === 0) return null
    let left = Math.max(1, Math.ceil((percent / 100) * this.#total))
    for (let bucket = 0; bucket < BUCKETS; bucket++) {
      left -= this.#counts[bucket]!
      if (left <= 0) return bucket === 0 ? 0 : middleOf(bucket - 1)
    }
    return null
  }

  clear(): void {
    if (this.#total === 0) return
    this.#counts.fill(0)
    this.#total = 0
  }
}

function bucketOf(ms: number): number {
  return Math.floor(Math.log2(ms) * BUCKETS_PER_DOUBLING)
}

function middleOf(bucket: number): number {
  const ms = 2 ** ((bucket + 0.5) / BUCKETS_PER_DOUBLING)
  return ms < 100 ? Math.round(ms * 10) / 10 : Math.round(ms)
}
