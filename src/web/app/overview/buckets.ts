/**
 * What is charted: a few hundred points, each of some seconds. Single seconds would be noise, and
 * more points than pixels.
 */
import type { Overview } from '../../../client/types.ts'

type Series = Overview['series']

export interface Bucket {
  /** When it began; Unix seconds. */
  readonly time: number
  /** Of which something is known; 0: a gap. */
  readonly seconds: number
  readonly ended: number
  readonly failed: number
  /** null: no task has ended. */
  readonly p50: number | null
  readonly p95: number | null
  readonly p99: number | null
  readonly queued: number | null
  readonly running: number | null
  /** Of the oldest task, in seconds. */
  readonly age: number | null
}

/** Points of the series in one bucket. */
const WIDTH = 5

/** Of the whole span, which ends with the last point; `now`, in Unix seconds, when there is none. */
export function bucketsOf(series: Series, spanSeconds: number, now: number): Bucket[] {
  const { time, interval_seconds: step } = series
  const last = time.at(-1) ?? now
  const width = WIDTH * step
  // At multiples of their width: so they don't change as time goes on, but for the last.
  const begin = (at: number) => Math.floor(at / width) * width
  const buckets: Bucket[] = []
  let from = Math.max(
    0,
    time.findIndex((at) => at > last - spanSeconds),
  )
  for (let at = begin(last - spanSeconds) + width; at <= last; at += width) {
    while (from < time.length && time[from]! < at) from++
    let to = from
    while (to < time.length && time[to]! < at + width) to++
    buckets.push(bucketOf(series, at, from, to))
    from = to
  }
  return buckets
}

/**
 * The last minute: what "now" is for all that needs some time to be counted. Whole, also of a
 * service that has just started: its first task is one a minute.
 */
export function lastMinute(series: Series): Bucket {
  const { time } = series
  const last = time.at(-1) ?? 0
  const from = time.findIndex((at) => at > last - 60)
  return { ...bucketOf(series, last, Math.max(0, from), time.length), seconds: 60 }
}

/**
 * Of the points `from` up to, not with, `to`. Percentiles cannot be added: p50 and p95 are the mean
 * of theirs, by how many tasks each has; p99, which few tasks make, is that of the worst.
 */
function bucketOf(series: Series, time: number, from: number, to: number): Bucket {
  const sum = (column: readonly number[]) =>
    column.slice(from, to).reduce((total, value) => total + value, 0)
  const mean = (column: readonly (number | null)[]) => weightedMean(series.ended, column, from, to)
  const worst = (column: readonly (number | null)[]) =>
    column.slice(from, to).reduce<number | null>(larger, null)
  return {
    time,
    seconds: (to - from) * series.interval_seconds,
    ended: sum(series.ended),
    failed: sum(series.failed),
    p50: mean(series.p50_ms),
    p95: mean(series.p95_ms),
    p99: worst(series.p99_ms),
    queued: worst(series.queued),
    running: worst(series.running),
    age: worst(series.oldest_task_age_seconds),
  }
}

function weightedMean(
  weights: readonly number[],
  values: readonly (number | null)[],
  from: number,
  to: number,
): number | null {
  let sum = 0
  let weight = 0
  for (let i = from; i < to; i++) {
    const value = values[i] ?? null
    if (value === null) continue
    sum += value * weights[i]!
    weight += weights[i]!
  }
  return weight === 0 ? null : sum / weight
}

function larger(a: number | null, b: number | null): number | null {
  if (a === null || b === null) return a ?? b
  return Math.max(a, b)
}
