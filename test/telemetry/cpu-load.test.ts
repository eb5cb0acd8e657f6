import { expect, test } from 'bun:test'
import { CpuLoad } from '../../src/telemetry/cpu-load.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** A process that a test makes work. */
function measuring() {
  const clock = new FakeClock()
  let cpuMs = 700
  const load = new CpuLoad(clock, () => ({ cpuMs }))
  const work = async (ms: number, busyMs: number) => {
    cpuMs += busyMs
    await clock.advance(ms)
  }
  return { load, work }
}

test('is what was used since the read before, in percent of one core', async () => {
  const { load, work } = measuring()
  expect(load.percent()).toBeNull()
  await work(60_000, 6000)
  expect(load.percent()).toBe(10)
  await work(60_000, 30)
  expect(load.percent()).toBe(0.1)
  // Four threads.
  await work(20_000, 80_000)
  expect(load.percent()).toBe(400)
})

test('reads in quick succession do not make the span short', async () => {
  const { load, work } = measuring()
  await work(10_000, 5000)
  expect(load.percent()).toBe(50)
  for (let n = 1; n < 10; n++) {
    await work(1000, 0)
    expect(load.percent()).toBe(Math.round((5000 / (10_000 + n * 1000)) * 1000) / 10)
  }
  await work(1000, 0)
  expect(load.percent()).toBe(0)
})

test('two reads at once tell the same', async () => {
  const { load, work } = measuring()
  await work(5000, 1000)
  expect(load.percent()).toBe(20)
  expect(load.percent()).toBe(20)
  await work(5000, 0)
  expect([load.percent(), load.percent()]).toEqual([10, 10])
})
