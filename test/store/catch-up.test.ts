import { expect, test } from 'bun:test'
import { CatchUp } from '../../src/store/catch-up.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { NOW } from '../support/tasks.ts'

function counted() {
  const clock = new FakeClock(NOW)
  const asked = { times: 0, fails: false }
  const driver = {
    async catchUp() {
      asked.times++
      if (asked.fails) throw new Error('database is locked')
    },
  }
  return { clock, asked, catchUp: new CatchUp(driver, clock) }
}

test('a moment after a write, once for all that came meanwhile', async () => {
  const { clock, asked, catchUp } = counted()
  catchUp.committed(1)
  await clock.advance(40)
  catchUp.committed(1)
  await clock.advance(9)
  expect(asked.times).toBe(0)
  await clock.advance(1)
  expect(asked.times).toBe(1)
  await clock.advance(10_000)
  expect([asked.times, clock.pending]).toEqual([1, 0])
})

test('at once when there are many, and not once more for them', async () => {
  const { clock, asked, catchUp } = counted()
  catchUp.committed(999)
  expect(asked.times).toBe(0)
  catchUp.committed(1)
  expect(asked.times).toBe(1)
  await clock.advance(10_000)
  expect([asked.times, clock.pending]).toEqual([1, 0])
})

test('when it fails, again and again until it works', async () => {
  const { clock, asked, catchUp } = counted()
  asked.fails = true
  catchUp.committed(1)
  await clock.advance(250)
  expect(asked.times).toBe(5)
  asked.fails = false
  await clock.advance(1000)
  expect([asked.times, clock.pending]).toEqual([6, 0])
})

test('never after its end, whether one was asked for or has failed', async () => {
  const { clock, asked, catchUp } = counted()
  asked.fails = true
  catchUp.committed(1000)
  catchUp.committed(1)
  catchUp.stop()
  catchUp.committed(1)
  await clock.advance(1000)
  expect([asked.times, clock.pending]).toEqual([1, 0])
})
