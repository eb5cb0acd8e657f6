import type { Clock } from '../ports.ts'

export interface SyncScheduleOptions {
  clock: Clock
  /** From the end of one sync to the start of the next. */
  intervalMs: number
  /** Ends the schedule: no sync starts afterwards. */
  stop: AbortSignal
  /** One sync, to its end. Must not reject. */
  sync: () => Promise<void>
}

/** Says when to sync. Never two syncs at once: who asks during one waits for it. */
export class SyncSchedule {
  readonly #options: SyncScheduleOptions
  #repeats = false
  #inFlight: Promise<void> | null = null
  #cancelNext = () => {}

  constructor(options: SyncScheduleOptions) {
    this.#options = options
  }

  /** From now on, each sync that ends is followed by another. */
  repeat(): void {
    this.#repeats = true
  }

  /** Syncs now, or waits for the sync in flight. */
  refresh(): Promise<void> {
    const { stop, sync } = this.#options
    if (stop.aborted) return Promise.resolve()
    this.#inFlight ??= sync().finally(() => {
      this.#inFlight = null
      this.#planNext()
    })
    return this.#inFlight
  }

  /** To be called once `stop` has aborted: resolves when the sync in flight has ended. */
  async finished(): Promise<void> {
    this.#cancelNext()
    await this.#inFlight
  }

  #planNext(): void {
    const { clock, intervalMs, stop } = this.#options
    this.#cancelNext()
    if (!this.#repeats || stop.aborted) return
    this.#cancelNext = clock.after(intervalMs, () => void this.refresh())
  }
}
