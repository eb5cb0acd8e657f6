import { expect, test } from 'bun:test'
import { EventBus } from '../../src/events.ts'
import type { Task } from '../../src/task.ts'
import { Waiters } from '../../src/tasks/waiters.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { taskOf } from '../support/task-states.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

/** Waiters for `task-0` and `task-1` in turn, each for as long as is said. */
function waiting(...waits: number[]) {
  const clock = new FakeClock()
  const events = new EventBus(recordingLog())
  const waiters = new Waiters(clock, events)
  const released: [place: number, task: Task | null][] = []
  const all = waits.map((ms, n) => waiters.wait(`task-${n % 2}`, ms))
  all.forEach(({ ended }, n) => void ended.then((task) => released.push([n, task])))
  const places = () => released.map(([place]) => place)
  return { clock, events, waiters, released, places, all }
}

test('the end of a task ends the wait for it, and no other; it is handed over', async () => {
  const { clock, events, released } = waiting(1000, 1000, 1000)
  const task = taskOf('success', { id: 'task-0' })
  events.emit({ type: 'accepted', task })
  events.emit({
    type: 'attempt ended',
    task,
    result: { outcome: 'answered', status: 200, durationMs: 1 },
  })
  await clock.settle()
  expect(released).toEqual([])
  events.emit({ type: 'ended', task })
  await clock.settle()
  expect(released).toEqual([
    [0, task],
    [2, task],
  ])
  expect(released[0]?.[1]).toBe(task)
  expect(clock.pending).toBe(1)
})

test('each waits as long as it said, and then has no task', async () => {
  const { clock, released, places } = waiting(1000, 2000, 3000)
  await clock.advance(1999)
  expect(released).toEqual([[0, null]])
  await clock.advance(1001)
  expect(places()).toEqual([0, 1, 2])
  expect(clock.pending).toBe(0)
})

test('an end that comes too late is known all the same, until the wait is cancelled', async () => {
  const { clock, events, all, released } = waiting(1000, 1000, 1000)
  await clock.advance(1000)
  all[2]!.cancel()
  const task = taskOf('success', { id: 'task-0' })
  events.emit({ type: 'ended', task })
  expect(released.map(([, ended]) => ended)).toEqual([null, null, null])
  expect(all.map(({ endedTask }) => endedTask)).toEqual([task, null, null])
})

test('a cancelled wait leaves no timer', async () => {
  const { clock, events, all, released } = waiting(1000, 1000)
  for (const { cancel } of all) cancel()
  for (const { cancel } of all) cancel()
  expect(clock.pending).toBe(0)
  events.emit({ type: 'ended', task: taskOf('success', { id: 'task-0' }) })
  await clock.settle()
  expect(released).toEqual([
    [0, null],
    [1, null],
  ])
})

test('all are released when the service stops', async () => {
  const { clock, places, waiters } = waiting(1000, 1000, 1000)
  waiters.releaseAll()
  await clock.settle()
  expect(places().toSorted()).toEqual([0, 1, 2])
  expect(clock.pending).toBe(0)
})

test('only so many may wait at once; who has waited makes room', () => {
  const waiters = new Waiters(new FakeClock(), new EventBus(recordingLog()), null, 2)
  const first = waiters.wait('task-0', 1000)
  waiters.wait('task-0', 1000)
  const refused = { code: 'OVERLOADED', details: { max_waiters: 2 } }
  expect(() => waiters.wait('task-1', 1000)).toThrow(expect.objectContaining(refused))
  first.cancel()
  first.cancel()
  const again = waiters.wait('task-1', 1000)
  expect(() => waiters.wait('task-1', 1000)).toThrow(expect.objectContaining(refused))
  again.cancel()
})
