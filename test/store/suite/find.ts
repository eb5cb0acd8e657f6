import { describe, expect, test } from 'bun:test'
import { queued } from '../../support/tasks.ts'
import { withStore, type Harness } from './harness.ts'

export function testFind(harness: Harness): void {
  describe('find', () => {
    test('by Idempotency-Key, exactly', () =>
      withStore(harness, async ({ store }) => {
        const task = queued({ idempotencyKey: 'Key-1' })
        await store.insert(task)
        await store.insert(queued())
        expect((await store.findByKey('Key-1'))?.id).toBe(task.id)
        expect(await store.findByKey('key-1')).toBeNull()
      }))

    test('after another process has opened the database', () =>
      withStore(harness, async (subject) => {
        const task = queued({ idempotencyKey: 'Key-1' })
        await subject.store.insert(task)
        await subject.reopen()
        expect(await subject.store.find(task.id)).toEqual(task)
        expect(await subject.store.findByKey('Key-1')).toEqual(task)
      }))
  })
}
