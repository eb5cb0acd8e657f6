/** Messages of the mesh: CONTRACT, section 11, "Mesh conventions". */
import { describe, expect, test } from 'bun:test'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import {
  deadUrl,
  hang,
  json,
  reply,
  scriptedServer,
  sequenceServer,
} from '../support/scripted-server.ts'

allowRealTime()

const NOW = '2026-01-01T00:00:00.000000Z'
const SEND = '/orchestrator/send'

describe.each(['/message', '/orchestrator/message'])('POST %s', (path) => {
  const message = {
    trace_id: 't-1',
    source: 'dashboard',
    target: 'orchestrator',
    message_type: 'event',
    payload: { password: 'secret' },
    timestamp: NOW,
  }

  test.each([
    ['status', 'success'],
    ['event', 'success'],
    ['query', 'success'],
    ['command', 'error'],
  ])('a %s is acknowledged: %s', async (message_type, result) => {
    await using service = await startOrchestrator()
    const { status, json: receipt } = await service.post(path, { ...message, message_type })
    expect([status, receipt]).toEqual([
      200,
      { received: true, trace_id: 't-1', processed_at: NOW, result },
    ])
  })

  test('is logged with its ids, and without its payload', async () => {
    await using service = await startOrchestrator()
    await service.post(path, message, { 'x-request-id': 'r-1' })
    const line = service.log.lines.find(({ msg }) => msg === 'message')
    expect(line).toMatchObject({
      level: 'INFO',
      fields: {
        request_id: 'r-1',
        trace_id: 't-1',
        source: 'dashboard',
        message_type: 'event',
        result: 'success',
      },
    })
    expect(JSON.stringify(service.log.lines)).not.toContain('secret')
  })

  test('needs no more than a type', async () => {
    await using service = await startOrchestrator()
    const ids = { 'x-request-id': 'r-1' }
    const least = await service.post(path, { message_type: 'status' }, ids)
    expect([least.status, least.json.trace_id]).toEqual([200, 'r-1'])
    for (const other of [
      { ...message, trace_id: null, source: null, target: null, payload: null, timestamp: null },
      { ...message, source: 7, target: 10, timestamp: 1_764_000_000.5, udc_version: '1.0' },
      { ...message, payload: [1] },
    ]) {
      expect((await service.post(path, other)).status).toBe(200)
    }
  })

  test.each([
    [{ ...message, message_type: 'gossip' }, '/message_type'],
    [{ ...message, message_type: undefined }, '/message_type'],
    [{ ...message, trace_id: 5 }, '/trace_id'],
    [{ ...message, trace_id: 'x'.repeat(256) }, '/trace_id'],
    [{ ...message, source: {} }, '/source'],
    [{ ...message, source: 'x'.repeat(256) }, '/source'],
    [{ ...message, timestamp: [] }, '/timestamp'],
    [[], ''],
    ['text', ''],
    [null, ''],
  ])('%j is not a message', async (body, at) => {
    await using service = await startOrchestrator()
    const { status, json: refused } = await service.post(path, body)
    expect([status, refused.error.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(refused.error.details.errors).toContainEqual({ path: at, message: expect.any(String) })
    expect(service.log.lines.filter(({ msg }) => msg === 'message')).toEqual([])
  })

  test('what is wrong is said in words', async () => {
    await using service = await startOrchestrator()
    const wrong = { message_type: 'gossip', trace_id: 5, source: {}, timestamp: [] }
    const { json: refused } = await service.post(path, wrong)
    expect(refused.error.details.errors).toEqual([
      { path: '/trace_id', message: 'must be a string of 1 to 255 characters' },
      {
        path: '/source',
        message: 'must be a string of 1 to 255 characters, a whole number, or null',
      },
      { path: '/message_type', message: 'must be one of status, event, command, query' },
      { path: '/timestamp', message: 'must be a string, a number, or null' },
    ])
  })

  test('no other body is read', async () => {
    await using service = await startOrchestrator({ config: { maxBodyBytes: 100 } })
    const post = async (body: string, type: string) =>
      (await service.call('POST', path, { body, headers: { 'content-type': type } })).status
    expect(await post('{"message_type":"event"', 'application/json')).toBe(400)
    expect(await post('{"message_type":"event"}', 'text/plain')).toBe(415)
    expect(await post(JSON.stringify(message), 'application/json')).toBe(413)
    expect(await post('{"message_type":"event"}', 'application/udc+json')).toBe(200)
  })
})

describe('POST /orchestrator/send', () => {
  test("delivers a task to the target's /message, and answers with its answer", async () => {
    const receipt = { received: true, trace_id: 'r-1', processed_at: NOW, result: 'queued' }
    await using upstream = scriptedServer(json(receipt))
    await using service = await startOrchestrator({ mesh: { Echo: `${upstream.url}/base` } })
    const payload = { hello: ['world', null] }
    const body = { target: 'echo', message_type: 'query', payload, priority: 'high' }
    const sent = await service.post(SEND, body, { 'x-request-id': 'r-1' })
    expect([sent.status, sent.json]).toEqual([
      200,
      { sent: true, trace_id: 'r-1', target: 'echo', timestamp: NOW, result: receipt },
    ])
    expect(upstream.calls).toEqual(['POST /base/message'])
    const [{ headers, body: message } = { headers: {}, body: '' }] = upstream.requests
    expect(headers).toMatchObject({ 'content-type': 'application/json', 'x-request-id': 'r-1' })
    expect(JSON.parse(message)).toEqual({
      trace_id: 'r-1',
      source: 'orchestrator',
      target: 'echo',
      message_type: 'query',
      payload,
      timestamp: NOW,
    })
    const task = await service.task(sent.headers.get('x-task-id')!)
    expect(task).toMatchObject({ droplet_name: 'Echo', method: 'POST', status: 'success' })
  })

  test('the payload goes as it was written', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const payload = '{"b":7615917337495251231,"a":1e400,"b":-0,"__proto__":[1.10]}'
    const body = `{"message_type":"event", "payload": ${payload}, "target":"echo"}`
    const headers = { 'content-type': 'application/json' }
    expect((await service.call('POST', SEND, { body, headers })).json.sent).toBe(true)
    expect(upstream.requests[0]!.body).toContain(`"payload":${payload},`)
  })

  test('without a payload, and with an empty answer', async () => {
    await using upstream = scriptedServer(reply({ status: 204 }))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const sent = await service.post(SEND, { target: 'echo', message_type: 'status' })
    expect(sent.json).toMatchObject({ sent: true, result: null })
    expect(sent.json.trace_id).toBe(sent.headers.get('x-request-id'))
    expect(JSON.parse(upstream.requests[0]!.body)).toMatchObject({ payload: null })
  })

  test.each([
    [0, 1],
    [2, 3],
    [99, 11],
    [-5, 1],
    [null, 4],
    [undefined, 4],
  ])('with retry_count %p it is sent %d times at most', async (retry_count, requests) => {
    await using upstream = scriptedServer(json({ busy: true }, 503))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const sending = service.post(SEND, { target: 'echo', message_type: 'event', retry_count })
    const { status, headers, json: told } = await service.skipWaits(sending)
    expect([status, told.sent]).toEqual([200, false])
    expect(upstream.requests).toHaveLength(requests)
    expect(told.result).toMatchObject({
      task_id: headers.get('x-task-id'),
      status: 'error',
      response_status: 503,
      response_body: { busy: true },
      retry_count: requests - 1,
    })
  })

  test('is sent again when the first try fails', async () => {
    await using upstream = sequenceServer(json(1, 500), json({ received: true }))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const sending = service.post(SEND, { target: 'echo', message_type: 'event' })
    expect((await service.skipWaits(sending)).json).toMatchObject({
      sent: true,
      result: { received: true },
    })
  })

  test('a target that has no /message', async () => {
    await using upstream = scriptedServer(json({ detail: 'Not Found' }, 404))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { status, json: told } = await service.post(SEND, {
      target: 'echo',
      message_type: 'event',
    })
    expect([status, told.sent, told.result.response_status]).toEqual([200, false, 404])
  })

  test('an answer that is too large was an answer', async () => {
    await using upstream = scriptedServer(json('x'.repeat(2000)))
    const config = { task: { maxResponseBytes: 1000 } }
    await using service = await startOrchestrator({ mesh: { echo: upstream.url }, config })
    const { json: told } = await service.post(SEND, { target: 'echo', message_type: 'event' })
    expect(told).toMatchObject({ sent: true, result: { _truncated: true } })
  })

  test('what cannot be delivered is 200 too, and says why', async () => {
    await using silent = scriptedServer(hang)
    const mesh = {
      dead: await deadUrl(),
      off: { endpoint: silent.url, status: 'inactive' },
      silent: silent.url,
    }
    await using service = await startOrchestrator({ mesh })
    const send = (target: string) =>
      service.post(SEND, { target, message_type: 'event', retry_count: 0 })
    for (const [target, code] of [
      ['nobody', 'DROPLET_NOT_FOUND'],
      ['dead', 'DROPLET_UNREACHABLE'],
      ['off', 'DROPLET_UNREACHABLE'],
    ] as const) {
      const { status, headers, json: told } = await send(target)
      expect([target, status, told.sent]).toEqual([target, 200, false])
      expect(told.result).toMatchObject({ status: 'error', error: { code } })
      expect(told.result.error.details.task_id ?? null).toBe(headers.get('x-task-id'))
    }
    const timingOut = send('silent')
    await silent.received(1)
    await service.passTime(timingOut, 5000)
    expect((await timingOut).json).toMatchObject({
      sent: false,
      result: { error: { code: 'TIMEOUT' } },
    })
  })

  test('without a list of droplets', async () => {
    const url = await deadUrl()
    await using lost = await startOrchestrator({ config: { registry: { url } } })
    const { status, json: told } = await lost.post(SEND, { target: 'echo', message_type: 'event' })
    expect([status, told.sent, told.result.error.code]).toEqual([200, false, 'REGISTRY_ERROR'])
  })

  test('while it drains', async () => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const body = { target: 'echo', message_type: 'event' }
    const running = service.post(SEND, body)
    await upstream.received(1)
    const stopping = service.beginStop()
    await eventually('draining', () => service.engine.tasks.draining)
    for (const sending of [service.post(SEND, body), running]) {
      const { status, json: told } = await service.passTime(sending, 100)
      expect([status, told.sent, told.result.error.code]).toEqual([200, false, 'SHUTTING_DOWN'])
    }
    await service.passTime(stopping, 100)
  })

  test.each([
    [{ message_type: 'event' }, '/target'],
    [{ target: '', message_type: 'event' }, '/target'],
    [{ target: 'echo' }, '/message_type'],
    [{ target: 'echo', message_type: 'shout' }, '/message_type'],
    [{ target: 'echo', message_type: 'event', retry_count: 1.5 }, '/retry_count'],
    [{ target: 'echo', message_type: 'event', retry_count: '3' }, '/retry_count'],
    [{ target: 'echo', message_type: 'event', priority: {} }, '/priority'],
    [7, ''],
  ])('%j is malformed', async (body, at) => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { status, json: refused } = await service.post(SEND, body)
    expect([status, refused.error.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(refused.error.details.errors).toContainEqual({ path: at, message: expect.any(String) })
    expect(upstream.requests).toHaveLength(0)
  })

  test('is not at the root', async () => {
    await using service = await startOrchestrator()
    expect((await service.post('/send', { target: 'a', message_type: 'event' })).status).toBe(404)
  })
})
