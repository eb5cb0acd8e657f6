import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Series } from '../../src/telemetry/series.ts'
import { FakeClock } from '../support/fake-clock.ts'

const LOAD = { queued: 1, running: 2, oldestAgeMs: null }

test('a point for each step, oldest first, the one of now left out', async () => {
  const clock = new FakeClock()
  const series = new Series(clock, 3, 1000)
  expect([series.points, series.last]).toEqual([[], null])
  series.end(10, false)
  series.end(20, true)
  series.sample(LOAD)
  series.sample({ queued: 5, running: 1, oldestAgeMs: 7 })
  expect(series.points).toEqual([])
  const began = clock.now()
  await clock.advance(1200)
  const first = {
    time: began,
    ended: 2,
    failed: 1,
    load: { queued: 5, running: 2, oldestAgeMs: 7 },
  }
  expect(series.points).toMatchObject([first])
  expect(series.last).toEqual(series.points[0]!)
  await clock.advance(2000)
  expect(series.points.map(({ ended, load }) => [ended, load])).toEqual([
    [2, first.load],
    [0, null],
    [0, null],
  ])
  await clock.advance(1000)
  expect(series.points.map(({ time }) => time - began)).toEqual([1000, 2000, 3000])
  await clock.advance(3_600_000)
  expect(series.points).toHaveLength(3)
})

test('a clock that is set puts no point before another', async () => {
  const clock = new FakeClock()
  const series = new Series(clock, 10, 1000)
  for (const jump of [0, -3_600_000, 7_200_000]) {
    clock.jump(jump)
    series.end(1, false)
    await clock.advance(1000)
  }
  const times = series.points.map(({ time }) => time)
  expect(times).toEqual([3000, 2000, 1000].map((ago) => clock.now() - ago))
})

test('no task is lost or counted twice, whatever the pauses', () => {
  const pauses = fc.array(fc.oneof(fc.nat(50), fc.nat(3000)), { maxLength: 60 })
  fc.assert(
    fc.property(pauses, (all) => {
      let now = 0
      const clock = { now: () => now, monotonic: () => now }
      const series = new Series(clock, 1000, 1000)
      for (const pause of all) {
        now += pause
        series.end(1, true)
      }
      now += 1000
      const { points } = series
      expect(points.reduce((sum, { ended }) => sum + ended, 0)).toBe(all.length)
      expect(points.reduce((sum, { failed }) => sum + failed, 0)).toBe(all.length)
    }),
  )
})
