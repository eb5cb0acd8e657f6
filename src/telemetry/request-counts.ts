import type { Clock } from '../ports.ts'
import { SlidingCount } from './sliding-count.ts'

const SECOND_MS = 1000
const MINUTE_MS = 60 * SECOND_MS

/** How many requests have come in, and how many of them had an answer of 500 or more. */
export class RequestCounts {
  /** Since start. */
  total = 0
  readonly #minute: SlidingCount
  readonly #errors: SlidingCount

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#minute = new SlidingCount(clock, 60, SECOND_MS)
    this.#errors = new SlidingCount(clock, 60, MINUTE_MS)
  }

  countRequest(): void {
    this.total++
    this.#minute.add()
  }

  countError(): void {
    this.#errors.add()
  }

  /** In the last 60 seconds, the present one included. */
  get lastMinute(): number {
    return this.#minute.total
  }

  /** In the last 60 minutes, the present one included. */
  get errorsLastHour(): number {
    return this.#errors.total
  }
}
