import type { Clock } from '../ports.ts'
import { ageMs, cacheStatus, type Snapshot } from './snapshot.ts'

/** Timers take at most 24 days. */
const MAX_WAIT_MS = 86_400_000

export interface ExpiryAlarmOptions {
  clock: Clock
  expiryMs: number
  snapshot: () => Snapshot
  /** Called once when a list that is kept has become too old to be used. */
  onExpired: () => void
}

/** Watches the age of the list that is kept while syncs fail. */
export class ExpiryAlarm {
  readonly #options: ExpiryAlarmOptions
  #cancel = () => {}
  #rung = false

  constructor(options: ExpiryAlarmOptions) {
    this.#options = options
  }

  /** To be called after each sync. */
  watch(): void {
    const { clock, expiryMs, snapshot, onExpired } = this.#options
    this.#cancel()
    this.#cancel = () => {}
    const status = cacheStatus(snapshot(), clock.monotonic(), expiryMs)
    if (status !== 'unavailable') this.#rung = false
    const age = ageMs(snapshot(), clock.monotonic())
    if (this.#rung || age === null || status === 'active') return
    if (status === 'unavailable') {
      this.#rung = true
      return onExpired()
    }
    if (expiryMs === 0 || snapshot().last === 'empty') return
    const wait = Math.min(expiryMs - age, MAX_WAIT_MS)
    this.#cancel = clock.after(wait, () => this.watch())
  }

  stop(): void {
    this.#cancel()
  }
}
