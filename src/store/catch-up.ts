/** When the database does what commits have put off. */
import type { Clock } from '../ports.ts'
import { DatabaseLocked, type StoreDriver } from './driver.ts'

/**
 * Asked for after this many writes, or so long after the first of them, ms. Commits wait while it
 * runs: 8 ms for 1,000 writes; with 500 it would cost a task 2 µs more. At 1,000 tasks a second,
 * 200 ms in place of 50 would take their median from 1.4 to 1.5 times the least, and their p99
 * from 4.4 to 5.9 ms.
 */
export const MAX_WRITES = 1000
const WAIT_MS = 50
/** While another process holds the lock it waits twice as long each time, at most so long, ms. */
const MAX_LOCKED_WAIT_MS = 1000

export interface CatchUpPorts {
  clock: Clock
  /** Told what the database has rejected, for people. */
  onRejected(error: string): void
  /** Told why it failed, unless that was a lock: nothing can be written, then. */
  onFailed(error: unknown): void
}

export class CatchUp {
  /** Since it was done last; at the start, an earlier process may have left some. */
  #writes = 1
  #isRunning = false
  #lockedWaitMs = 0
  #cancelTimer: (() => void) | null = null
  #stopped = false

  constructor(
    private readonly driver: Pick<StoreDriver, 'catchUp'>,
    private readonly ports: CatchUpPorts,
  ) {
    this.#schedule()
  }

  /** So many more are committed. */
  committed(writes: number): void {
    this.#writes += writes
    this.#schedule()
  }

  /** What is under way goes on. */
  stop(): void {
    this.#stopped = true
    this.#cancel()
  }

  #schedule(): void {
    if (this.#stopped || this.#isRunning || this.#writes === 0) return
    const isDue = this.#writes >= MAX_WRITES && this.#lockedWaitMs === 0
    if (isDue) return void this.#run()
    const wait = this.#lockedWaitMs || WAIT_MS
    this.#cancelTimer ??= this.ports.clock.after(wait, () => this.#run())
  }

  async #run(): Promise<void> {
    this.#cancel()
    this.#isRunning = true
    const writes = this.#writes
    this.#writes = 0
    try {
      const rejected = await this.driver.catchUp(this.ports.clock.now())
      this.#lockedWaitMs = 0
      for (const error of rejected) this.ports.onRejected(error)
    } catch (error) {
      if (error instanceof DatabaseLocked) this.#tryAgain(writes)
      // The store tries it again, with all else that it has to write.
      else if (!this.#stopped) this.ports.onFailed(error)
    }
    this.#isRunning = false
    this.#schedule()
  }

  #tryAgain(writes: number): void {
    this.#writes += writes
    this.#lockedWaitMs = Math.min(2 * (this.#lockedWaitMs || WAIT_MS), MAX_LOCKED_WAIT_MS)
  }

  #cancel(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }
}
