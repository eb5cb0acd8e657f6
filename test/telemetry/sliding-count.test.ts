import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { SlidingCount } from '../../src/telemetry/sliding-count.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'

allowRealTime()

test('counts what happened in its buckets, and forgets it bucket by bucket', async () => {
  const clock = new FakeClock()
  const count = new SlidingCount(clock, 3, 1000)
  expect(count.total).toBe(0)
  count.add()
  count.add()
  await clock.advance(1000)
  count.add()
  expect(count.total).toBe(3)
  await clock.advance(1000)
  expect(count.total).toBe(3)
  await clock.advance(1000)
  expect(count.total).toBe(1)
  await clock.advance(1000)
  expect(count.total).toBe(0)
})

test('a clock that is set does not change it', async () => {
  const clock = new FakeClock()
  const count = new SlidingCount(clock, 60, 1000)
  count.add()
  clock.jump(-3_600_000)
  expect(count.total).toBe(1)
  clock.jump(7_200_000)
  expect(count.total).toBe(1)
})

test('is what a list of all times would tell', () => {
  const pause = fc.oneof(fc.nat(20), fc.nat(500), fc.nat(100_000))
  fc.assert(
    fc.property(fc.array(pause, { maxLength: 200 }), (pauses) => {
      let now = 12_345
      const times: number[] = []
      const count = new SlidingCount({ monotonic: () => now }, 10, 100)
      for (const each of pauses) {
        now += each
        times.push(now)
        count.add()
        const first = (Math.floor(now / 100) - 9) * 100
        expect(count.total).toBe(times.filter((time) => time >= first).length)
      }
    }),
    { numRuns: 200 },
  )
})
