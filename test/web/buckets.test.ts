import { describe, expect, test } from 'bun:test'
import { bucketsOf, lastMinute } from '../../src/web/app/overview/buckets.ts'

type Series = Parameters<typeof bucketsOf>[0]
type Value = number | null

/** From `start` on, a point a second; in each as many tasks ended as `ended` says. */
function seriesOf(start: number, ended: number[], p99: Value[] = []): Series {
  const column = <T>(value: T) => ended.map(() => value)
  return {
    interval_seconds: 1,
    time: ended.map((_, i) => start + i),
    ended,
    failed: ended.map((count) => (count > 0 ? 1 : 0)),
    p50_ms: column(null),
    p95_ms: column(null),
    p99_ms: ended.map((_, i) => p99[i] ?? null),
    queued: column(0),
    running: column(0),
    oldest_task_age_seconds: column(null),
  }
}

const NOW = 1_000_000_000

describe('buckets', () => {
  test('begin at multiples of their width, so that they keep their form as time goes on', () => {
    const ended = [1, 2, 3, 4, 5, 6, 7]
    const earlier = bucketsOf(seriesOf(NOW, ended), 900, NOW)
    const later = bucketsOf(seriesOf(NOW, [...ended, 8, 9, 10]), 900, NOW)
    expect(earlier.map(({ time }) => time % 5)).toEqual(earlier.map(() => 0))
    expect(earlier.at(-2)).toMatchObject({ time: NOW, seconds: 5, ended: 15, failed: 5 })
    expect(earlier.at(-1)).toMatchObject({ time: NOW + 5, seconds: 2, ended: 13 })
    expect(later.at(-2)).toEqual(earlier.at(-2)!)
    expect(later.at(-1)).toMatchObject({ time: NOW + 5, seconds: 5, ended: 40 })
  })

  test('span all the time that is asked for, also where nothing is known', () => {
    for (const series of [seriesOf(NOW, []), seriesOf(NOW, [1])]) {
      const buckets = bucketsOf(series, 900, NOW)
      expect(buckets).toHaveLength(180)
      expect(buckets[0]).toMatchObject({ seconds: 0, queued: null, p99: null })
    }
  })

  test('a gap is a gap, in the middle too', () => {
    const series = seriesOf(NOW, [1, 1, 1])
    const broken = { ...series, time: [NOW, NOW + 20, NOW + 21] }
    const seconds = bucketsOf(broken, 900, NOW).map((bucket) => bucket.seconds)
    expect(seconds.slice(-5)).toEqual([1, 0, 0, 0, 2])
  })

  test('have the mean p50 and p95 of their points, by their tasks, and the worst p99', () => {
    const percentiles = [10, 30, 20, null]
    const series = seriesOf(NOW, [6, 2, 2, 0], percentiles)
    const full = { ...series, p50_ms: percentiles, p95_ms: percentiles }
    expect(bucketsOf(full, 900, NOW).at(-1)).toMatchObject({ p50: 16, p95: 16, p99: 30 })
    expect(bucketsOf(series, 900, NOW).at(-1)).toMatchObject({ p50: null, p95: null, p99: 30 })
  })

  test('take in what lies between whole seconds, as it comes', () => {
    const series = seriesOf(NOW + 0.25, Array(60).fill(1))
    const buckets = bucketsOf(series, 900, NOW)
    expect(buckets.reduce((sum, { ended }) => sum + ended, 0)).toBe(60)
  })
})

test('the last minute is one also of a service that is younger', () => {
  expect(lastMinute(seriesOf(NOW, [0, 1]))).toMatchObject({ ended: 1, seconds: 60 })
  expect(lastMinute(seriesOf(NOW, Array(100).fill(1)))).toMatchObject({ ended: 60, seconds: 60 })
  expect(lastMinute(seriesOf(NOW, []))).toMatchObject({ ended: 0, p99: null })
})
