import { describe, expect, test } from 'bun:test'
import { STATUSES } from '../../../src/task.ts'
import { failureOf } from '../../support/failure.ts'
import { taskOf } from '../../support/task-states.ts'
import { queued, running } from '../../support/tasks.ts'
import { idsOf, withStore, type Harness } from './harness.ts'

const CALLER = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

export function testInsert(harness: Harness): void {
  describe('insert', () => {
    test('brings back what it was given, to the digit', () =>
      withStore(harness, async ({ store }) => {
        const task = queued({
          payload: '{"n":12345678901234567890.10}',
          meta: '{"ü":"😀"}',
          headers: { 'x-a': 'é' },
          deadlineMs: 5,
          delayMs: 70,
          idempotencyKey: 'key',
          fingerprint: 'print',
          replayOf: 'other',
          trace: { parent: CALLER, state: 'a=1,b=2' },
        })
        expect(await store.insert(task)).toBe('written')
        expect(await store.find(task.id)).toEqual(task)
        expect(await store.find('nobody')).toBeNull()
      }))

    test.each(STATUSES)('brings back a task that is %s', (status) =>
      withStore(harness, async ({ store }) => {
        const task = taskOf(status)
        await store.insert(task)
        expect(await store.find(task.id)).toEqual(task)
      }),
    )

    test('of a key that is taken is an answer, and spoils none of its neighbours', () =>
      withStore(harness, async ({ store, clock, events }) => {
        const first = queued({ idempotencyKey: 'taken' })
        const [before, second, after] = [queued(), queued({ idempotencyKey: 'taken' }), queued()]
        await store.insert(first)
        const together = [before, second, after].map((task) => store.insert(task))
        expect(await Promise.all(together)).toEqual(['written', 'key taken', 'written'])
        expect(store.fault).toBeNull()
        expect(await store.find(second.id)).toBeNull()
        expect((await store.findByKey('taken'))?.id).toBe(first.id)
        expect(await idsOf(store)).toEqual([after.id, before.id, first.id])
        expect(events.filter(({ task }) => task.id === second.id)).toEqual([])
        expect(clock.slept).toEqual([])
      }))

    test('of two with one key in the same moment writes the first', () =>
      withStore(harness, async ({ store }) => {
        const twins = [queued({ idempotencyKey: 'key' }), queued({ idempotencyKey: 'key' })]
        const results = await Promise.all(twins.map((task) => store.insert(task)))
        expect(results).toEqual(['written', 'key taken'])
        expect(await idsOf(store)).toEqual([twins[0]!.id])
      }))

    test('of an id that is taken fails alone', () =>
      withStore(harness, async ({ store }) => {
        const [task, neighbour] = [queued(), queued()]
        await store.insert(task)
        const refused = failureOf(store.insert({ ...task, path: '/other' }))
        expect(await store.insert(neighbour)).toBe('written')
        expect((await refused).message).toContain(task.id)
        expect(await store.find(task.id)).toEqual(task)
        expect(store.fault).toBeNull()
      }))

    test('tells what happened, once it can be found', () =>
      withStore(harness, async ({ store, events }) => {
        const [waiting, started, ended] = [queued(), running(), taskOf('error')]
        for (const task of [waiting, started, ended]) await store.insert(task)
        expect(events.map(({ type, task }) => [type, task.id])).toEqual([
          ['accepted', waiting.id],
          ['accepted', started.id],
          ['attempt started', started.id],
          ['accepted', ended.id],
          ['ended', ended.id],
        ])
      }))
  })
}
