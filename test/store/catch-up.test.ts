import { expect, test } from 'bun:test'
import { CatchUp } from '../../src/store/catch-up.ts'
import { DatabaseLocked } from '../../src/store/driver.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { NOW } from '../support/tasks.ts'

function counted() {
  const clock = new FakeClock(NOW)
  const log = recordingLog()
  const asked = { times: 0, failure: null as Error | null, rejected: [] as string[] }
  const driver = {
    async catchUp() {
      asked.times++
      if (asked.failure) throw asked.failure
      return asked.rejected.splice(0)
    },
  }
  return { clock, log, asked, catchUp: new CatchUp(driver, { clock, log }) }
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

test('what comes while it works is done afterwards', async () => {
  const { clock, asked, catchUp } = counted()
  catchUp.committed(1000)
  catchUp.committed(1)
  await clock.advance(50)
  expect([asked.times, clock.pending]).toEqual([2, 0])
})

test('when it fails, less and less often until it works, and that is said once', async () => {
  const { clock, log, asked, catchUp } = counted()
  asked.failure = new Error('database or disk is full')
  catchUp.committed(1000)
  // After 0, 100, 300, 700, 1500, 2500 ms; commits make no difference.
  await clock.advance(2600)
  catchUp.committed(5000)
  expect(asked.times).toBe(6)
  asked.failure = null
  await clock.advance(1000)
  expect([asked.times, clock.pending]).toEqual([7, 0])
  expect(log.lines).toMatchObject([
    { level: 'ERROR', fields: { error: 'database or disk is full' } },
    { level: 'INFO', msg: 'lists of tasks are up to date again' },
  ])
  // And then as before.
  catchUp.committed(1)
  await clock.advance(50)
  expect(asked.times).toBe(8)
})

test('a lock is no matter for the log', async () => {
  const { clock, log, asked, catchUp } = counted()
  asked.failure = new DatabaseLocked('database is locked')
  catchUp.committed(1)
  await clock.advance(1000)
  asked.failure = null
  await clock.advance(1000)
  expect([log.lines.length, clock.pending]).toEqual([0, 0])
})

test('what the tables reject is said', async () => {
  const { clock, log, asked, catchUp } = counted()
  asked.rejected = ['task 1: no']
  catchUp.committed(1)
  await clock.advance(50)
  expect(log.lines).toMatchObject([{ level: 'ERROR', fields: { error: 'task 1: no' } }])
})

test('never after its end, whether one was asked for or has failed', async () => {
  const { clock, asked, catchUp } = counted()
  asked.failure = new Error('no')
  catchUp.committed(1000)
  catchUp.committed(1)
  catchUp.stop()
  catchUp.committed(1)
  await clock.advance(1000)
  expect([asked.times, clock.pending]).toEqual([1, 0])
})
