import { describe, expect, test } from 'bun:test'
import { eventually } from '../../support/eventually.ts'
import { taskOf } from '../../support/task-states.ts'
import { NOW, queued, running } from '../../support/tasks.ts'
import { idsOf, pageOf, withStore, type Harness } from './harness.ts'

export function testRetention(harness: Harness): void {
  describe('retention', () => {
    test('keeps so many finished tasks, and every unfinished one', () =>
      withStore(
        harness,
        async ({ store }) => {
          const open = [queued(), running()]
          for (const task of open) await store.insert(task)
          const ended = Array.from({ length: 8 }, (_, n) => ({
            ...taskOf('success'),
            completedAt: NOW + n,
          }))
          for (const task of ended) await store.insert(task)
          const kept = [...open, ...ended.slice(-5)].map(({ id }) => id).reverse()
          expect(await idsOf(store)).toEqual(kept)
          expect((await pageOf(store)).total).toBe(7)
          expect((await pageOf(store, { status: 'success' })).total).toBe(5)
        },
        { maxFinished: 5, ttlMs: 3_600_000 },
      ))

    test('forgets what is too old by itself, and never what is unfinished', () =>
      withStore(
        harness,
        async ({ store, clock }) => {
          const open = running()
          await store.insert(open)
          await store.insert({ ...taskOf('error'), completedAt: NOW })
          await store.insert({ ...taskOf('error'), completedAt: NOW + 55_000 })
          await clock.advance(60_000)
          await clock.settle()
          expect((await pageOf(store)).total).toBe(3)
          await clock.advance(10_000)
          // The database works on real time: the trim that has begun ends when it has ended.
          await eventually('trimmed', async () => {
            await clock.advance(0)
            return (await idsOf(store)).length === 2
          })
          expect(await idsOf(store)).toContain(open.id)
        },
        { maxFinished: 100, ttlMs: 60_000 },
      ))

    test('forgets nothing for its age where that has no limit', () =>
      withStore(
        harness,
        async ({ store, clock }) => {
          await store.insert({ ...taskOf('error'), completedAt: 1 })
          await clock.advance(60_000)
          expect((await pageOf(store)).total).toBe(1)
        },
        { maxFinished: 100, ttlMs: 0 },
      ))
  })
}
