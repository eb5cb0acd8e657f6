/** The task history over HTTP: CONTRACT, section 3. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator } from '../support/orchestrator.ts'
import { hang, json, scriptedServer, sequenceServer } from '../support/scripted-server.ts'

allowRealTime()

const LIST = '/orchestrator/tasks'

describe('the list', () => {
  test('is filtered, newest first, and its total counts all matches', async () => {
    await using good = scriptedServer(json({ fine: true }))
    await using bad = scriptedServer(json({ wrong: true }, 404))
    await using service = await startOrchestrator({ mesh: { Good: good.url, bad: bad.url } })
    const ids: string[] = []
    for (const droplet_name of ['good', 'bad', 'good', 'good']) {
      ids.push((await service.submit({ droplet_name })).json.task_id)
    }
    const listed = async (query: string) => {
      const { status, json: page } = await service.get(`${LIST}?${query}`)
      expect(status).toBe(200)
      return { ids: page.tasks.map((task: { id: string }) => task.id), total: page.total }
    }
    const [first, second, third, fourth] = ids
    expect(await listed('')).toEqual({ ids: ids.toReversed(), total: 4 })
    expect(await listed('status=&droplet_name=&limit=&cursor=')).toEqual({
      ids: ids.toReversed(),
      total: 4,
    })
    expect(await listed('status=error')).toEqual({ ids: [second], total: 1 })
    expect(await listed('droplet_name=GOOD')).toEqual({ ids: [fourth, third, first], total: 3 })
    expect(await listed('droplet_name=good&status=error')).toEqual({ ids: [], total: 0 })
    expect(await listed('limit=1&anything=else')).toEqual({ ids: [fourth], total: 4 })
  })

  test('hides the values in the queries of targets; the task itself has them', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const target_url = `${upstream.url}/x?key=hunter2&hunter2`
    const { json: outcome } = await service.submit({ path: '/x?key=hunter2&hunter2' })
    expect(outcome.target_url).toBe(target_url)
    expect(await service.task(outcome.task_id)).toMatchObject({ target_url })
    const { json: page } = await service.get(LIST)
    expect(page.tasks[0].target_url).toBe(`${upstream.url}/x?key=REDACTED&REDACTED`)
  })

  test('leads through its pages without a gap, whatever is added meanwhile', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const ids: string[] = []
    for (let n = 0; n < 5; n++) ids.unshift((await service.submit()).json.task_id)
    const seen: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const { json: page } = await service.get(`${LIST}?limit=2&cursor=${cursor}`)
      seen.push(...page.tasks.map((task: { id: string }) => task.id))
      await service.submit()
      cursor = page.next_cursor
    }
    expect(seen).toEqual(ids)
  })

  test.each([
    ['limit=0', '?limit'],
    ['limit=1001', '?limit'],
    ['limit=1.5', '?limit'],
    ['limit=1e2', '?limit'],
    ['limit=ten', '?limit'],
    ['status=done', '?status'],
    ['cursor=x', '?cursor'],
  ])('refuses %s', async (query, path) => {
    await using service = await startOrchestrator()
    const { status, json: reply } = await service.get(`${LIST}?${query}`)
    expect([status, reply.error.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(reply.error.details.errors).toMatchObject([{ path }])
  })
})

describe('a task', () => {
  test('shows what was asked, what came, and every attempt', async () => {
    await using upstream = sequenceServer(json({ no: 1 }, 500), json({ yes: 1 }))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { json: outcome } = await service.skipWaits(
      service.submit({ method: 'POST', payload: [1, null], meta: { by: 'me' } }),
    )
    expect(await service.task(outcome.task_id)).toMatchObject({
      id: outcome.task_id,
      payload: [1, null],
      meta: { by: 'me' },
      response_body: { yes: 1 },
      retry_count: 1,
      error_message: null,
      attempts: [
        { attempt: 1, response_status: 500, error: 'HTTP 500' },
        { attempt: 2, response_status: 200, error: null },
      ],
    })
  })

  test('keeps a body over 10 KB as the marker; its caller had it whole', async () => {
    const long = 'x'.repeat(11 * 1024)
    await using upstream = scriptedServer(json({ long }))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { json: outcome } = await service.submit()
    expect(outcome.response_body).toEqual({ long })
    expect((await service.task(outcome.task_id)).response_body).toMatchObject({
      _truncated: true,
      _max_size_kb: 10,
    })
  })

  test('that is not there is 404', async () => {
    await using service = await startOrchestrator()
    const { status, json: reply } = await service.get(`${LIST}/nope`)
    expect([status, reply.error.code]).toEqual([404, 'TASK_NOT_FOUND'])
  })
})

test('at most TASK_MAX_HISTORY finished tasks are kept, and every unfinished one', async () => {
  await using upstream = sequenceServer(hang, json(1))
  await using service = await startOrchestrator({
    mesh: { echo: upstream.url },
    config: { task: { maxHistory: 3 } },
  })
  const { json: waiting } = await service.submit({}, ASYNC)
  await upstream.received(1)
  for (let n = 0; n < 6; n++) await service.submit()
  const { json: page } = await service.get(LIST)
  expect(page.total).toBe(4)
  expect(page.tasks.at(-1)).toMatchObject({ id: waiting.task_id, status: 'running' })
})
