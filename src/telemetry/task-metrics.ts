/** What has become of the tasks since start: counts, and how long they took. */
import { build } from 'hdr-histogram-js'
import type { EventBus } from '../events.ts'
import { retryCount, type FinalStatus, type Task } from '../task.ts'

// Tasks last at most a deadline of an hour plus a week of delay; longer ones count as that.
const MAX_DURATION_MS = 8 * 24 * 3600 * 1000

export class TaskMetrics {
  readonly ended: Record<FinalStatus, number> = { success: 0, error: 0, timeout: 0, cancelled: 0 }
  /** Requests after a task's first. */
  retries = 0
  /** Tasks that succeeded, or failed for good, after at least one retry. */
  retriedToSuccess = 0
  retriedInVain = 0
  #durationSumMs = 0
  /** Three digits: within 0.1 % at a constant 100 kB. */
  readonly #durations = build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: MAX_DURATION_MS,
    numberOfSignificantValueDigits: 3,
    bitBucketSize: 32,
  })

  constructor(events: EventBus) {
    events.on('attempt ended', ({ task }) => this.#recordAttempt(task))
    events.on('ended', ({ task }) => this.#recordEnd(task))
  }

  #recordAttempt(task: Task): void {
    if (task.attempts.length > 1) this.retries++
  }

  #recordEnd(task: Task): void {
    const status = task.status as FinalStatus
    const durationMs = Math.min(task.durationMs ?? 0, MAX_DURATION_MS)
    this.ended[status]++
    this.#durationSumMs += durationMs
    this.#durations.recordValue(durationMs)
    if (status === 'cancelled' || retryCount(task) === 0) return
    if (status === 'success') this.retriedToSuccess++
    else this.retriedInVain++
  }

  get total(): number {
    return this.#durations.totalCount
  }

  /** null until a task has ended otherwise than by being cancelled, which is no failure. */
  get successRatePercent(): number | null {
    const { success, error, timeout } = this.ended
    const counted = success + error + timeout
    return counted === 0 ? null : Math.round((success / counted) * 10_000) / 100
  }

  /** null until a task has ended. */
  get averageMs(): number | null {
    return this.total === 0 ? null : Math.round((this.#durationSumMs / this.total) * 100) / 100
  }

  /** The duration that `percent` of the tasks did not exceed, ms; null until a task has ended. */
  percentileMs(percent: number): number | null {
    return this.total === 0 ? null : this.#durations.getValueAtPercentile(percent)
  }
}
