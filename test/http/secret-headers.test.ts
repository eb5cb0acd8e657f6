/** CONTRACT, section 10: secret headers, as callers see them. The files: store/secrets.test.ts. */
import { expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TASKS = '/orchestrator/tasks'
const asked = { headers: { Authorization: 'PLANTED', 'X-API-Key': 'PLANTED', 'X-A': 'a' } }

const errorsOf = ({ json }: { json: { error: { details: { errors: object[] } } } }) =>
  json.error.details.errors

test.each([{}, ASYNC])('no route returns them, nor a Set-Cookie (%p)', async (prefer) => {
  const cookie = { 'set-cookie': 'session=PLANTED' }
  await using upstream = scriptedServer(json({ fine: true }, 200, cookie))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const submitted = await service.submit(asked, { ...prefer, 'Idempotency-Key': 'k' })
  const { task_id } = submitted.json
  await service.task(task_id, ({ status }) => status === 'success')
  expect(upstream.requests[0]!.headers).toMatchObject({
    ...{ authorization: 'PLANTED', 'x-api-key': 'PLANTED', 'x-a': 'a' },
  })
  const one = await service.get(`${TASKS}/${task_id}`)
  expect(one.json.headers).toEqual({ 'x-a': 'a' })
  expect(one.json.secret_headers).toEqual(['authorization', 'x-api-key'])
  const repeated = await service.submit(asked, { 'Idempotency-Key': 'k' })
  expect(repeated.json.response_body).toEqual({ fine: true })
  for (const { text, headers } of [submitted, one, repeated, await service.get(TASKS)]) {
    expect(text).not.toContain('PLANTED')
    expect(JSON.stringify(headers)).not.toContain('PLANTED')
    expect(headers.has('set-cookie')).toBe(false)
  }
})

test('a refusal names the header and not its value', async () => {
  await using service = await startOrchestrator()
  for (const headers of [
    { Authorization: 'PLANTED\n' },
    { Cookie: 'PLANTED', cookie: 'PLANTED' },
    { 'X-Api-Key': ['PLANTED'] },
    { 'Proxy-Authorization': 'PLANTED' },
  ]) {
    const reply = await service.submit({ headers })
    expect(reply.status).toBe(400)
    expect(errorsOf(reply)).toMatchObject([
      { path: expect.stringContaining(`/headers/${Object.keys(headers).at(-1)}`) },
    ])
    expect(reply.text).not.toContain('PLANTED')
  }
})

async function withTask(
  work: (
    replay: (
      body?: unknown,
      headers?: Record<string, string>,
    ) => ReturnType<TestOrchestrator['post']>,
    upstream: ReturnType<typeof scriptedServer>,
  ) => Promise<void>,
): Promise<void> {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: done } = await service.submit(asked)
  const path = `${TASKS}/${done.task_id}/replay`
  await work((body, headers) => service.post(path, body, headers), upstream)
}

const latest = ({ requests }: ReturnType<typeof scriptedServer>) => requests.at(-1)!.headers

test('a replay needs them again, and names those that it lacks', () =>
  withTask(async (replay, upstream) => {
    const message = 'is needed again: values of secret headers are not kept'
    const first = { path: '/headers/authorization', message }
    const second = { path: '/headers/x-api-key', message }
    for (const body of [undefined, {}, { headers: null }, { headers: {} }, { other: 1 }]) {
      const reply = await replay(body)
      expect([reply.status, errorsOf(reply)]).toEqual([400, [first, second]])
    }
    expect(errorsOf(await replay({ headers: { authorization: 'new' } }))).toEqual([second])
    expect(upstream.requests).toHaveLength(1)

    const headers = { AUTHORIZATION: 'new', 'x-api-key': 'newer' }
    const again = await replay({ headers })
    expect(again.status).toBe(200)
    expect(latest(upstream)).toMatchObject({
      authorization: 'new',
      'x-api-key': 'newer',
      'x-a': 'a',
    })
  }))

test("a replay's headers come over those of the task, and are checked like them", () =>
  withTask(async (replay, upstream) => {
    const headers = { authorization: 'new', 'x-api-key': 'new', 'x-a': 'b', cookie: 'c' }
    expect((await replay({ headers }, ASYNC)).status).toBe(202)
    await upstream.received(2)
    expect(latest(upstream)).toMatchObject({ ...headers, 'x-a': 'b' })
    for (const [wrong, path] of [
      [{ host: 'x' }, '/headers/host'],
      [{ authorization: 'é\u0100' }, '/headers/authorization'],
      [{ authorization: 1 }, '/headers/authorization'],
      [{ 'x-orchestrator-hops': '0' }, '/headers/x-orchestrator-hops'],
    ] as const) {
      expect(errorsOf(await replay({ headers: { ...headers, ...wrong } }))).toMatchObject([
        { path },
      ])
    }
    for (const body of [[], 'text', 7, { headers: 'x' }]) {
      expect((await replay(body)).status).toBe(400)
    }
    expect(upstream.requests).toHaveLength(2)
  }))

test('a replay of a task without them needs no body, whatever its content type', async () => {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: done } = await service.submit({ headers: { 'x-a': 'a' } })
  const path = `${TASKS}/${done.task_id}/replay`
  for (const type of ['text/plain', 'application/json', 'application/octet-stream']) {
    const headers = { 'content-type': type }
    expect((await service.call('POST', path, { headers })).status).toBe(200)
    expect((await service.call('POST', path, { headers, body: '' })).status).toBe(200)
    const body = new ReadableStream({ start: (controller) => controller.close() })
    expect((await service.call('POST', path, { headers, body })).status).toBe(200)
  }
})

test('a replay with an Idempotency-Key is the same, whatever their values', () =>
  withTask(async (replay, upstream) => {
    const key = { 'Idempotency-Key': 'k' }
    const body = (value: string) => ({ headers: { authorization: value, 'x-api-key': value } })
    const first = await replay(body('a'), key)
    const second = await replay(body('b'), key)
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(second.json).toEqual(first.json)
    expect((await replay({ headers: { ...body('a').headers, 'x-a': 'b' } }, key)).status).toBe(422)
    expect(upstream.requests).toHaveLength(2)
  }))
