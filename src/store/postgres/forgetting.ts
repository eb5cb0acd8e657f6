/** Deletes single finished tasks that are too many or too old, step by step. */
import type { Clock } from '../../ports.ts'
import type { FinishedCount } from './finished-count.ts'
import { forget, FORGET_STEP } from './forget.ts'
import type { Pool } from './pool.ts'

/** How long what has come late, or was somebody else's, may stay behind, ms. */
const LOOK_BACK_MS = 60_000

export interface ForgettingPorts {
  readonly pool: Pool
  readonly clock: Clock
  /** Whose counts: nobody else's at the same time. */
  writer(): string
}

export class Forgetting {
  /** The latest one, under way or over; never rejects. */
  #step: Promise<unknown> = Promise.resolve()
  /** Where that has ended, ms; and when the next one starts at the beginning again. */
  #from = 0
  #lookBackTick = 0
  #isCatchingUp = false
  /** Fewer are let be while it catches up: a step costs nearly the same, however many go. */
  #least = FORGET_STEP
  #stopped = false

  constructor(
    private readonly ports: ForgettingPorts,
    private readonly finished: FinishedCount,
  ) {}

  stop(): void {
    this.#stopped = true
  }

  /** As `Trimmer.settled`. */
  async settled(): Promise<void> {
    if (this.finished.excess > 0) this.catchUp(1)
    await this.#step
    // That one may have begun before what is too much had come: the next has begun by now.
    if (this.#isCatchingUp) await this.#step
  }

  /** For as long as so many are too many, at least. Nobody waits for it. */
  catchUp(least: number): void {
    this.#least = Math.min(this.#least, least)
    if (this.#isCatchingUp || this.#stopped) return
    this.#isCatchingUp = true
    // The next `trim` tells what is wrong.
    this.#catchUp().catch(() => {})
  }

  async #catchUp(): Promise<void> {
    try {
      for (let added = -1, gone = 1; this.finished.excess >= this.#least && !this.#stopped;) {
        if (gone === 0 && added === this.finished.added) return
        added = this.finished.added
        gone = await this.step(0)
      }
    } finally {
      this.#isCatchingUp = false
      this.#least = FORGET_STEP
    }
  }

  /**
   * Deletes at most `FORGET_STEP` of what is too much, or ended before `cutoff`, ms. Returns how
   * many.
   */
  step(cutoff: number): Promise<number> {
    const step = this.#forget(cutoff)
    this.#step = step.catch(() => {})
    return step
  }

  async #forget(cutoff: number): Promise<number> {
    const { clock, pool, writer } = this.ports
    if (clock.monotonic() >= this.#lookBackTick) {
      this.#lookBackTick = clock.monotonic() + LOOK_BACK_MS
      this.#from = 0
    }
    const counted = this.finished.asking()
    const limits = { maxFinished: this.finished.max, cutoff, from: this.#from }
    const { tasks, last, left } = await forget(pool, { ...limits, writer: writer() })
    if (left !== null) counted(left)
    this.#from = last ?? limits.from
    return tasks
  }
}
