const WINDOW_SECONDS = 30

/** How many attempts of the last 30 s failed, to the second. Takes the same memory always. */
export class SlidingRate {
  readonly #all = new Uint32Array(WINDOW_SECONDS)
  readonly #failed = new Uint32Array(WINDOW_SECONDS)
  #second = 0

  /** `now`: monotonic ms, and never less than before. */
  count(failed: boolean, now: number): void {
    this.#moveTo(Math.floor(now / 1000))
    const at = this.#second % WINDOW_SECONDS
    this.#all[at]!++
    if (failed) this.#failed[at]!++
  }

  within(now: number): { all: number; failed: number } {
    this.#moveTo(Math.floor(now / 1000))
    return { all: sum(this.#all), failed: sum(this.#failed) }
  }

  clear(): void {
    this.#all.fill(0)
    this.#failed.fill(0)
  }

  #moveTo(second: number): void {
    if (second - this.#second >= WINDOW_SECONDS) this.clear()
    else {
      for (let next = this.#second + 1; next <= second; next++) {
        this.#all[next % WINDOW_SECONDS] = 0
        this.#failed[next % WINDOW_SECONDS] = 0
      }
    }
    this.#second = second
  }
}

function sum(counts: Uint32Array): number {
  let total = 0
  for (const count of counts) total += count
  return total
}
