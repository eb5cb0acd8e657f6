/** When the database does what commits have put off. */
import { errorText } from '../errors.ts'
import type { Clock, Log } from '../ports.ts'
import { DatabaseLocked, type StoreDriver } from './driver.ts'

/**
 * Asked for after this many writes, or so long after the first of them, ms. Commits wait while it
 * runs: 8 ms for 1,000 writes; with 500 it would cost a task 2 µs more. At 1,000 tasks a second,
 * 200 ms in place of 50 would take their median from 1.4 to 1.5 times the least, and their p99
 * from 4.4 to 5.9 ms.
 */
export const MAX_WRITES = 1000
const WAIT_MS = 50
/** After a failure it waits twice as long each time, at most so long, ms. */
const MAX_RETRY_MS = 1000

export class CatchUp {
  /** Since it was done last. */
  #writes = 0
  #isRunning = false
  #retryMs = 0
  #isLogged = false
  #cancelTimer: (() => void) | null = null
  #stopped = false

  constructor(
    private readonly driver: Pick<StoreDriver, 'catchUp'>,
    private readonly ports: { clock: Clock; log: Log },
  ) {}

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
    const isDue = this.#writes >= MAX_WRITES && this.#retryMs === 0
    if (isDue) void this.#run()
    else this.#cancelTimer ??= this.ports.clock.after(this.#retryMs || WAIT_MS, () => this.#run())
  }

  async #run(): Promise<void> {
    this.#cancel()
    this.#isRunning = true
    const writes = this.#writes
    try {
      const rejected = await this.driver.catchUp(this.ports.clock.now())
      this.#writes -= writes
      this.#worked(rejected)
    } catch (error) {
      this.#failed(error)
    }
    this.#isRunning = false
    this.#schedule()
  }

  #cancel(): void {
    this.#cancelTimer?.()
    this.#cancelTimer = null
  }

  #worked(rejected: readonly string[]): void {
    const { log } = this.ports
    if (this.#isLogged) log.info('lists of tasks are up to date again')
    this.#isLogged = false
    this.#retryMs = 0
    for (const error of rejected)
      log.error('the database rejects a task that was accepted', { error })
  }

  /** A lock passes. Everything else is worth a line, once. */
  #failed(error: unknown): void {
    this.#retryMs = Math.min(2 * (this.#retryMs || WAIT_MS), MAX_RETRY_MS)
    if (this.#isLogged || this.#stopped || error instanceof DatabaseLocked) return
    this.#isLogged = true
    const message = 'lists of tasks are out of date: the latest steps are only in the journal'
    this.ports.log.error(message, { error: errorText(error) })
  }
}
