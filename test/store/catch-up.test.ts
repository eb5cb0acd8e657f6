import { expect, test } from 'bun:test'
import { CatchUp } from '../../src/store/catch-up.ts'
import { DatabaseLocked } from '../../src/store/driver.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { NOW } from '../support/tasks.ts'

/** The first is over: what an earlier process may have left. */
async function counted() {
  const clock = new FakeClock(NOW)
  const asked = { times: 0, failure: null as Error | null, rejected: [] as string[] }
  const told: unknown[] = []
  const driver = {
    async catchUp() {
      asked.times++
      if (asked.failure) throw asked.failure
      return asked.rejected.splice(0)
    },
  }
  const tell = (what: unknown) => void told.push(what)
  const catchUp = new CatchUp(driver, { clock, onRejected: tell, onFailed: tell })
  await clock.advance(50)
  expect([asked.times, clock.pending]).toEqual([1, 0])
  asked.times = 0
  return { clock, told, asked, catchUp }
}

test('a moment after a write, once for all that came meanwhile', async () => {
  const { clock, asked, catchUp } = await counted()
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
  const { clock, asked, catchUp } = await counted()
  catchUp.committed(999)
  expect(asked.times).toBe(0)
  catchUp.committed(1)
  expect(asked.times).toBe(1)
  await clock.advance(10_000)
  expect([asked.times, clock.pending]).toEqual([1, 0])
})

test('what comes while it works is done afterwards', async () => {
  const { clock, asked, catchUp } = await counted()
  catchUp.committed(1000)
  catchUp.committed(1)
  await clock.advance(50)
  expect([asked.times, clock.pending]).toEqual([2, 0])
})

test('a lock is waited for, longer each time, and is told to nobody', async () => {
  const { clock, told, asked, catchUp } = await counted()
  asked.failure = new DatabaseLocked('database is locked')
  catchUp.committed(1000)
  // After 0, 100, 300, 700, 1500, 2500 ms; commits make no difference.
  await clock.advance(2600)
  catchUp.committed(5000)
  expect(asked.times).toBe(6)
  asked.failure = null
  await clock.advance(1000)
  expect([asked.times, clock.pending, told.length]).toEqual([7, 0, 0])
  // And then as before.
  catchUp.committed(1)
  await clock.advance(50)
  expect(asked.times).toBe(8)
})

test('any other failure is told, and is for others to try again', async () => {
  const { clock, told, asked, catchUp } = await counted()
  asked.failure = new Error('database or disk is full')
  catchUp.committed(1)
  await clock.advance(10_000)
  expect([told, asked.times, clock.pending]).toEqual([[asked.failure], 1, 0])
})

test('what the tables reject is told', async () => {
  const { clock, told, asked, catchUp } = await counted()
  asked.rejected = ['task 1: no']
  catchUp.committed(1)
  await clock.advance(50)
  expect(told).toEqual(['task 1: no'])
})

test('never after its end', async () => {
  const { clock, told, asked, catchUp } = await counted()
  asked.failure = new Error('no')
  catchUp.committed(1000)
  catchUp.committed(1)
  catchUp.stop()
  catchUp.committed(1)
  await clock.advance(1000)
  expect([asked.times, clock.pending, told]).toEqual([1, 0, []])
})
