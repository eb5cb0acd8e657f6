import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { TaskItem } from '../../src/client/types.ts'
import {
  MAX_WAITING,
  missedIn,
  NO_ROWS,
  rowsOf,
  withFirstPage,
  withPage,
  withTask,
  withWaiting,
  type Rows,
} from '../../src/web/app/tasks/rows.ts'

const item = (n: number, more: Partial<TaskItem> = {}): TaskItem => ({
  id: `t${String(n).padStart(4, '0')}`,
  droplet_name: 'echo',
  method: 'GET',
  target_url: 'http://echo/',
  status: 'success',
  response_status: 200,
  retry_count: 0,
  created_at: n,
  completed_at: n + 1,
  duration_ms: 1,
  error_message: null,
  ...more,
})
const page = (ids: readonly number[], next_cursor: string | null = null) => ({
  tasks: ids.map((n) => item(n)),
  total: null,
  limit: ids.length,
  next_cursor,
})
const ids = ({ shown }: Rows) => shown.map(({ created_at }) => created_at)
const waiting = (rows: Rows) => rows.waiting.map(({ created_at }) => created_at).sort()

test('what is new waits; what is shown changes where it is', () => {
  const before = rowsOf(page([9, 8, 7], 'c'))
  const rows = withTask(withTask(before, item(10), true), item(8, { status: 'error' }), true)
  expect(ids(rows)).toEqual([9, 8, 7])
  expect(rows.shown[1]!.status).toBe('error')
  expect(waiting(rows)).toEqual([10])
  // A task that waits changes, and ends up in the list once.
  const changed = withTask(rows, item(10, { status: 'timeout' }), true)
  expect(ids(withWaiting(changed))).toEqual([10, 9, 8, 7])
  expect(withWaiting(changed).shown[0]!.status).toBe('timeout')
})

test('a task that leaves the filter stays where it is read, and waits no more where it is not', () => {
  const rows = withTask(rowsOf(page([9, 8])), item(10), true)
  const left = withTask(withTask(rows, item(10), false), item(9, { status: 'error' }), false)
  expect(ids(left)).toEqual([9, 8])
  expect(left.shown[0]!.status).toBe('error')
  expect(waiting(left)).toEqual([])
  expect(withTask(left, item(11), false)).toBe(left)
})

test('a task of a page that is not read yet comes with that page', () => {
  const rows = rowsOf(page([9, 8], 'c'))
  expect(withTask(rows, item(3), true)).toBe(rows)
  expect(waiting(withTask(rowsOf(page([9, 8])), item(3), true))).toEqual([3])
  expect(ids(withPage(rows, page([8, 7, 6])))).toEqual([9, 8, 7, 6])
})

test('more than anybody reads is not kept: the list is read anew', () => {
  let rows = rowsOf(page([1]))
  for (let n = 2; n < MAX_WAITING + 10; n++) rows = withTask(rows, item(n), true)
  expect(rows.waiting).toHaveLength(MAX_WAITING)
  expect(rows.isTorn).toBe(true)
})

test('after missed events, the first page adds what is new and moves nothing', () => {
  const rows = rowsOf(page([9, 8, 7], 'c'))
  const read = withFirstPage(rows, page([11, 10, 9], 'd'))
  expect(ids(read)).toEqual([9, 8, 7])
  expect(waiting(read)).toEqual([10, 11])
  expect([read.isTorn, read.cursor]).toEqual([false, 'c'])
  // Nothing in common: what lies between is not known.
  expect(withFirstPage(rows, page([15, 14], 'd')).isTorn).toBe(true)
  expect(ids(withFirstPage(NO_ROWS, page([2, 1])))).toEqual([2, 1])
})

test('an unfinished task of which the page says nothing is missed', () => {
  const rows: Rows = {
    ...NO_ROWS,
    shown: [item(9, { status: 'running' }), item(8), item(7, { status: 'queued' })],
  }
  expect(missedIn(rows, page([8]))).toEqual(['t0009', 't0007'])
  expect(missedIn(rows, page([9, 8, 7]))).toEqual([])
})

test('in any order of events and pages, each task is there once, and shown newest first', () => {
  const numbers = fc.uniqueArray(fc.integer({ min: 0, max: 60 }), { maxLength: 40 })
  fc.assert(
    fc.property(numbers, numbers, (first, events) => {
      const sorted = first.toSorted((a, b) => b - a)
      let rows = rowsOf(page(sorted))
      for (const n of events) rows = withTask(rows, item(n), true)
      expect(ids(rows)).toEqual(sorted)
      const all = [...new Set([...first, ...events])].sort((a, b) => b - a)
      expect(ids(withWaiting(rows))).toEqual(all)
    }),
  )
})
