/** No input may cost more than its size: CPU time, which other processes don't change. */

/** How much more than a benign input of the same size. What is quadratic is worse by thousands. */
const FACTOR = 30

/** Collections, compilers and late work of other inputs fall into any measurement: the least counts. */
const AGAIN = 4

const SMALL = 500
const LARGE = 200_000

/** What an input took: bytes sent and received, in so many requests. */
export interface Spent {
  readonly bytes: number
  readonly requests: number
}

export interface Cost {
  readonly bytes: number
  readonly cpuMs: number
  /** Times what a benign one of its size costs. */
  readonly ratio: number
  readonly input: string
}

export class CostMeter {
  readonly worst: Cost[] = []
  readonly #cpuMs: () => number
  #smallMs = Infinity
  #msPerByte = Infinity

  constructor(cpuMs: () => number) {
    this.#cpuMs = cpuMs
  }

  /** Measures what benign inputs cost in this process, on this machine, at this hour. */
  async calibrate(benign: (bytes: number) => Promise<unknown>): Promise<void> {
    // Once each, so that all of it is compiled.
    for (let round = 0; round < 30; round++) await benign(round % 10 === 0 ? LARGE : SMALL)
    this.#smallMs = await this.#least(20, () => benign(SMALL))
    const large = await this.#least(5, () => benign(LARGE))
    // The clock of /proc has steps, too.
    this.#smallMs = Math.max(this.#smallMs, 0.2)
    this.#msPerByte = Math.max(large - this.#smallMs, 0.2) / LARGE
  }

  /** Runs the input, and throws when it costs too much each time. */
  async measure(input: string, run: () => Promise<number | Spent>): Promise<void> {
    const before = this.#cpuMs()
    const spent = await run()
    let cpuMs = this.#cpuMs() - before
    const { bytes, requests } = typeof spent === 'number' ? { bytes: spent, requests: 1 } : spent
    const benignMs = this.#smallMs * requests + this.#msPerByte * bytes
    if (cpuMs > FACTOR * benignMs) cpuMs = Math.min(cpuMs, await this.#least(AGAIN, run))
    const ratio = cpuMs / benignMs
    this.#note({ bytes, cpuMs, ratio, input })
    if (ratio > FACTOR) {
      const cost = `${cpuMs.toFixed(1)} ms of CPU for ${bytes} bytes`
      throw new Error(`it costs ${cost}, ${ratio.toFixed(0)} times as much as a benign input`)
    }
  }

  async #least(times: number, run: () => Promise<unknown>): Promise<number> {
    let least = Infinity
    for (let time = 0; time < times; time++) {
      const before = this.#cpuMs()
      await run()
      least = Math.min(least, this.#cpuMs() - before)
    }
    return least
  }

  #note(cost: Cost): void {
    this.worst.push({ ...cost, input: cost.input.slice(0, 200) })
    this.worst.sort((a, b) => b.ratio - a.ratio)
    this.worst.length = Math.min(this.worst.length, 3)
  }
}
