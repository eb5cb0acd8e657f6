import { describe, expect, test } from 'bun:test'
import { conclude } from '../../../src/delivery/lifecycle.ts'
import { STATUSES } from '../../../src/task.ts'
import { after, taskOf } from '../../support/task-states.ts'
import { queued, running } from '../../support/tasks.ts'
import { withStore, type Harness } from './harness.ts'

export function testClaim(harness: Harness): void {
  const claimedIds = async (
    store: Parameters<Parameters<typeof withStore>[1]>[0]['store'],
    n = 9,
  ) => (await store.claim(n)).map(({ id }) => id)

  describe('claim', () => {
    test('takes what an earlier process left unfinished, as much of it as waiting needs', () =>
      withStore(harness, async (subject) => {
        const tasks = STATUSES.map((status) => taskOf(status, { delayMs: 9 }))
        for (const task of tasks) await subject.store.insert(task)
        await subject.reopen()
        const expected = tasks.slice(0, 2).map((task) => {
          const { id, mode, status, dropletName, createdAt, delayMs, dueAt } = task
          const { timeoutMs, deadlineMs } = task
          return { id, mode, status, dropletName, createdAt, delayMs, dueAt, timeoutMs, deadlineMs }
        })
        expect(tasks.slice(0, 2).map(({ status }) => status)).toEqual(['queued', 'running'])
        // Which of the two is due first is not said: one is delayed.
        const claimed = (await subject.store.claim(9)).toSorted((a, b) => (a.id < b.id ? -1 : 1))
        expect(claimed).toEqual(expected as never)
      }))

    test('takes at most so many, oldest first, and each once', () =>
      withStore(harness, async (subject) => {
        const tasks = Array.from({ length: 7 }, (_, n) => (n % 2 ? queued() : running()))
        for (const task of tasks) await subject.store.insert(task)
        await subject.reopen()
        const ids = tasks.map(({ id }) => id)
        expect(await claimedIds(subject.store, 3)).toEqual(ids.slice(0, 3))
        expect(await claimedIds(subject.store, 3)).toEqual(ids.slice(3, 6))
        expect(await claimedIds(subject.store, 3)).toEqual(ids.slice(6))
        expect(await claimedIds(subject.store, 3)).toEqual([])
      }))

    test('leaves what this store has inserted: it owns that already', () =>
      withStore(harness, async (subject) => {
        const old = queued()
        await subject.store.insert(old)
        expect(await claimedIds(subject.store)).toEqual([])
        await subject.reopen()
        await subject.store.insert(queued())
        expect(await claimedIds(subject.store)).toEqual([old.id])
        await subject.store.insert(queued())
        expect(await claimedIds(subject.store)).toEqual([])
      }))

    test('makes a task ours to change, until it has ended', () =>
      withStore(harness, async (subject) => {
        const left = running()
        await subject.store.insert(left)
        await subject.reopen()
        await subject.store.claim(9)
        const answer = { kind: 'answered', status: 200, body: '1' } as const
        expect(await subject.store.update(conclude(left, answer, 5, after(5)))).toBe('written')
        expect(await subject.store.update(left)).toBe('not owned')
        await subject.reopen()
        expect(await claimedIds(subject.store)).toEqual([])
      }))
  })
}
