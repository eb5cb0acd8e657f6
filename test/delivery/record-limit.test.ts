import { expect, test } from 'bun:test'
import { MAX_RECORD_MS, RecordLimit } from '../../src/delivery/record-limit.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** Waits from now on, and remembers whether it gave up. */
function waiterAt(clock: FakeClock) {
  const waiter = {
    recordingSince: clock.monotonic(),
    gaveUp: false,
    giveUp: () => void (waiter.gaveUp = true),
  }
  return waiter
}

test('whoever has waited too long gives up, others do not', async () => {
  const clock = new FakeClock()
  const limit = new RecordLimit(clock)
  const early = waiterAt(clock)
  limit.add(early)
  await clock.advance(MAX_RECORD_MS - 1000)
  const late = waiterAt(clock)
  const stopLimit = limit.add(late)
  await clock.advance(2000)
  expect([early.gaveUp, late.gaveUp]).toEqual([true, false])
  stopLimit()
  await clock.advance(1000)
  expect(clock.pending).toBe(0)
})

test('who comes after the end gives up in time, too', async () => {
  const clock = new FakeClock()
  const limit = new RecordLimit(clock)
  const early = waiterAt(clock)
  limit.add(early)
  limit.end()
  expect([early.gaveUp, clock.pending]).toEqual([true, 0])
  const late = waiterAt(clock)
  limit.add(late)
  await clock.advance(MAX_RECORD_MS + 1000)
  expect([late.gaveUp, clock.pending]).toEqual([true, 0])
})

test('it is emptied when the last has gone or given up', async () => {
  const clock = new FakeClock()
  const limit = new RecordLimit(clock)
  await limit.emptied()
  const stopFirst = limit.add(waiterAt(clock))
  const second = waiterAt(clock)
  const stopSecond = limit.add(second)
  let isEmptied = false
  const emptied = limit.emptied().then(() => (isEmptied = true))
  stopFirst()
  await clock.advance(MAX_RECORD_MS - 1000)
  expect(isEmptied).toBe(false)
  await clock.advance(2000)
  await emptied
  expect(second.gaveUp).toBe(true)
  stopSecond()
})
