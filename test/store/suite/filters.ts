import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { nameKey } from '../../../src/droplets/droplet.ts'
import type { TaskFilter, TaskQuery, TaskStore } from '../../../src/store/store.ts'
import { STATUS_FILTERS, STATUSES, statusesOf, type Task } from '../../../src/task.ts'
import { taskOf } from '../../support/task-states.ts'
import { NOW } from '../../support/tasks.ts'
import { pageOf, withStore, type Harness } from './harness.ts'

const DROPLETS = ['Echo', 'ÉCHO', 'écho', 'eCHO', 'ΣΊΓΜΑ', '\u212Aelvin']
const ANSWERS = [null, 200, 404, 500, 503, 599]
const REQUESTS = ['request-1', 'request-2']

/** Fields of coprime periods, so that all combinations come; the clock jumps back now and then. */
const TASKS: readonly Task[] = Array.from({ length: 84 }, (_, n) => ({
  ...taskOf(STATUSES[n % 6]!, { dropletName: DROPLETS[n % 5]! }),
  mode: n % 7 < 3 ? 'async' : 'sync',
  responseStatus: ANSWERS[n % 11] ?? null,
  createdAt: NOW + n * 1000 - (n % 13 === 0 ? 60_000 : 0),
  requestId: REQUESTS[n % 4 === 0 ? 0 : 1]!,
  replayOf: n % 9 === 0 ? 'task-1' : null,
}))

function isMatch(filter: TaskFilter, task: Task): boolean {
  const { status, mode, responseStatus, createdFrom, createdBefore } = filter
  const answer = task.responseStatus ?? 0
  return (
    (status === undefined || statusesOf(status).includes(task.status)) &&
    isOfDroplets(filter, nameKey(task.dropletName)) &&
    (mode ?? task.mode) === task.mode &&
    (responseStatus ? answer >= responseStatus.from && answer <= responseStatus.to : true) &&
    task.createdAt >= (createdFrom ?? 0) &&
    task.createdAt < (createdBefore ?? Infinity) &&
    (filter.requestId ?? task.requestId) === task.requestId &&
    (filter.replayOf ?? task.replayOf) === task.replayOf
  )
}

function isOfDroplets({ droplets, dropletPrefixes }: TaskFilter, key: string): boolean {
  if (!droplets && !dropletPrefixes) return true
  const isNamed = droplets?.some((name) => nameKey(name) === key)
  return isNamed || !!dropletPrefixes?.some((prefix) => key.startsWith(nameKey(prefix)))
}

const at = fc.integer({ min: -61, max: 85 }).map((second) => NOW + second * 1000)
const anyFilter = fc.record(
  {
    status: fc.constantFrom(...STATUS_FILTERS),
    droplets: fc.subarray([...DROPLETS, 'nobody', 'kELVIN']),
    dropletPrefixes: fc.subarray(['e', 'ECH', 'É', 'écho', 'σί', 'K', '', 'nobody', 'echo-']),
    mode: fc.constantFrom('sync' as const, 'async' as const),
    responseStatus: fc.constantFrom({ from: 404, to: 404 }, { from: 500, to: 599 }),
    createdFrom: at,
    createdBefore: at,
    requestId: fc.constantFrom(...REQUESTS, 'nobody'),
    replayOf: fc.constantFrom('task-1', 'nobody'),
  },
  { requiredKeys: [] },
)

/** The ids of all pages; each page tells the same total. */
async function idsOfPages(
  store: TaskStore,
  query: TaskQuery,
  total: number | null,
): Promise<string[]> {
  const ids: string[] = []
  let cursor: string | null = null
  do {
    const page = await pageOf(store, { ...query, ...(cursor === null ? {} : { cursor }) })
    expect(page.total).toBe(total)
    if (page.nextCursor !== null) expect(page.tasks).toHaveLength(query.limit)
    ids.push(...page.tasks.map(({ id }) => id))
    cursor = page.nextCursor
  } while (cursor !== null)
  return ids
}

export function testFilters(harness: Harness): void {
  describe('filters', () => {
    test('in any combination: the pages are the matches, newest first, and all are counted', () =>
      withStore(harness, async ({ store }) => {
        await Promise.all(TASKS.map((task) => store.insert(task)))
        await fc.assert(
          fc.asyncProperty(anyFilter, fc.integer({ min: 1, max: 30 }), async (filter, limit) => {
            const matches = TASKS.filter((task) => isMatch(filter, task)).toReversed()
            const found = await idsOfPages(store, { ...filter, limit }, matches.length)
            expect(found).toEqual(matches.map(({ id }) => id))
            const uncounted = { ...filter, limit, counted: false }
            expect(await idsOfPages(store, uncounted, null)).toEqual(found)
          }),
          {
            numRuns: 150,
            examples: [
              [{}, 84],
              [{ mode: 'async' }, 12],
            ],
          },
        )
      }))

    test.each<[string, TaskFilter]>([
      ['request id', { requestId: 'a\0' }],
      ['task that was replayed', { replayOf: '\ud800' }],
      ['droplet', { droplets: ['\0', 'a\udc00'] }],
      ['prefix', { dropletPrefixes: ['\0', '\ud800'] }],
    ])('find nothing by a %s that no task can have', (_, filter) =>
      withStore(harness, async ({ store }) => {
        await Promise.all(TASKS.map((task) => store.insert(task)))
        expect(await pageOf(store, { ...filter, limit: 1 })).toMatchObject({ tasks: [], total: 0 })
      }),
    )

    test('find a task while it is unfinished, and as it ends', () =>
      withStore(harness, async ({ store }) => {
        const running = taskOf('running')
        await store.insert(running)
        const wanted = { mode: running.mode, requestId: running.requestId, limit: 1 }
        expect((await pageOf(store, wanted)).total).toBe(1)
        await store.update({ ...taskOf('success', { id: running.id }), responseStatus: 201 })
        const created = { responseStatus: { from: 201, to: 201 } }
        expect((await pageOf(store, { ...wanted, ...created })).total).toBe(1)
        expect((await pageOf(store, { status: 'running', mode: 'sync' })).total).toBe(0)
      }))
  })
}
