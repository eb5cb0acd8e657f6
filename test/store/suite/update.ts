import { describe, expect, test } from 'bun:test'
import { accept, begin, conclude, interrupt, resume } from '../../../src/delivery/lifecycle.ts'
import { after, taskOf } from '../../support/task-states.ts'
import { newTask, NOW, queued, running } from '../../support/tasks.ts'
import { idsOf, pageOf, withStore, type Harness } from './harness.ts'

const RESULT = { outcome: 'answered', status: 200, durationMs: 4.5 } as const
const UNREACHABLE = { outcome: 'unreachable', status: null, durationMs: 5 } as const

export function testUpdate(harness: Harness): void {
  describe('update', () => {
    test('brings back each new state', () =>
      withStore(harness, async ({ store }) => {
        const task = queued({ idempotencyKey: 'key', meta: '{}' })
        await store.insert(task)
        const started = begin(task, 'http://elsewhere/x', NOW + 1)
        expect(await store.update(started)).toBe('written')
        expect(await store.find(task.id)).toEqual(started)
        const waiting = conclude(started, { kind: 'unreachable', error: 'x' }, 5, after(6))
        await store.update(waiting)
        expect(await store.find(task.id)).toEqual(waiting)
      }))

    test('changes lists and totals', () =>
      withStore(harness, async ({ store }) => {
        const task = queued()
        await store.insert(task)
        await store.update(begin(task, task.targetUrl, NOW))
        expect((await pageOf(store, { status: 'queued' })).total).toBe(0)
        expect(await idsOf(store, { status: 'running' })).toEqual([task.id])
        const { total } = await pageOf(store, { droplets: ['echo'], status: 'running' })
        expect(total).toBe(1)
      }))

    test('of a task that has ended changes nothing, and says so', () =>
      withStore(harness, async ({ store, events }) => {
        const task = running()
        const ended = { ...taskOf('success'), id: task.id }
        const late = conclude(task, { kind: 'unreachable', error: 'x' }, 5, after(6))
        await store.insert(task)
        expect(await Promise.all([store.update(ended), store.update(late, RESULT)])).toEqual([
          'written',
          'not owned',
        ])
        expect(await store.update(late)).toBe('not owned')
        expect((await store.find(task.id))?.status).toBe('success')
        expect((await pageOf(store)).total).toBe(1)
        expect(events.at(-1)?.type).toBe('ended')
        expect(store.fault).toBeNull()
      }))

    test('of a task that is not there changes nothing, and says so', () =>
      withStore(harness, async ({ store }) => {
        const stranger = running()
        expect(await store.update(stranger)).toBe('not owned')
        expect(await store.find(stranger.id)).toBeNull()
        expect((await pageOf(store)).total).toBe(0)
      }))

    test('tells what happened, with the result of the attempt', () =>
      withStore(harness, async ({ store, events }) => {
        const task = queued()
        const started = begin(task, task.targetUrl, NOW)
        const waiting = conclude(started, { kind: 'unreachable', error: 'x' }, 5, after(6))
        const again = begin(waiting, task.targetUrl, NOW + 1006)
        const answer = { kind: 'answered', status: 200, body: '1' } as const
        const ended = conclude(again, answer, 5, after(1011))
        await store.insert(task)
        events.length = 0
        await store.update(started)
        await store.update(waiting, UNREACHABLE)
        await store.update(again)
        await store.update(ended, RESULT)
        expect(events).toEqual([
          { type: 'attempt started', task: started },
          {
            type: 'attempt ended',
            task: waiting,
            result: UNREACHABLE,
          },
          { type: 'attempt started', task: again },
          { type: 'attempt ended', task: ended, result: RESULT },
          { type: 'ended', task: ended },
        ])
      }))

    test('remembers a large body as the marker, and the largest whole one whole', () =>
      withStore(harness, async ({ store, events }) => {
        const ended = (size: number) => {
          const body = JSON.stringify('x'.repeat(size - 2))
          return conclude(running(), { kind: 'answered', status: 200, body }, 1, after(1))
        }
        const [fits, large] = [ended(10 * 1024), ended(10 * 1024 + 1)]
        await store.insert(fits)
        await store.insert(large)
        expect((await store.find(fits.id))?.responseBody).toBe(fits.responseBody)
        const remembered = (await store.find(large.id))!
        const marker = { _truncated: true, _max_size_kb: 10 }
        expect(JSON.parse(remembered.responseBody!)).toMatchObject(marker)
        expect(events.at(-1)).toEqual({ type: 'ended', task: remembered })
      }))

    test('tells of a large body whole, of which it remembers the marker', () =>
      withStore(harness, async ({ store, events }) => {
        const task = running()
        const body = JSON.stringify('x'.repeat(50_000))
        const ended = conclude(task, { kind: 'answered', status: 200, body }, 1, after(1))
        await store.insert(task)
        await store.update(ended, RESULT)
        expect(events.at(-1)).toEqual({ type: 'ended', task: ended })
        expect((await store.find(task.id))?.responseBody).toStartWith('{"_truncated":true,')
      }))
  })

  describe('resume', () => {
    test('takes an interrupted task back', () =>
      withStore(harness, async ({ store, events }) => {
        const orphan = interrupt(running({ dropletName: 'Echo' }), after(5))
        await store.insert(orphan)
        await store.insert(taskOf('error', { dropletName: 'echo' }))
        const asked = newTask({
          mode: 'sync',
          requestId: 'request-2',
          targetUrl: 'http://elsewhere.example/x',
          payload: '{"n": 1}',
          meta: '{"again":true}',
          headers: { 'x-a': 'c', authorization: 'renewed' },
          timeoutMs: 1,
          maxRetries: 1,
          delayMs: 1,
          fingerprint: 'new',
          trace: { parent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-00`, state: null },
        })
        const again = resume(orphan, asked, NOW + 9)
        expect(await store.resume(again)).toBe('written')
        expect(await store.find(orphan.id)).toEqual(again)
        expect(await idsOf(store, { status: 'queued' })).toEqual([orphan.id])
        expect((await pageOf(store, { status: 'error', droplets: ['echo'] })).total).toBe(1)
        expect((await pageOf(store)).total).toBe(2)
        expect(events.at(-1)).toEqual({ type: 'accepted', task: again })
      }))

    test('of a task that ended otherwise changes nothing, and says so', () =>
      withStore(harness, async ({ store }) => {
        for (const status of ['success', 'error', 'timeout', 'cancelled'] as const) {
          const ended = taskOf(status)
          await store.insert(ended)
          const again = accept(ended, NOW + 9)
          expect(await store.resume(again)).toBe('not owned')
          expect(await store.find(ended.id)).toEqual(ended)
          expect((await pageOf(store, { status })).total).toBe(1)
        }
      }))

    test('of a task that runs already, or is gone, changes nothing and says so', () =>
      withStore(harness, async ({ store }) => {
        const orphan = interrupt(running(), after(5))
        const again = resume(orphan, newTask(), NOW + 9)
        expect(await store.resume(again)).toBe('not owned')
        await store.insert(orphan)
        expect(await Promise.all([store.resume(again), store.resume(again)])).toEqual([
          'written',
          'not owned',
        ])
        expect((await pageOf(store)).total).toBe(1)
      }))
  })
}
