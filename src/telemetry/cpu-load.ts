import type { Clock, ProcessUsage } from '../ports.ts'

/** Over a shorter time the numbers only jump. */
const MIN_SPAN_MS = 10_000

interface Reading {
  tick: number
  cpuMs: number
}

/**
 * How much of a processor core this process has used lately. It is measured from one read to the
 * next, without a timer: since the latest read that is 10 seconds old, or since the start.
 */
export class CpuLoad {
  #base: Reading
  /** Takes the place of `#base` once it is old enough. */
  #next: Reading

  constructor(
    private readonly clock: Pick<Clock, 'monotonic'>,
    private readonly usage: () => Pick<ProcessUsage, 'cpuMs'>,
  ) {
    this.#base = this.#next = this.#read()
  }

  /** 100 is one core all the time, and several threads can use more; null when no time has passed. */
  percent(): number | null {
    const now = this.#read()
    if (now.tick - this.#next.tick >= MIN_SPAN_MS) {
      this.#base = this.#next
      this.#next = now
    }
    const spanMs = now.tick - this.#base.tick
    if (spanMs <= 0) return null
    return Math.round(((now.cpuMs - this.#base.cpuMs) / spanMs) * 1000) / 10
  }

  #read(): Reading {
    return { tick: this.clock.monotonic(), cpuMs: this.usage().cpuMs }
  }
}
