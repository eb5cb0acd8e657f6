import { expect, test } from 'bun:test'
import { Elsewhere } from '../../src/delivery/elsewhere.ts'
import type { Task } from '../../src/task.ts'
import { failureOf } from '../support/failure.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { taskOf } from '../support/task-states.ts'
import { queued } from '../support/tasks.ts'

function elsewhere(tasks: Task[] = []) {
  const clock = new FakeClock()
  const byId = new Map(tasks.map((task) => [task.id, task]))
  const asked: string[][] = []
  const cancelled: string[] = []
  const world = { fails: false, hasOwner: true }
  const shared = {
    async askToCancel(id: string) {
      cancelled.push(id)
      return world.hasOwner
    },
    async ended(ids: readonly string[]) {
      asked.push([...ids])
      if (world.fails) throw new Error('no connection')
      return ids.filter((id) => byId.get(id)?.completedAt !== null)
    },
  }
  const store = { find: async (id: string) => byId.get(id) ?? null }
  return {
    clock,
    byId,
    asked,
    cancelled,
    world,
    elsewhere: new Elsewhere(shared, { clock, store }),
  }
}

test('tells all who wait for a task once it has ended elsewhere', async () => {
  const running = queued({ id: 'a' })
  const { clock, byId, asked, elsewhere: ends } = elsewhere([running])
  const told: unknown[] = []
  const stops = [1, 2].map((n) => ends.watch('a', ({ status }) => told.push([n, status])))
  await clock.advance(1000)
  expect([told, asked.length]).toEqual([[], 10])
  byId.set('a', taskOf('success', { id: 'a' }))
  stops[0]!()
  await clock.advance(200)
  expect(told[0]).toEqual([2, 'success'])
  stops[1]!()
  await clock.advance(1000)
  expect(clock.pending).toBe(0)
})

test('asks for all at once, and for none where nobody waits', async () => {
  const { clock, asked, elsewhere: ends } = elsewhere([queued({ id: 'a' }), queued({ id: 'b' })])
  await clock.advance(1000)
  expect(asked).toEqual([])
  const stops = ['a', 'b'].map((id) => ends.watch(id, () => {}))
  await clock.advance(101)
  expect(asked).toEqual([['a', 'b']])
  for (const stop of stops) stop()
})

test('a task that is not there yet is waited for, and a database that fails is asked again', async () => {
  const { clock, byId, world, elsewhere: ends } = elsewhere()
  const told: string[] = []
  const stop = ends.watch('a', ({ id }) => told.push(id))
  await clock.advance(500)
  world.fails = true
  byId.set('a', taskOf('error', { id: 'a' }))
  await clock.advance(500)
  expect(told).toEqual([])
  world.fails = false
  await clock.advance(200)
  expect(told[0]).toBe('a')
  stop()
})

test('a cancel resolves to the task as it ended on the node that has it', async () => {
  const { clock, byId, cancelled, elsewhere: ends } = elsewhere([queued({ id: 'a' })])
  const cancel = ends.cancel('a')
  await clock.advance(300)
  byId.set('a', taskOf('cancelled', { id: 'a' }))
  await clock.advance(200)
  expect((await cancel)?.status).toBe('cancelled')
  expect(cancelled).toEqual(['a'])
  await clock.advance(1000)
  expect(clock.pending).toBe(0)
})

test('a cancel of a task that no node has finds none', async () => {
  const { clock, world, elsewhere: ends } = elsewhere([queued({ id: 'a' })])
  world.hasOwner = false
  expect(await ends.cancel('a')).toBeNull()
  await clock.advance(1000)
  expect(clock.pending).toBe(0)
})

test('a node that does not answer is not waited for without end', async () => {
  const { clock, elsewhere: ends } = elsewhere([queued({ id: 'a' })])
  const failure = failureOf(ends.cancel('a'))
  await clock.advance(8000)
  expect(await failure).toMatchObject({ code: 'STORE_UNAVAILABLE', details: { task_id: 'a' } })
})
