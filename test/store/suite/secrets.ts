import { describe, expect, test } from 'bun:test'
import { begin, cancel, conclude, interrupt, resume } from '../../../src/delivery/lifecycle.ts'
import type { Task } from '../../../src/task.ts'
import { after } from '../../support/task-states.ts'
import { newTask, NOW, queued, running } from '../../support/tasks.ts'
import { withStore, type Harness } from './harness.ts'

const SECRET = { authorization: 'Bearer hunter2', cookie: 'a=b' }
const NAMES = { authorization: null, cookie: null }

const ENDS: Record<string, (task: Task) => Task> = {
  success: (task) => conclude(task, { kind: 'answered', status: 200, body: '1' }, 1, after(1)),
  failure: (task) =>
    conclude({ ...task, maxRetries: 0 }, { kind: 'unreachable', error: 'no' }, 1, after(1)),
  cancel: (task) => cancel(task, after(1)),
  interruption: (task) => interrupt(task, after(1)),
}

export function testSecrets(harness: Harness): void {
  describe('secret headers', () => {
    test('of an asynchronous task are there until it ends, over a restart too', () =>
      withStore(harness, async (subject) => {
        const task = queued({ secretHeaders: SECRET })
        await subject.store.insert(task)
        expect(await subject.store.find(task.id)).toEqual(task)
        const begun = begin(task, 'http://elsewhere.example/x', NOW + 1)
        await subject.store.update(begun)
        expect(await subject.store.find(task.id)).toEqual(begun)
        await subject.reopen()
        await subject.store.claim(9)
        const read = (await subject.store.find(task.id))!
        expect(read).toEqual(begun)
        await subject.store.update(ENDS.success!(read))
        expect(await subject.store.find(task.id)).toMatchObject({ secretHeaders: NAMES })
      }))

    test.each(Object.keys(ENDS))('are not there any more after its %s', (how) =>
      withStore(harness, async (subject) => {
        const task = running({ secretHeaders: SECRET, idempotencyKey: 'key' })
        await subject.store.insert(task)
        await subject.store.update(ENDS[how]!(task))
        for (let opened = 0; opened < 2; opened++) {
          const found = await subject.store.find(task.id)
          expect(found?.secretHeaders).toEqual(NAMES)
          expect(await subject.store.findByKey('key')).toEqual(found)
          await subject.reopen()
        }
      }),
    )

    test('are of one task: another one that ends takes nothing from it', () =>
      withStore(harness, async ({ store }) => {
        const [first, second] = [
          running({ secretHeaders: SECRET }),
          running({ secretHeaders: SECRET }),
        ]
        await Promise.all([
          store.insert(first),
          store.insert(second),
          store.update(cancel(first, after(1))),
        ])
        expect((await store.find(first.id))?.secretHeaders).toEqual(NAMES)
        expect((await store.find(second.id))?.secretHeaders).toEqual(SECRET)
      }))

    test('of a synchronous task never are, and of a refused one neither', () =>
      withStore(harness, async ({ store }) => {
        const task = running({ mode: 'sync', secretHeaders: SECRET, idempotencyKey: 'key' })
        await store.insert(task)
        expect((await store.find(task.id))?.secretHeaders).toEqual(NAMES)
        const refused = queued({ secretHeaders: SECRET, idempotencyKey: 'key' })
        expect(await store.insert(refused)).toBe('key taken')
        expect(await store.find(refused.id)).toBeNull()
      }))

    test('of a task that runs again are those of its new request, as its mode is', () =>
      withStore(harness, async ({ store }) => {
        for (const mode of ['async', 'sync'] as const) {
          const orphan = interrupt(running({ secretHeaders: SECRET }), after(5))
          await store.insert(orphan)
          const renewed = { 'x-api-key': 'renewed' }
          const again = resume(orphan, newTask({ mode, secretHeaders: renewed, hops: 3 }), NOW + 9)
          expect(await store.resume(again)).toBe('written')
          const expected = mode === 'async' ? renewed : { 'x-api-key': null }
          expect(await store.find(orphan.id)).toEqual({ ...again, secretHeaders: expected })
        }
      }))
  })
}
