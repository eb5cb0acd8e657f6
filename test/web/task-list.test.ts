/** A list against a service that answers when the test says so. */
import { expect, setSystemTime, test } from 'bun:test'
import { Unreachable } from '../../src/client/api-error.ts'
import type { OrchestratorClient, Query } from '../../src/client/client.ts'
import type { LiveEvent, Page, Task, TaskItem } from '../../src/client/types.ts'
import type { Filters } from '../../src/web/app/tasks/filters.ts'
import { TaskList } from '../../src/web/app/tasks/task-list.ts'

type Status = TaskItem['status']

const item = (n: number, status: Status = 'success') =>
  ({ id: `t${String(n).padStart(3, '0')}`, status, created_at: n }) as TaskItem

function event(n: number, status: Status = 'success'): LiveEvent {
  return { type: 'task', id: null, data: { change: 'ended', task: item(n, status) } }
}

const pageOf = (tasks: TaskItem[], next_cursor: string | null = null): Page => ({
  tasks,
  total: null,
  limit: 100,
  next_cursor,
})

function listOver(
  filters: Filters = {},
  single: (id: string) => TaskItem | null = () => null,
  total = () => 7,
) {
  const asked: { query: Query; answer(page: Page): void; fail(error: Error): void }[] = []
  const client = {
    tasks: (query: Query = {}) => {
      if (query.total !== false) return Promise.resolve({ ...pageOf([]), total: total() })
      const { promise, resolve, reject } = Promise.withResolvers<Page>()
      asked.push({ query, answer: resolve, fail: reject })
      return promise
    },
    task: async (id: string) => single(id) as Task,
  } as unknown as OrchestratorClient
  const list = new TaskList(filters, { client, now: () => 1000, known: async () => {} })
  const shown = () => list.rows.value?.shown.map(({ created_at, status }) => [created_at, status])
  return { list, asked, shown }
}

const settled = () => new Promise((resolve) => setImmediate(resolve))

test('what happens while a page is on its way is not lost, and is newer than the page', async () => {
  const { list, asked, shown } = listOver()
  void list.read()
  list.event(event(2, 'success'))
  list.event(event(3, 'running'))
  asked[0]!.answer(pageOf([item(2, 'running'), item(1)]))
  await settled()
  expect(shown()).toEqual([
    [3, 'running'],
    [2, 'success'],
    [1, 'success'],
  ])
  expect(list.total.value).toBe(7)
  void list.read()
  list.event(event(3, 'error'))
  asked[1]!.answer(pageOf([item(3, 'running'), item(2), item(1)]))
  await settled()
  expect(shown()![0]).toEqual([3, 'error'])
})

test('events that are missed while it reads make it read once more', async () => {
  const { list, asked } = listOver()
  void list.read()
  void list.read()
  void list.read()
  asked[0]!.answer(pageOf([item(1)]))
  await settled()
  expect(asked).toHaveLength(2)
  asked[1]!.answer(pageOf([item(1)]))
  await settled()
  expect(asked).toHaveLength(2)
})

test('nothing moves while somebody reads; then what waited is shown', async () => {
  const { list, asked, shown } = listOver()
  void list.read()
  asked[0]!.answer(pageOf([item(1)]))
  await settled()
  list.isReading = () => true
  list.event(event(2))
  list.settle()
  expect(shown()).toEqual([[1, 'success']])
  expect(list.rows.value!.waiting).toHaveLength(1)
  list.isReading = () => false
  list.settle()
  expect(shown()).toHaveLength(2)
})

test('a list with gaps begins anew, unless somebody reads', async () => {
  const { list, asked, shown } = listOver()
  void list.read()
  asked[0]!.answer(pageOf([item(1)], 'c'))
  await settled()
  list.isReading = () => true
  void list.read()
  asked[1]!.answer(pageOf([item(9), item(8)], 'd'))
  await settled()
  expect(shown()).toEqual([[1, 'success']])
  expect(list.rows.value!.isTorn).toBe(true)
  void list.showNewest()
  asked[2]!.answer(pageOf([item(9), item(8)], 'd'))
  await settled()
  expect(shown()).toHaveLength(2)
  expect(list.rows.value!.isTorn).toBe(false)
})

test('who comes back to the top of a list sees what is new at once, and how many there are', async () => {
  let total = 7
  const { list, asked, shown } = listOver({}, undefined, () => total)
  void list.read()
  asked[0]!.answer(pageOf([item(1)], 'c'))
  await settled()
  expect(list.total.value).toBe(7)
  total = 900
  setSystemTime(new Date(Date.now() + 10_000))
  void list.read()
  asked[1]!.answer(pageOf([item(9), item(8)], 'd'))
  await settled()
  expect(shown()).toEqual([
    [9, 'success'],
    [8, 'success'],
  ])
  expect(list.total.value).toBe(900)
  setSystemTime()
})

test('a list that is open all day does not grow all day', async () => {
  const { list, asked, shown } = listOver()
  void list.read()
  asked[0]!.answer(pageOf([item(1)]))
  await settled()
  for (let n = 2; n <= 1100; n++) list.event(event(n))
  expect(shown()).toHaveLength(1100)
  setSystemTime(new Date(Date.now() + 3000))
  list.isReading = () => true
  list.settle()
  expect(asked).toHaveLength(1)
  list.isReading = () => false
  list.settle()
  asked[1]!.answer(pageOf([item(1100), item(1099)], 'c'))
  await settled()
  setSystemTime()
  expect(shown()).toHaveLength(2)
})

test('those that may have ended unseen are asked for, some at a time', async () => {
  const running = Array.from({ length: 20 }, (_, n) => item(40 - n, 'running'))
  const { list, asked, shown } = listOver({ status: 'running' }, (id) =>
    item(Number(id.slice(1)), 'error'),
  )
  void list.read()
  asked[0]!.answer(pageOf(running))
  await settled()
  void list.read()
  asked[1]!.answer(pageOf([running[0]!]))
  await settled()
  const ended = () => shown()!.filter(([, status]) => status === 'error').length
  list.settle()
  await settled()
  expect(ended()).toBe(8)
  list.settle()
  list.settle()
  await settled()
  expect(ended()).toBe(19)
  expect(shown()).toHaveLength(20)
})

test('an error is told, and the next success takes it back', async () => {
  const { list, asked, shown } = listOver()
  void list.read()
  asked[0]!.fail(new Unreachable('.', null))
  await settled()
  expect(list.error.value).toBeInstanceOf(Unreachable)
  void list.read()
  asked[1]!.answer(pageOf([item(2)], 'c'))
  await settled()
  expect(list.error.value).toBeNull()
  void list.more()
  void list.more()
  expect(asked).toHaveLength(3)
  expect(asked[2]!.query).toMatchObject({ cursor: 'c', total: false })
  asked[2]!.answer(pageOf([item(1)]))
  await settled()
  expect(shown()).toHaveLength(2)
})

test('what came before the time that is looked at does not come in by an event', async () => {
  const { list, asked, shown } = listOver({ status: 'failed', since: '15m' })
  void list.read()
  await settled()
  asked[0]!.answer(pageOf([item(200, 'error')]))
  await settled()
  // It is 1000: 15 minutes ago it was 100.
  list.event(event(99, 'error'))
  list.event(event(101, 'error'))
  expect(shown()).toEqual([
    [200, 'error'],
    [101, 'error'],
  ])
})
