import { expect, test } from 'bun:test'
import { EventBus } from '../../src/events.ts'
import { DropletLatencies, LATENCY_STEPS } from '../../src/telemetry/droplet-latencies.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { running } from '../support/tasks.ts'

function measuring() {
  const clock = new FakeClock()
  const events = new EventBus(recordingLog())
  const latencies = new DropletLatencies(clock, events)
  const answer = (durationMs: number, status: number | null = 200, dropletName = 'Echo') => {
    const outcome = status === null ? 'timeout' : 'answered'
    const task = running({ dropletName })
    events.emit({ type: 'attempt ended', task, result: { outcome, status, durationMs } })
  }
  return { clock, latencies, answer }
}

const NOTHING = Array.from({ length: LATENCY_STEPS }, () => null)

test('the mean of each 10 s, the latest at the end; what was not answered says nothing', async () => {
  const { clock, latencies, answer } = measuring()
  expect(latencies.of('echo')).toEqual(NOTHING)
  answer(10)
  answer(20)
  answer(30_000, null)
  expect(latencies.of('ECHO')).toEqual([...NOTHING.slice(1), 15])
  await clock.advance(20_000)
  answer(1.26)
  expect(latencies.of('echo')).toEqual([...NOTHING.slice(3), 15, null, 1.3])
  expect(latencies.of('other')).toEqual(NOTHING)
})

test('after five minutes all is forgotten', async () => {
  const { clock, latencies, answer } = measuring()
  answer(10)
  await clock.advance(29 * 10_000)
  expect(latencies.of('echo')).toEqual([10, ...NOTHING.slice(1)])
  await clock.advance(10_000)
  expect(latencies.of('echo')).toEqual(NOTHING)
  answer(5)
  await clock.advance(3_600_000)
  expect(latencies.of('echo')).toEqual(NOTHING)
})
