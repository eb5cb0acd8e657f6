import type { Clock } from '../ports.ts'
import { ageMs, cacheStatus, type Snapshot } from './snapshot.ts'

/** Timers take at most 24 days. */
const MAX_WAIT_MS = 86_400_000

export interface ExpiryAlarmOptions {
  clock: Clock
  expiryMs: number
  snapshot: () => Snapshot
  /** Called once when a sync has failed without a list, or a list that is kept has expired. */
  onUnavailable: () => void
}

/** Tells when there is no list that can be used: syncs fail, and none is kept or young enough. */
export class ExpiryAlarm {
  readonly #options: ExpiryAlarmOptions
  #cancel = () => {}
  #told = false

  constructor(options: ExpiryAlarmOptions) {
    this.#options = options
  }

  /** To be called after each sync. */
  watch(): void {
    const { clock, expiryMs, snapshot, onUnavailable } = this.#options
    this.#cancel()
    this.#cancel = () => {}
    const status = cacheStatus(snapshot(), clock.monotonic(), expiryMs)
    if (status !== 'unavailable') this.#told = false
    const age = ageMs(snapshot(), clock.monotonic())
    if (this.#told || status === 'active') return
    if (status === 'unavailable') {
      this.#told = true
      return onUnavailable()
    }
    if (age === null || expiryMs === 0 || snapshot().last === 'empty') return
    const wait = Math.min(expiryMs - age, MAX_WAIT_MS)
    this.#cancel = clock.after(wait, () => this.watch())
  }

  stop(): void {
    this.#cancel()
  }
}
