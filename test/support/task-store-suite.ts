/** What every task store must do. */
import { describe, expect, test } from 'bun:test'
import { begin, cancel, conclude, interrupt, resume } from '../../src/delivery/lifecycle.ts'
import type { Retention } from '../../src/store/sqlite/history.ts'
import type { TaskQuery, TaskStore } from '../../src/store/store.ts'
import { retryCount, STATUSES, type Task } from '../../src/task.ts'
import type { Clock } from '../../src/ports.ts'
import { eventually } from './eventually.ts'
import { failureOf } from './failure.ts'
import { FakeClock } from './fake-clock.ts'
import { NOW, queued, running } from './tasks.ts'

export type OpenStore = (
  clock: Clock,
  retention: Retention,
) => Promise<TaskStore & Partial<AsyncDisposable>>

const RETENTION: Retention = { maxFinished: 1000, ttlMs: 3_600_000 }

const after = (elapsedMs: number) => ({ now: NOW + elapsedMs, elapsedMs })

/** A task of that state. */
export function taskOf(status: Task['status'], overrides: Parameters<typeof queued>[0] = {}): Task {
  const answered = (code: number) => ({ kind: 'answered' as const, status: code, body: '{}' })
  switch (status) {
    case 'queued':
      return queued(overrides)
    case 'running':
      return running(overrides)
    case 'cancelled':
      return cancel(queued(overrides), after(1))
    case 'success':
      return conclude(running(overrides), answered(200), 5, after(5))
    case 'error':
      return conclude(running(overrides), answered(404), 5, after(5))
    case 'timeout':
      return conclude(
        running({ ...overrides, maxRetries: 0 }),
        { kind: 'timeout', error: 'no answer' },
        5,
        after(5),
      )
  }
}

