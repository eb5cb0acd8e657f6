import { expect, test } from 'bun:test'
import { RequestCounts } from '../../src/telemetry/request-counts.ts'
import { FakeClock } from '../support/fake-clock.ts'

test('requests of the last minute, errors of the last hour, all since start', async () => {
  const clock = new FakeClock()
  const counts = new RequestCounts(clock)
  for (let n = 0; n < 5; n++) counts.countRequest()
  counts.countError()
  expect(counts).toMatchObject({ total: 5, lastMinute: 5, errorsLastHour: 1 })
  await clock.advance(30_000)
  counts.countRequest()
  expect(counts).toMatchObject({ total: 6, lastMinute: 6 })
  await clock.advance(30_000)
  expect(counts).toMatchObject({ total: 6, lastMinute: 1, errorsLastHour: 1 })
  await clock.advance(58 * 60_000)
  counts.countError()
  expect(counts).toMatchObject({ total: 6, lastMinute: 0, errorsLastHour: 2 })
  await clock.advance(60_000)
  expect(counts.errorsLastHour).toBe(1)
  await clock.advance(24 * 3_600_000)
  expect(counts).toMatchObject({ total: 6, lastMinute: 0, errorsLastHour: 0 })
})
