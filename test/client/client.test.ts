/** The API's client: what it sends, and what it makes of replies that are none. */
import { describe, expect, test } from 'bun:test'
import { ApiError, Unreachable } from '../../src/client/api-error.ts'
import { OrchestratorClient, submitHeaders } from '../../src/client/client.ts'
import { allowRealTime } from '../support/eventually.ts'
import {
  deadUrl,
  hang,
  html,
  json,
  reply,
  resetMidBody,
  scriptedServer,
  truncated,
  type Answer,
} from '../support/scripted-server.ts'

allowRealTime()

const clientOf = (url: string, token: string | null = null) =>
  new OrchestratorClient({ url: `${url}/orchestrator`, token, fetch })

const failure = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => null,
    (error: unknown) => error,
  )

test('sends a payload as it was written, with what belongs to a submission', async () => {
  await using server = scriptedServer(json({ task_id: 'x' }))
  const client = clientOf(server.url, 'secret')
  const body = '{"payload":1.10}'
  const headers = submitHeaders({ prefer: 'wait=5', idempotencyKey: 'k', requestId: 'r' })
  await client.send('/tasks', { method: 'POST', body, headers })
  const [request] = server.requests
  expect(request).toMatchObject({ method: 'POST', url: '/orchestrator/tasks', body })
  expect(request!.headers).toMatchObject({
    authorization: 'Bearer secret',
    'content-type': 'application/json',
    prefer: 'wait=5',
    'idempotency-key': 'k',
    'x-request-id': 'r',
  })
  await client.cancel('a/b')
  expect(server.calls[1]).toBe('POST /orchestrator/tasks/a%2Fb/cancel')
  expect(server.requests[1]!.headers).not.toHaveProperty('content-type')
})

test('leaves out of a query what is not told', async () => {
  await using server = scriptedServer(json({}))
  await clientOf(server.url).tasks({
    status: '',
    limit: undefined,
    mode: 'sync',
    droplet_name: 'ü&',
  })
  expect(server.calls).toEqual(['GET /orchestrator/tasks?mode=sync&droplet_name=%C3%BC%26'])
})

test('gives texts as they came', async () => {
  await using server = scriptedServer(
    reply({ headers: { 'content-type': 'application/JSON; charset=utf-8' }, body: '{"n":1.0}' }),
  )
  expect(await clientOf(server.url).text('/metrics')).toBe('{"n":1.0}')
  expect(await clientOf(server.url).send('/x', { method: 'POST' })).toBe('{"n":1.0}')
})

describe('rejects', () => {
  test.each([
    ['a connection that breaks in the body', resetMidBody],
    ['a body that is cut short', truncated],
  ])('with Unreachable: %s', async (_, answer) => {
    await using server = scriptedServer(answer)
    const error = await failure(clientOf(server.url).info())
    expect(error).toBeInstanceOf(Unreachable)
    expect((error as Unreachable).url).toBe(`${server.url}/orchestrator`)
  })

  test('with Unreachable where nobody listens', async () => {
    expect(await failure(clientOf(await deadUrl()).info())).toBeInstanceOf(Unreachable)
  })

  test('with what the service says, whole', async () => {
    const body = {
      status: 'error',
      error: { code: 'OVERLOADED', message: 'Full', details: { a: 1 } },
    }
    await using server = scriptedServer(json(body, 503, { 'retry-after': '5' }))
    expect(await failure(clientOf(server.url).info())).toMatchObject({
      status: 503,
      code: 'OVERLOADED',
      message: 'Full',
      details: { a: 1 },
      retryAfterSeconds: 5,
      body: JSON.stringify(body),
    })
  })

  test.each([
    [html(502), 'HTTP_502'],
    [html(200), 'HTTP_200'],
    [reply({ body: '' }), 'HTTP_200'],
    [json(null), 'HTTP_200'],
    [json([]), 'HTTP_200'],
  ])('with an error without a body when it was not the service', async (answer, code) => {
    await using server = scriptedServer(answer)
    const client = clientOf(server.url)
    for (const asked of [client.info(), client.text('/tasks'), client.cancel('x')]) {
      const error = await failure(asked)
      expect(error).toBeInstanceOf(ApiError)
      expect(error).toMatchObject({ code, body: null })
    }
  })

  test('nothing in another form than JSON, where that is asked for', async () => {
    await using server = scriptedServer(
      reply({ headers: { 'content-type': 'text/plain' }, body: '# EOF' }),
    )
    expect(await clientOf(server.url).text('/metrics', {}, 'text/plain')).toBe('# EOF')
  })

  test('with Unreachable when a read takes too long, and waits for what it writes', async () => {
    await using server = scriptedServer(hang)
    const url = `${server.url}/orchestrator`
    const readLimit = () => AbortSignal.timeout(1)
    const client = new OrchestratorClient({ url, token: null, fetch, readLimit })
    const written = client.cancel('x')
    expect(await failure(client.info())).toBeInstanceOf(Unreachable)
    expect(await failure(client.info(new AbortController().signal))).toBeInstanceOf(Unreachable)
    expect(await Promise.race([written, 'it waits'])).toBe('it waits')
    await server.stop()
    expect(await failure(written)).toBeInstanceOf(Unreachable)
  })

  test('as its signal was aborted', async () => {
    await using server = scriptedServer(hang)
    const controller = new AbortController()
    const asked = failure(clientOf(server.url).info(controller.signal))
    await server.received(1)
    controller.abort(new Error('enough'))
    expect(await asked).toMatchObject({ message: 'enough' })
  })
})

describe('events', () => {
  test('of something else are none', async () => {
    await using server = scriptedServer(html())
    let isOpen = false
    const events = clientOf(server.url).events({}, undefined, null, () => (isOpen = true))
    expect(await failure(events.next())).toMatchObject({ status: 200, code: 'HTTP_200' })
    expect(isOpen).toBe(false)
  })

  const stream = (text: string, headers: Record<string, string> = {}) =>
    reply({ headers: { 'content-type': 'text/event-stream', ...headers }, body: text })

  test('come with their ids, once it is told that the stream is open', async () => {
    await using server = scriptedServer(
      stream('id: 7\nevent: reset\ndata: {"reason":"r"}\n\nevent: task\ndata: {}\n\n'),
    )
    const told: unknown[] = []
    const events = clientOf(server.url).events({ kinds: 'task' }, undefined, '6', () =>
      told.push('open'),
    )
    for await (const event of events) told.push(event)
    expect(told).toEqual([
      'open',
      { type: 'reset', id: '7', data: { reason: 'r' } },
      { type: 'task', id: null, data: {} },
    ])
    const [request] = server.requests
    expect(request!.url).toBe('/orchestrator/events?kinds=task')
    expect(request!.headers['last-event-id']).toBe('6')
  })

  test('end with Unreachable when the connection breaks', async () => {
    const brokenOff: Answer = async (wire) => {
      await stream('id: 7\n', { 'content-length': '1000' })(wire)
      wire.end()
    }
    await using server = scriptedServer(brokenOff)
    const error = await failure(Array.fromAsync(clientOf(server.url).events()))
    expect(error).toBeInstanceOf(Unreachable)
  })
})
