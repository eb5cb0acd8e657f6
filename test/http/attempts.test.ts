import { describe, expect, test } from 'bun:test'
import { gzipSync } from 'node:zlib'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import {
  deadUrl,
  hang,
  hangAfterHeaders,
  json,
  malformed,
  reply,
  reset,
  resetMidBody,
  scriptedServer,
  trickle,
  truncated,
  type Answer,
} from '../support/scripted-server.ts'

allowRealTime()

/** Runs a task against these answers and skips its waits; the last answer is repeated. */
async function tried(answers: Answer[], body: object = {}) {
  await using upstream = scriptedServer()
  upstream.script(...answers)
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const reply = await service.skipWaits(service.submit(body))
  const id = reply.json.task_id ?? reply.json.error.details.task_id
  return {
    ...reply,
    upstream,
    stored: await service.task(id),
    slept: [...service.clock.slept],
    metrics: (await service.get('/orchestrator/metrics')).json,
    id,
  }
}

const fine = json({ fine: true })
const gzipped = (body: Uint8Array) => reply({ headers: { 'content-encoding': 'gzip' }, body })

describe('tried again', () => {
  test.each<[string, Answer]>([
    ['a reset', reset],
    ['a reset in the middle of the body', resetMidBody],
    ['a truncated body', truncated],
    ['what is not HTTP', malformed],
    ['a body that is not coded as it says', gzipped(Buffer.from('{"plain":1}'))],
    ['a coded body that ends too early', gzipped(gzipSync('{"fine":true}').subarray(0, -3))],
    ['500', reply({ status: 500 })],
    ['503', reply({ status: 503 })],
    ['599', reply({ status: 599 })],
  ])('after %s', async (_, failure) => {
    const { json, upstream, slept, stored, id } = await tried([failure, failure, fine], {
      method: 'POST',
    })
    expect(json).toMatchObject({ status: 'success', retry_count: 2, response_body: { fine: true } })
    expect(slept).toEqual([1000, 2000])
    expect(upstream.requests.map(({ headers }) => headers['x-attempt'])).toEqual(['1', '2', '3'])
    expect(new Set(upstream.requests.map(({ headers }) => headers['idempotency-key']))).toEqual(
      new Set([id]),
    )
    expect(stored.attempts.map((each: { attempt: number }) => each.attempt)).toEqual([1, 2, 3])
    expect(stored.attempts[0].error).toBeString()
    expect(stored.attempts[2]).toMatchObject({ response_status: 200, error: null })
    expect(stored.error_message).toBeNull()
  })

  test('a coded body is decoded, and none is asked for', async () => {
    const { json, upstream } = await tried([gzipped(gzipSync('{"fine":true}'))])
    expect(json).toMatchObject({ status: 'success', response_body: { fine: true } })
    expect(upstream.requests[0]!.headers).not.toHaveProperty('accept-encoding')
  })

  test('a body in a coding that is not known is an answer all the same', async () => {
    const body = Buffer.from([0x1f, 0x9d, 0x90, 0xff])
    const { json } = await tried([reply({ headers: { 'content-encoding': 'compress' }, body })])
    expect(json).toMatchObject({ status: 'success', retry_count: 0 })
    expect(json.response_body).toEqual({
      _binary: true,
      _content_type: null,
      _content_encoding: 'compress',
      _base64: body.toString('base64'),
    })
  })

  test('a GET is resent by us alone', async () => {
    const { upstream } = await tried([reset, fine])
    expect(upstream.requests.map(({ headers }) => headers['x-attempt'])).toEqual(['1', '2'])
  })

  test('four times in all by default, after 1, 2 and 4 s', async () => {
    const { status, json, upstream, slept, stored } = await tried([
      reply({ status: 502, body: '"first"' }),
      reply({ status: 500, body: '"last"' }),
    ])
    expect(status).toBe(200)
    expect(json).toMatchObject({
      status: 'error',
      response_status: 500,
      response_body: 'last',
      retry_count: 3,
      duration_ms: 7000,
    })
    expect(upstream.requests).toHaveLength(4)
    expect(slept).toEqual([1000, 2000, 4000])
    expect(stored).toMatchObject({ status: 'error', error_message: 'HTTP 500', retry_count: 3 })
  })

  test.each([0, 1, 10])('%p times when max_retries says so', async (max_retries) => {
    const { upstream, slept } = await tried([reply({ status: 500 })], { max_retries })
    expect(upstream.requests).toHaveLength(max_retries + 1)
    expect(slept.map((ms) => ms / 1000)).toEqual(
      [1, 2, 4, 8, 16, 32, 60, 60, 60, 60].slice(0, max_retries),
    )
  })
})

