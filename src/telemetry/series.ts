/** Numbers of the last minutes or hours, a point for each step of time, for charts. */
import type { Load } from '../delivery/load.ts'
import type { Clock } from '../ports.ts'
import { Durations } from './durations.ts'

export interface Point {
  /** When it began; wall clock, ms. */
  readonly time: number
  readonly ended: number
  readonly failed: number
  /** ms; null: no task has ended. */
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  /** The highest that were seen in it; null: nobody has looked. */
  readonly load: Load | null
}

type Figures = Omit<Point, 'time'>

const EMPTY: Figures = { ended: 0, failed: 0, p50: null, p95: null, p99: null, load: null }

/**
 * Keeps so many points; the one of now is not among them. Which point is which goes by the monotonic
 * clock, and the times that are shown are counted back from now: setting the clock moves them all,
 * and puts none before another.
 */
export class Series {
  readonly #points: Figures[] = []
  readonly #durations = new Durations()
  #ended = 0
  #failed = 0
  #load: Load | null = null
  #step: number

  constructor(
    private readonly clock: Pick<Clock, 'now' | 'monotonic'>,
    private readonly maxPoints: number,
    readonly stepMs: number,
  ) {
    this.#step = this.#stepOfNow()
  }

  /** A task has ended. */
  end(durationMs: number, hasFailed: boolean): void {
    this.#advance()
    this.#ended++
    if (hasFailed) this.#failed++
    this.#durations.record(durationMs)
  }

  sample(load: Load): void {
    this.#advance()
    this.#load = this.#load ? highest(this.#load, load) : load
  }

  /** Oldest first. */
  get points(): Point[] {
    this.#advance()
    const end = this.#endOfLast()
    const { length } = this.#points
    return this.#points.map((point, index) => ({
      ...point,
      time: end - (length - index) * this.stepMs,
    }))
  }

  get last(): Point | null {
    this.#advance()
    const last = this.#points.at(-1)
    return last ? { ...last, time: this.#endOfLast() - this.stepMs } : null
  }

  /** Wall clock, whole ms. */
  #endOfLast(): number {
    const sinceMs = this.clock.monotonic() - this.#step * this.stepMs
    return Math.round(this.clock.now() - sinceMs)
  }

  #stepOfNow(): number {
    return Math.floor(this.clock.monotonic() / this.stepMs)
  }

  /** Closes the point of now when its time is over, and those that nothing happened in. */
  #advance(): void {
    const now = this.#stepOfNow()
    if (now === this.#step) return
    this.#points.push(this.#close())
    const idle = Math.min(now - this.#step - 1, this.maxPoints)
    for (let step = 0; step < idle; step++) this.#points.push(EMPTY)
    const over = this.#points.length - this.maxPoints
    if (over > 0) this.#points.splice(0, over)
    this.#step = now
  }

  #close(): Figures {
    const durations = this.#durations
    const closed = {
      ended: this.#ended,
      failed: this.#failed,
      p50: durations.percentile(50),
      p95: durations.percentile(95),
      p99: durations.percentile(99),
      load: this.#load,
    }
    durations.clear()
    this.#ended = this.#failed = 0
    this.#load = null
    return closed
  }
}

function highest(one: Load, other: Load): Load {
  return {
    queued: Math.max(one.queued, other.queued),
    running: Math.max(one.running, other.running),
    oldestAgeMs:
      one.oldestAgeMs === null || other.oldestAgeMs === null
        ? (one.oldestAgeMs ?? other.oldestAgeMs)
        : Math.max(one.oldestAgeMs, other.oldestAgeMs),
  }
}
