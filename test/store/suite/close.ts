import { describe, expect, test } from 'bun:test'
import { begin } from '../../../src/delivery/lifecycle.ts'
import { failureOf } from '../../support/failure.ts'
import { NOW, queued } from '../../support/tasks.ts'
import { idsOf, withStore, type Harness } from './harness.ts'

export function testClose(harness: Harness): void {
  describe('writes', () => {
    test('of one moment all arrive', () =>
      withStore(harness, async ({ store }) => {
        const tasks = Array.from({ length: 50 }, () => queued())
        await Promise.all(
          tasks.map(async (task) => {
            await store.insert(task)
            await store.update(begin(task, task.targetUrl, NOW))
          }),
        )
        expect(await idsOf(store, { status: 'running' })).toHaveLength(50)
        expect(store.stats).toMatchObject({ writes: 100, failures: 0 })
      }))
  })

  describe('close', () => {
    test('refuses what comes after it', () =>
      withStore(harness, async ({ store }) => {
        const task = queued()
        await store.insert(task)
        await store.close()
        const late = [store.insert(queued()), store.update(begin(task, task.targetUrl, NOW))]
        for (const each of late) {
          expect(await failureOf(each)).toMatchObject({ code: 'STORE_UNAVAILABLE' })
        }
      }))

    test('waits for the steps that follow the last commit', () =>
      withStore(harness, async (subject) => {
        const task = queued()
        const steps = subject.store
          .insert(task)
          .then(() => subject.store.update(begin(task, task.targetUrl, NOW)))
        await subject.store.close()
        expect(await steps).toBe('written')
        await subject.reopen()
        expect((await subject.store.find(task.id))?.status).toBe('running')
      }))

    test('twice, after what is pending', () =>
      withStore(harness, async (subject) => {
        const task = queued()
        const insert = subject.store.insert(task)
        await Promise.all([subject.store.close(), subject.store.close()])
        expect(await insert).toBe('written')
        await subject.reopen()
        expect(await subject.store.find(task.id)).toEqual(task)
      }))
  })
}
