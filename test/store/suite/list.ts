import { describe, expect, test } from 'bun:test'
import type { TaskQuery } from '../../../src/store/store.ts'
import { retryCount, STATUS_FILTERS, STATUSES, statusesOf, type Task } from '../../../src/task.ts'
import { taskOf } from '../../support/task-states.ts'
import { queued } from '../../support/tasks.ts'
import { pageOf, withStore, type Harness } from './harness.ts'

/** Two tasks of each state for each droplet, in the order of their insertion. */
function manyTasks(droplets: readonly string[]): Task[] {
  const statuses = [...STATUSES, ...STATUSES]
  return statuses.flatMap((status) =>
    droplets.map((dropletName) => taskOf(status, { dropletName })),
  )
}

const isOf = (droplets: readonly string[]) => (task: Task) =>
  droplets.some((name) => name.toLowerCase() === task.dropletName.toLowerCase())

export function testList(harness: Harness): void {
  describe('list', () => {
    test.each(STATUSES)('has the columns of a task that is %s', (status) =>
      withStore(harness, async ({ store }) => {
        const task = taskOf(status)
        await store.insert(task)
        const { id, dropletName, method, targetUrl, responseStatus } = task
        const { createdAt, completedAt, durationMs, errorMessage } = task
        expect((await pageOf(store)).tasks).toEqual([
          {
            ...{ id, dropletName, method, targetUrl, status, responseStatus, createdAt },
            ...{ completedAt, durationMs, errorMessage, retryCount: retryCount(task) },
          },
        ])
      }),
    )

    test('takes every filter: newest first, with the total of all matches', () =>
      withStore(harness, async ({ store }) => {
        const all = manyTasks(['Echo', 'other', 'third'])
        for (const task of all) await store.insert(task)
        all.reverse()
        const expectPage = async (query: Partial<TaskQuery>, matches: Task[]) => {
          const page = await pageOf(store, { limit: 3, ...query })
          expect(page.tasks.map(({ id }) => id)).toEqual(matches.slice(0, 3).map(({ id }) => id))
          expect(page.total).toBe(matches.length)
          expect(page.nextCursor === null).toBe(matches.length <= 3)
        }
        await expectPage({}, all)
        const lists = [['echo'], ['ECHO'], ['Other'], ['echo', 'third'], ['Echo', 'eCHO'], []]
        for (const droplets of lists) await expectPage({ droplets }, all.filter(isOf(droplets)))
        await expectPage({ droplets: ['nobody'] }, [])
        for (const status of STATUS_FILTERS) {
          const inState = all.filter((task) => statusesOf(status).includes(task.status))
          await expectPage({ status }, inState)
          for (const droplets of lists) {
            await expectPage({ droplets, status }, inState.filter(isOf(droplets)))
          }
        }
      }))

    test('takes any number of droplets, in pages of the same order', () =>
      withStore(harness, async ({ store }) => {
        const tasks = Array.from({ length: 200 }, (_, n) => queued({ dropletName: `d${n}` }))
        await Promise.all(tasks.map((task) => store.insert(task)))
        const droplets = tasks.map(({ dropletName }) => dropletName)
        const first = await pageOf(store, { droplets, limit: 150 })
        const second = await pageOf(store, { droplets, limit: 150, cursor: first.nextCursor! })
        const ids = [...first.tasks, ...second.tasks].map(({ id }) => id)
        expect(ids).toEqual(tasks.map(({ id }) => id).reverse())
        expect([first.total, second.nextCursor]).toEqual([200, null])
      }))

    test('finds names beyond ASCII in any case', () =>
      withStore(harness, async ({ store }) => {
        const task = queued({ dropletName: 'École-Δ' })
        await store.insert(task)
        for (const name of ['École-Δ', 'école-δ', 'ÉCOLE-Δ']) {
          const { tasks, total } = await pageOf(store, { droplets: [name] })
          expect([tasks.map(({ id }) => id), total]).toEqual([[task.id], 1])
        }
      }))

    test.each(STATUSES)('finds droplets by how their names begin, when all they have is %s', (it) =>
      withStore(harness, async ({ store }) => {
        const names = ['Bill-1', 'bill-\u{10ffff}', 'bill', 'bill.', 'ab-bill-', 'BILL-É']
        const tasks = names.map((dropletName) => taskOf(it, { dropletName }))
        for (const task of tasks) await store.insert(task)
        const found = async (query: Partial<TaskQuery>) => {
          const { tasks: listed, total } = await pageOf(store, query)
          expect(listed.length).toBe(total!)
          return listed.map(({ dropletName }) => dropletName).toReversed()
        }
        const begun = ['Bill-1', 'bill-\u{10ffff}', 'BILL-É']
        expect(await found({ dropletPrefixes: ['biLL-'] })).toEqual(begun)
        expect(await found({ dropletPrefixes: ['biLL-'], status: it })).toEqual(begun)
        expect(await found({ dropletPrefixes: ['bill-', 'BILL'] })).toEqual(
          names.filter((name) => name !== 'ab-bill-'),
        )
        expect(await found({ dropletPrefixes: ['bill-é'], droplets: ['bill'] })).toEqual([
          'bill',
          'BILL-É',
        ])
        expect(await found({ dropletPrefixes: ['x'] })).toEqual([])
        expect(await found({ dropletPrefixes: [] })).toEqual([])
      }),
    )

    test.each<[string, Partial<TaskQuery>]>([
      ['all', {}],
      ['a droplet', { droplets: ['echo'] }],
      ['two droplets', { droplets: ['echo', 'nobody'] }],
      ['a state', { status: 'queued' }],
      ['both', { droplets: ['echo'], status: 'queued' }],
    ])('in pages of %s holds each task once, though tasks are added in between', (_, query) =>
      withStore(harness, async ({ store }) => {
        const tasks = Array.from({ length: 7 }, () => queued())
        for (const task of tasks) await store.insert(task)
        const pages: string[][] = []
        let cursor: string | null | undefined
        while (cursor !== null) {
          const page = await pageOf(store, { limit: 3, ...query, ...(cursor ? { cursor } : {}) })
          pages.push(page.tasks.map(({ id }) => id))
          cursor = page.nextCursor
          await store.insert(queued())
        }
        expect(pages.map((page) => page.length)).toEqual([3, 3, 1])
        expect(pages.flat()).toEqual(tasks.map(({ id }) => id).reverse())
      }),
    )

    test.each(['', 'x', '1', '-1', 'null', "x' or 1=1--", '😀', 'A'.repeat(5000)])(
      'is null for a cursor that is none of its own: %j',
      (cursor) =>
        withStore(harness, async ({ store }) => {
          await store.insert(queued())
          expect(await store.list({ limit: 1, cursor })).toBeNull()
        }),
    )
  })
}
