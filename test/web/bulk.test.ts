import { expect, test } from 'bun:test'
import { ApiError, Unreachable } from '../../src/client/api-error.ts'
import type { Query } from '../../src/client/client.ts'
import type { Page, Task, TaskItem } from '../../src/client/types.ts'
import { queriesOf, runBulk, type BulkClient, type BulkJob } from '../../src/web/app/tasks/bulk.ts'

const PAGES = 3
const PER_PAGE = 20
const TASKS = PAGES * PER_PAGE

interface Far {
  client: BulkClient
  asked: Query[]
  acted: string[]
  most: number
}

/** A service with three pages of tasks; `answer` decides what becomes of each. */
function far(answer: (id: string, attempt: number) => Error | null = () => null): Far {
  const tries = new Map<string, number>()
  let busy = 0
  const act = async (id: string) => {
    busy++
    seen.most = Math.max(seen.most, busy)
    seen.acted.push(id)
    const attempt = (tries.get(id) ?? 0) + 1
    tries.set(id, attempt)
    await new Promise((resolve) => setImmediate(resolve))
    busy--
    const error = answer(id, attempt)
    if (error) throw error
    return {} as Task
  }
  const seen: Far = {
    asked: [],
    acted: [],
    most: 0,
    client: {
      tasks: async (query = {}) => {
        seen.asked.push(query)
        const n = Number(query.cursor || 0)
        const tasks = Array.from({ length: PER_PAGE }, (_, i) => ({ id: `${n}-${i}` }) as TaskItem)
        const next_cursor = n + 1 < PAGES ? String(n + 1) : null
        return { tasks, total: null, limit: PER_PAGE, next_cursor } as Page
      },
      cancel: act,
      replay: (id) => act(id) as never,
    },
  }
  return seen
}

const job: BulkJob = { action: 'replay', queries: [{ status: 'failed' }], key: 'k' }
const tools = (client: BulkClient, slept: number[] = []) => ({
  client,
  signal: new AbortController().signal,
  sleep: async (ms: number) => void slept.push(ms),
  report: () => {},
})

test('goes through all pages, eight at a time, and counts nothing', async () => {
  const service = far()
  const progress = await runBulk(job, tools(service.client))
  expect(progress).toMatchObject({ done: TASKS, failed: 0 })
  expect(new Set(service.acted).size).toBe(TASKS)
  expect(service.most).toBe(8)
  expect(service.asked).toHaveLength(PAGES)
  for (const query of service.asked) expect(query).toMatchObject({ total: false, status: 'failed' })
})

test('failures are told by their reason, and the rest goes on', async () => {
  const secrets = new ApiError(400, 'INVALID_REQUEST', 'The request is invalid', {
    errors: [{ path: '/headers/Authorization', message: 'is needed again' }],
  })
  const gone = new ApiError(404, 'TASK_NOT_FOUND', 'There is no such task')
  const { client } = far((id) => (id === '0-1' ? secrets : id.startsWith('2-') ? gone : null))
  const { done, failed, reasons } = await runBulk(job, tools(client))
  expect([done, failed]).toEqual([TASKS - PER_PAGE - 1, PER_PAGE + 1])
  expect([...reasons]).toEqual([
    ['headers/Authorization is needed again', 1],
    ['There is no such task', PER_PAGE],
  ])
})

test('waits as long as the service asks for, and gives up in the end', async () => {
  const slept: number[] = []
  const busy = new ApiError(429, 'RATE_LIMITED', 'Too many requests', {}, 3)
  const lost = new Unreachable('http://far', null)
  const { client, acted } = far((id, attempt) =>
    id === '0-0' && attempt < 3 ? busy : id === '0-1' ? lost : null,
  )
  const { done, reasons } = await runBulk(job, tools(client, slept))
  expect(done).toBe(TASKS - 1)
  expect([...reasons]).toEqual([['The service did not answer', 1]])
  expect(slept.filter((ms) => ms === 3000)).toHaveLength(2)
  expect(acted.filter((id) => id === '0-1')).toHaveLength(5)
})

test('can be stopped', async () => {
  const service = far()
  const abort = new AbortController()
  const stop = { ...tools(service.client), signal: abort.signal }
  const { done } = await runBulk(job, { ...stop, report: () => abort.abort() })
  expect(done).toBeLessThanOrEqual(8)
  expect(service.asked).toHaveLength(1)
})

test('a replay never finds its own replays; a cancel looks at what has not ended', () => {
  expect(queriesOf('replay', { status: 'failed' }, 100.5)).toEqual([
    { status: 'failed', created_before: '100.500' },
  ])
  expect(queriesOf('replay', { created_before: '50' }, 100)[0]!.created_before).toBe('50.000')
  expect(queriesOf('replay', { created_before: '2200-01-01T00:00:00Z' }, 100)).toEqual([
    { created_before: '100.000' },
  ])
  const ofEcho = { droplet_name: 'echo' }
  expect(queriesOf('cancel', ofEcho, 1)).toEqual([
    { ...ofEcho, status: 'queued' },
    { ...ofEcho, status: 'running' },
  ])
  expect(queriesOf('cancel', { status: 'running' }, 1)).toEqual([{ status: 'running' }])
  expect(queriesOf('cancel', { status: 'failed' }, 1)).toEqual([])
})