export function describeTaskStore(name: string, open: OpenStore): void {
  /** A store for one test, closed after it. */
  async function using(
    work: (store: TaskStore, clock: FakeClock) => Promise<void>,
    retention = RETENTION,
  ): Promise<void> {
    const clock = new FakeClock(NOW)
    const store = await open(clock, retention)
    try {
      await work(store, clock)
    } finally {
      await store.close()
      await store[Symbol.asyncDispose]?.()
    }
    await clock.advance(0)
    expect(clock.pending).toBe(0)
  }

  const ids = async (store: TaskStore, query: Partial<TaskQuery> = {}) =>
    (await store.list({ limit: 100, ...query })).tasks.map(({ id }) => id)

  describe(name, () => {
    test('brings back what it was given, to the digit', () =>
      using(async (store) => {
        const task = queued({
          payload: '{"n":12345678901234567890.10}',
          meta: '{"ü":"😀"}',
          headers: { 'x-a': 'é' },
          deadlineMs: 5,
          delayMs: 70,
          idempotencyKey: 'key',
          fingerprint: 'print',
          replayOf: 'other',
        })
        await store.insert(task)
        expect(await store.find(task.id)).toEqual(task)
        expect(await store.find('nobody')).toBeNull()
        const begun = begin(task, 'http://elsewhere/x', NOW + 1)
        await store.update(begun)
        expect(await store.find(task.id)).toEqual(begun)
        const waiting = conclude(begun, { kind: 'unreachable', error: 'x' }, 5, after(6))
        await store.update(waiting)
        expect(await store.find(task.id)).toEqual(waiting)
      }))

    test.each(STATUSES)('brings back a task that is %s', (status) =>
      using(async (store) => {
        const task = taskOf(status)
        await store.insert(task)
        expect(await store.find(task.id)).toEqual(task)
        const { tasks } = await store.list({ limit: 1 })
        const { id, dropletName, method, targetUrl, responseStatus } = task
        const { createdAt, completedAt, durationMs, errorMessage } = task
        expect(tasks).toEqual([
          {
            ...{ id, dropletName, method, targetUrl, status, responseStatus, createdAt },
            ...{ completedAt, durationMs, errorMessage, retryCount: retryCount(task) },
          },
        ])
      }),
    )

    test('takes an interrupted task back', () =>
      using(async (store) => {
        const orphan = interrupt(running({ dropletName: 'Echo' }), after(5))
        await store.insert(orphan)
        await store.insert(taskOf('error', { dropletName: 'echo' }))
        const again = resume(orphan, { mode: 'async', requestId: 'request-2' }, NOW + 9)
        await store.resume(again)
        expect(await store.find(orphan.id)).toEqual(again)
        expect(await ids(store, { status: 'queued' })).toEqual([orphan.id])
        expect((await store.list({ limit: 1, status: 'error', dropletName: 'echo' })).total).toBe(1)
        expect((await store.list({ limit: 1 })).total).toBe(2)
      }))

    test('finds by Idempotency-Key, exactly', () =>
      using(async (store) => {
        const task = queued({ idempotencyKey: 'Key-1' })
        await store.insert(task)
        await store.insert(queued())
        expect((await store.findByKey('Key-1'))?.id).toBe(task.id)
        expect(await store.findByKey('key-1')).toBeNull()
      }))

    test('refuses an id and a key that are taken, and goes on', () =>
      using(async (store, clock) => {
        const task = queued({ idempotencyKey: 'taken' })
        await store.insert(task)
        await failureOf(store.insert(queued({ idempotencyKey: 'taken' })))
        await clock.advance(1000)
        await clock.settle(() => store.writable)
        await store.insert(queued())
        expect(await ids(store)).toHaveLength(2)
      }))

    test('remembers a large body as the marker, and the largest whole one whole', () =>
      using(async (store) => {
        const ended = (size: number) => {
          const body = JSON.stringify('x'.repeat(size - 2))
          return conclude(running(), { kind: 'answered', status: 200, body }, 1, after(1))
        }
        const [fits, large] = [ended(10 * 1024), ended(10 * 1024 + 1)]
        await store.insert(fits)
        await store.insert(large)
        expect((await store.find(fits.id))?.responseBody).toBe(fits.responseBody)
        expect(JSON.parse((await store.find(large.id))!.responseBody!)).toMatchObject({
          _truncated: true,
          _max_size_kb: 10,
        })
      }))

    test('lists with every filter, newest first, with the total of all matches', () =>
      using(async (store) => {
        const all: Task[] = []
        for (let round = 0; round < 2; round++) {
          for (const status of STATUSES) {
            for (const dropletName of ['Echo', 'other']) all.push(taskOf(status, { dropletName }))
          }
        }
        for (const task of all) await store.insert(task)
        all.reverse()
        const expectPage = async (query: Partial<TaskQuery>, matches: Task[]) => {
          const page = await store.list({ limit: 3, ...query })
          expect(page.tasks.map(({ id }) => id)).toEqual(matches.slice(0, 3).map(({ id }) => id))
          expect(page.total).toBe(matches.length)
          expect(page.nextCursor === null).toBe(matches.length <= 3)
        }
        await expectPage({}, all)
        for (const status of STATUSES) {
          await expectPage(
            { status },
            all.filter((task) => task.status === status),
          )
          for (const dropletName of ['echo', 'ECHO', 'Other']) {
            const isOf = (task: Task) =>
              task.dropletName.toLowerCase() === dropletName.toLowerCase()
            await expectPage({ dropletName }, all.filter(isOf))
            await expectPage(
              { dropletName, status },
              all.filter((task) => isOf(task) && task.status === status),
            )
          }
        }
        await expectPage({ dropletName: 'nobody' }, [])
      }))

    test('a task that changes state changes lists and totals', () =>
      using(async (store) => {
        const task = queued()
        await store.insert(task)
        await store.update(begin(task, task.targetUrl, NOW))
        expect((await store.list({ limit: 9, status: 'queued' })).total).toBe(0)
        expect(await ids(store, { status: 'running' })).toEqual([task.id])
        expect((await store.list({ limit: 9, dropletName: 'echo', status: 'running' })).total).toBe(
          1,
        )
      }))

    test.each<[string, Partial<TaskQuery>]>([
      ['all', {}],
      ['a droplet', { dropletName: 'echo' }],
      ['a state', { status: 'queued' }],
      ['both', { dropletName: 'echo', status: 'queued' }],
    ])('pages of %s hold each task once, though tasks are added in between', (_, query) =>
      using(async (store) => {
        const tasks = Array.from({ length: 7 }, () => queued())
        for (const task of tasks) await store.insert(task)
        const pages: string[][] = []
        let cursor: string | null | undefined
        while (cursor !== null) {
          const page = await store.list({ limit: 3, ...query, ...(cursor ? { cursor } : {}) })
          pages.push(page.tasks.map(({ id }) => id))
          cursor = page.nextCursor
          await store.insert(queued())
        }
        expect(pages.map((page) => page.length)).toEqual([3, 3, 1])
        expect(pages.flat()).toEqual(tasks.map(({ id }) => id).reverse())
      }),
    )

    test.each(['', 'x', 'c2VxOg', 'c2VxOi0x', 'c2VxOjE=', btoa('seq:1e3'), btoa("seq:1'--")])(
      'a cursor that is none of ours: %j',
      (cursor) =>
        using(async (store) => {
          const refusal = await failureOf(store.list({ limit: 1, cursor }))
          expect(refusal).toMatchObject({ code: 'INVALID_REQUEST' })
          expect(refusal.message).toContain('cursor')
        }),
    )

    test('unfinished ones, oldest first, as much as waiting needs', () =>
      using(async (store) => {
        const tasks = STATUSES.map((status) => taskOf(status, { delayMs: 9 }))
        for (const task of tasks) await store.insert(task)
        const expected = tasks.slice(0, 2).map((task) => {
          const { id, mode, status, dropletName, createdAt, delayMs, dueAt } = task
          return { id, mode, status, dropletName, createdAt, delayMs, dueAt }
        })
        expect(tasks.slice(0, 2).map(({ status }) => status)).toEqual(['queued', 'running'])
        expect(await store.unfinished()).toEqual(expected as never)
      }))

    test('keeps so many finished tasks, and every unfinished one', () =>
      using(
        async (store) => {
          const open = [queued(), running()]
          for (const task of open) await store.insert(task)
          const ended = Array.from({ length: 8 }, (_, n) => ({
            ...taskOf('success'),
            completedAt: NOW + n,
          }))
          for (const task of ended) await store.insert(task)
          const kept = [...open, ...ended.slice(-5)].map(({ id }) => id).reverse()
          expect(await ids(store)).toEqual(kept)
          expect((await store.list({ limit: 1 })).total).toBe(7)
          expect((await store.list({ limit: 1, status: 'success' })).total).toBe(5)
        },
        { maxFinished: 5, ttlMs: 3_600_000 },
      ))

    test('forgets what is too old by itself, and never what is unfinished', () =>
      using(
        async (store, clock) => {
          const open = running()
          await store.insert(open)
          await store.insert({ ...taskOf('error'), completedAt: NOW })
          await store.insert({ ...taskOf('error'), completedAt: NOW + 55_000 })
          await clock.advance(60_000)
          await clock.settle()
          expect((await store.list({ limit: 9 })).total).toBe(3)
          await clock.advance(10_000)
          await eventually('trimmed', async () => {
            await clock.advance(0)
            return (await ids(store)).length === 2
          })
          expect(await ids(store)).toContain(open.id)
        },
        { maxFinished: 100, ttlMs: 60_000 },
      ))

    test('writes of one moment all arrive', () =>
      using(async (store) => {
        const tasks = Array.from({ length: 50 }, () => queued())
        await Promise.all(
          tasks.map(async (task) => {
            await store.insert(task)
            await store.update(begin(task, task.targetUrl, NOW))
          }),
        )
        expect(await ids(store, { status: 'running' })).toHaveLength(50)
      }))

    test('closes twice, after what is pending', async () => {
      const clock = new FakeClock(NOW)
      const store = await open(clock, RETENTION)
      const insert = store.insert(queued())
      await Promise.all([store.close(), store.close()])
      await insert
      expect(clock.pending).toBe(0)
      await store[Symbol.asyncDispose]?.()
    })
  })
}
