import { sleepWith, type Clock } from '../../src/ports.ts'
import { eventually } from './eventually.ts'

interface Timer {
  at: number
  callback: () => void
}

/** Lets everything that is ready run: all microtasks, and one turn of the event loop. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** Time stands still until a test moves it. The two clocks differ, so that mixing them up shows. */
export class FakeClock implements Clock {
  /** The ms of each `sleep()`, in order. */
  readonly slept: number[] = []
  #monotonic = 5_000
  #wallOffset: number
  readonly #timers = new Set<Timer>()

  constructor(now = Date.parse('2026-01-01T00:00:00Z')) {
    this.#wallOffset = now - this.#monotonic
  }

  now(): number {
    return this.#wallOffset + this.#monotonic
  }

  monotonic(): number {
    return this.#monotonic
  }

  // Arrow functions, because `after` is passed on without its object.
  after = (ms: number, callback: () => void): (() => void) => {
    const timer = { at: this.#monotonic + Math.max(0, ms), callback }
    this.#timers.add(timer)
    return () => this.#timers.delete(timer)
  }

  /** The turns of the loop are real ones. */
  soon = (callback: () => void): void => void setImmediate(callback)

  sleep = (ms: number, signal?: AbortSignal): Promise<void> => {
    this.slept.push(ms)
    return sleepWith(this.after, ms, signal)
  }

  /** Timers that have not fired: 0 after a clean stop. */
  get pending(): number {
    return this.#timers.size
  }

  /** Moves both clocks; timers fire in order, each with all that follows from it. */
  async advance(ms: number): Promise<void> {
    const end = this.#monotonic + ms
    await turn()
    for (let next = this.#due(end); next; next = this.#due(end)) {
      this.#timers.delete(next)
      this.#monotonic = Math.max(this.#monotonic, next.at)
      next.callback()
      await turn()
    }
    this.#monotonic = end
    await turn()
  }

  /** Time passes, and no timer fires yet, as when the process is stopped for so long. */
  pause(ms: number): void {
    this.#monotonic += ms
  }

  /** Only the wall clock moves, as when somebody sets it. */
  jump(ms: number): void {
    this.#wallOffset += ms
  }

  /**
   * Lets real I/O go on while the fake time stands still, until the condition holds. Without a
   * condition: a few turns of the event loop.
   */
  async settle(condition?: () => boolean): Promise<void> {
    if (condition) await eventually(String(condition), condition)
    else for (let turns = 0; turns < 10; turns++) await turn()
  }

  // Of timers for the same time, the one set first: a Set keeps its order.
  #due(end: number): Timer | undefined {
    let first: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at <= end && (!first || timer.at < first.at)) first = timer
    }
    return first
  }
}
