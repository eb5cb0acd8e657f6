import { expect, test } from 'bun:test'
import { Watchers } from '../../src/tasks/waiters.ts'
import { FakeClock } from '../support/fake-clock.ts'

function watching(...waits: number[]) {
  const clock = new FakeClock()
  const watchers = new Watchers(clock)
  const over: number[] = []
  const watches = waits.map((ms, n) => watchers.watch(`task-${n % 2}`, ms))
  watches.forEach((watch, n) => void watch.over.then(() => over.push(n)))
  return { clock, watchers, over, watches }
}

test('the end of a task ends the wait for it, and no other', async () => {
  const { clock, watchers, over } = watching(1000, 1000, 1000)
  watchers.ended('task-0')
  await clock.settle()
  expect(over).toEqual([0, 2])
  expect(clock.pending).toBe(1)
})

test('each waits as long as it said', async () => {
  const { clock, over } = watching(1000, 2000, 3000)
  await clock.advance(1999)
  expect(over).toEqual([0])
  await clock.advance(1001)
  expect(over).toEqual([0, 1, 2])
  expect(clock.pending).toBe(0)
})

test('who leaves leaves no timer', () => {
  const { clock, watches, watchers } = watching(1000, 1000)
  for (const { leave } of watches) leave()
  expect(clock.pending).toBe(0)
  watchers.ended('task-0')
})

test('when the service stops, every wait ends', async () => {
  const { clock, over, watchers } = watching(1000, 1000, 1000)
  watchers.sendHome()
  await clock.settle()
  expect(over.toSorted()).toEqual([0, 1, 2])
  expect(clock.pending).toBe(0)
})