describe('never answered', () => {
  test('refused: 503 DROPLET_UNREACHABLE with all there is to say', async () => {
    const url = await deadUrl()
    await using service = await startOrchestrator({ mesh: { Echo: url } })
    const { status, json } = await service.skipWaits(service.submit({ path: '/x' }))
    expect([status, json.error.code]).toEqual([503, 'DROPLET_UNREACHABLE'])
    expect(json.error.details).toEqual({
      task_id: expect.any(String),
      droplet_name: 'Echo',
      target_url: `${url}/x`,
      retry_count: 3,
      last_error: expect.stringMatching(/refused|connect/i),
      total_duration_ms: 7000,
    })
    expect(service.clock.slept).toEqual([1000, 2000, 4000])
    expect(await service.task(json.error.details.task_id)).toMatchObject({
      status: 'error',
      response_status: null,
      retry_count: 3,
    })
  })

  // Not a host name that does not exist: a resolver takes seconds to report that.
  test('a droplet that speaks no TLS', async () => {
    await using upstream = Bun.serve({
      port: 0,
      hostname: '127.0.0.1',
      fetch: () => new Response(),
    })
    const mesh = { echo: `https://127.0.0.1:${upstream.port}` }
    await using service = await startOrchestrator({ mesh })
    const { status, json } = await service.skipWaits(service.submit({ max_retries: 1 }))
    expect([status, json.error.code]).toEqual([503, 'DROPLET_UNREACHABLE'])
    expect(json.error.details.retry_count).toBe(1)
  })

  test.each<[string, Answer]>([
    ['at all', hang],
    ['beyond its headers', hangAfterHeaders],
    ['beyond an endless header', trickle()],
  ])('no answer %s in time: 504 TIMEOUT', async (_, answer) => {
    await using upstream = scriptedServer(answer)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const submitted = service.submit({ timeout_ms: 400, max_retries: 1 })
    await upstream.received(1)
    await service.clock.advance(399)
    expect(upstream.connections).toBe(1)
    await service.clock.advance(1)
    await service.clock.settle(() => service.clock.slept.length === 1)
    await service.clock.advance(1000)
    await upstream.received(2)
    const { status, json } = await service.passTime(submitted)
    expect([status, json.error.code]).toEqual([504, 'TIMEOUT'])
    expect(json.error.details).toMatchObject({ retry_count: 1, last_error: expect.any(String) })
    expect(await service.task(json.error.details.task_id)).toMatchObject({ status: 'timeout' })
    await service.clock.settle(() => upstream.connections === 0)
  })

  test('TASK_TIMEOUT is the default limit', async () => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({
      mesh: { echo: upstream.url },
      config: { task: { timeoutMs: 5000, maxRetries: 0 } },
    })
    const submitted = service.submit()
    await upstream.received(1)
    await service.clock.advance(4999)
    expect(upstream.connections).toBe(1)
    await service.clock.advance(1)
    expect((await submitted).json.error.code).toBe('TIMEOUT')
  })

  test('but once, counts as answered, with that answer', async () => {
    const last = await tried([reply({ status: 500, body: '"so what"' }), reset], { max_retries: 1 })
    expect(last.status).toBe(200)
    expect(last.json).toMatchObject({
      status: 'error',
      response_status: 500,
      response_body: 'so what',
      retry_count: 1,
    })
  })
})

describe('Retry-After', () => {
  const asking = (value: string, status = 503) =>
    reply({ status, headers: { 'retry-after': value } })

  test.each([
    ['7', 7000],
    ['0', 1000],
    ['1', 1000],
    ['3600', 60_000],
    ['Thu, 01 Jan 2026 00:00:20 GMT', 20_000],
    ['Thu, 01 Jan 2025 00:00:00 GMT', 1000],
    ['soon', 1000],
  ])('%j makes the wait %p ms', async (value, wait) => {
    expect((await tried([asking(value), fine])).slept).toEqual([wait])
  })

  test('is for 503 only', async () => {
    expect((await tried([asking('7', 500), fine])).slept).toEqual([1000])
  })
})

describe('deadline_ms', () => {
  test('that the next wait would pass ends the task at once', async () => {
    const { json, slept, upstream } = await tried([reply({ status: 500 })], { deadline_ms: 3000 })
    expect(slept).toEqual([1000])
    expect(upstream.requests).toHaveLength(2)
    expect(json).toMatchObject({ status: 'error', response_status: 500, duration_ms: 1000 })
  })

  test('cuts an attempt short', async () => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const submitted = service.submit({ deadline_ms: 300 })
    await upstream.received(1)
    await service.clock.advance(300)
    const { status, json } = await submitted
    expect([status, json.error.code]).toEqual([504, 'TIMEOUT'])
    expect(json.error.details).toMatchObject({ retry_count: 0, total_duration_ms: 300 })
  })
})

describe('a caller who leaves', () => {
  test('does not stop the task', async () => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const caller = new AbortController()
    const body = JSON.stringify({ droplet_name: 'echo', path: '/', max_retries: 2 })
    const left = fetch(`${service.url}/orchestrator/tasks`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
      signal: caller.signal,
    }).catch((error: Error) => error.name)
    await upstream.received(1)
    caller.abort()
    expect(await left).toBe('AbortError')
    upstream.script(reply({ status: 500 }), fine)
    await service.clock.advance(30_000)
    await service.clock.settle(() => service.clock.slept.length === 1)
    await service.clock.advance(1000)
    await service.clock.settle(() => service.clock.slept.length === 2)
    await service.clock.advance(2000)
    const { tasks } = (await service.get('/orchestrator/tasks')).json
    expect(await service.task(tasks[0].id, (task) => task.completed_at !== null)).toMatchObject({
      status: 'success',
      retry_count: 2,
      response_body: { fine: true },
    })
  })
})
