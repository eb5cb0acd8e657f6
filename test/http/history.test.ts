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
    expect(await listed('status=failed')).toEqual({ ids: [second], total: 1 })
    expect(await listed('total=false&droplet_name=bad')).toEqual({ ids: [second], total: null })
    expect(await listed('total=true&mode=sync&limit=1')).toEqual({ ids: [fourth], total: 4 })
    expect(await listed('limit=1&anything=else')).toEqual({ ids: [fourth], total: 4 })
  })

  test('is filtered by everything that a task shows', async () => {
    await using upstream = sequenceServer(json(1), json(2, 404), json(3, 404), json(4))
    await using service = await startOrchestrator({ mesh: { ÉCHO: upstream.url } })
    const named = (id: string) => ({ 'X-Request-ID': id })
    const { json: first } = await service.submit({ droplet_name: 'écho' }, named('a'))
    const { json: second } = await service.submit({ droplet_name: 'écho' }, named('b'))
    const { json: third } = await service.post(
      `${LIST}/${first.task_id}/replay`,
      undefined,
      named('b'),
    )
    const ids = [third.task_id, second.task_id, first.task_id]
    const { created_at } = await service.task(second.task_id)
    const listed = async (query: string) => {
      const { json: page } = await service.get(`${LIST}?${query}`)
      expect(page.total).toBe(page.tasks.length)
      return page.tasks.map((task: { id: string }) => ids.indexOf(task.id))
    }
    const rfc = new Date(created_at * 1000).toISOString()
    expect(await listed('droplet_name=%C3%A9CHO')).toEqual([0, 1, 2])
    expect(await listed('droplet_name=%C3%A9CHO&status=error')).toEqual([0, 1])
    expect(await listed('response_status=404')).toEqual([0, 1])
    expect(await listed('response_status=2XX')).toEqual([2])
    expect(await listed('response_status=5xx')).toEqual([])
    expect(await listed(`created_after=${created_at}`)).toContain(1)
    expect(await listed(`created_before=${created_at}`)).not.toContain(1)
    expect(await listed(`created_after=${rfc}&created_before=${created_at + 0.001}`)).toContain(1)
    expect(await listed(`created_before=1&mode=sync`)).toEqual([])
    expect(await listed('request_id=b')).toEqual([0, 1])
    expect(await listed('request_id=b&status=success')).toEqual([])
    expect(await listed(`replay_of=${first.task_id}`)).toEqual([0])
    expect(await listed('mode=async')).toEqual([])
    expect(await listed('mode=sync&limit=3')).toEqual([0, 1, 2])
    const empty = 'response_status=&created_after=&created_before=&request_id=&replay_of=&mode='
    expect(await listed(empty)).toEqual([0, 1, 2])
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
    ['mode=later', '?mode'],
    ...['0', '99', '1000', '4x', '5xxx', 'ok', '404.0', '-404'].map(
      (status) => [`response_status=${status}`, '?response_status'] as const,
    ),
    ...['yesterday', '-1', '1e9', '2026-01-01', '2026-02-30T00:00:00Z', '2026-01-01T00:00:00'].map(
      (time) => [`created_after=${time}`, '?created_after'] as const,
    ),
    ['created_before=2026-01-01T24:00:00Z', '?created_before'],
  ])('refuses %s', async (query, path) => {
    await using service = await startOrchestrator()
    const { status, json: reply } = await service.get(`${LIST}?${query}`)
    expect([status, reply.error.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(reply.error.details.errors).toMatchObject([{ path }])
  })
})

describe('a task', () => {
  test('shows all that it was accepted with, but no secrets', async () => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const headers = {
      'X-A': 'b',
      AUTHORIZATION: 'hunter2',
      Cookie: 'hunter2',
      'x-API-key': 'hunter2',
    }
    const asked = { path: '/x?y=1', headers, deadline_ms: 9000, max_retries: 1, timeout_ms: 8000 }
    const { json: accepted } = await service.submit(
      { ...asked, delay_seconds: 3600 },
      { ...ASYNC, 'X-Request-ID': 'mine' },
    )
    const task = await service.task(accepted.task_id)
    expect(task).toMatchObject({
      ...{ request_id: 'mine', mode: 'async', path: '/x?y=1', timeout_ms: 8000, deadline_ms: 9000 },
      ...{ max_retries: 1, replay_of: null, response_body: null, payload: null, attempts: [] },
    })
    expect(task.headers).toEqual({ 'x-a': 'b' })
    expect(task.due_at).toBeCloseTo(task.created_at + 3600, 3)
  })

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
