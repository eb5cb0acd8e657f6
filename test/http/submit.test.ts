import { describe, expect, test } from 'bun:test'
import { endless, json, reply, scriptedServer } from '../support/scripted-server.ts'
import { cpuTimeOf } from '../support/cpu-time.ts'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'

allowRealTime()

const POST = { method: 'POST' }

async function withEcho(
  work: (service: TestOrchestrator, upstream: ReturnType<typeof scriptedServer>) => Promise<void>,
  options: Parameters<typeof startOrchestrator>[0] = {},
): Promise<void> {
  await using upstream = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({ mesh: { Echo: upstream.url }, ...options })
  await work(service, upstream)
}

describe('a task that is answered', () => {
  test('is 200 with exactly the seven fields', () =>
    withEcho(async (service, upstream) => {
      const { status, json, headers } = await service.submit({ path: '/hello?q=1' })
      expect(status).toBe(200)
      expect(headers.get('content-type')).toBe('application/json')
      expect(json).toEqual({
        task_id: expect.stringMatching(/^[0-9a-f-]{36}$/),
        status: 'success',
        target_url: `${upstream.url}/hello?q=1`,
        response_status: 200,
        response_body: { fine: true },
        retry_count: 0,
        duration_ms: expect.any(Number),
      })
      expect(upstream.calls).toEqual(['GET /hello?q=1'])
    }))

  test('finds its droplet in any case, and keeps its name as the Registry spells it', () =>
    withEcho(async (service) => {
      const { json } = await service.submit({ droplet_name: 'eCHO' })
      expect((await service.task(json.task_id)).droplet_name).toBe('Echo')
    }))

  test('keeps the base path of its droplet, and never doubles a slash', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({
      mesh: { echo: `${upstream.url}/base`, slash: { url: `${upstream.url}/base/` } },
    })
    await service.submit({ path: '/x' })
    await service.submit({ droplet_name: 'slash', path: '/x' })
    expect(upstream.calls).toEqual(['GET /base/x', 'GET /base/x'])
  })

  test.each(['GET', 'POST', 'PUT', 'PATCH', 'DELETE'])('is sent as %s', (method) =>
    withEcho(async (service, upstream) => {
      expect((await service.submit({ method })).status).toBe(200)
      expect(upstream.calls).toEqual([`${method} /`])
      expect(upstream.requests[0]!.body).toBe('')
      expect(upstream.requests[0]!.headers['content-type']).toBeUndefined()
    }),
  )

  test.each([
    [{ a: [1, { b: null }] }, '{"a":[1,{"b":null}]}'],
    [{}, '{}'],
    [[], '[]'],
    [['x', 1], '["x",1]'],
    ['text', '"text"'],
    ['', '""'],
    [1.5, '1.5'],
    [0, '0'],
    [true, 'true'],
    [false, 'false'],
  ])('takes the payload %j', (payload, body) =>
    withEcho(async (service, upstream) => {
      const { json } = await service.submit({ ...POST, payload })
      expect(upstream.requests[0]!.body).toBe(body)
      expect(upstream.requests[0]!.headers['content-type']).toBe('application/json')
      expect((await service.task(json.task_id)).payload).toEqual(payload)
    }),
  )

  test.each(['get', 'Post', 'pUT'])('takes the method %s', (method) =>
    withEcho(async (service, upstream) => {
      const { json } = await service.submit({ method })
      expect(upstream.calls).toEqual([`${method.toUpperCase()} /`])
      expect((await service.task(json.task_id)).method).toBe(method.toUpperCase())
    }),
  )

  test('takes null for whatever may be left out', () =>
    withEcho(async (service, upstream) => {
      const optional = ['method', 'payload', 'meta', 'headers', 'timeout_ms', 'deadline_ms']
      const names = [...optional, 'max_retries', 'delay_seconds']
      const key = { 'idempotency-key': 'k' }
      await service.submit({}, key)
      const nulls = Object.fromEntries(names.map((name) => [name, null]))
      const { status, headers } = await service.submit(nulls, key)
      expect([status, headers.get('idempotency-replayed')]).toEqual([200, 'true'])
      expect(upstream.calls).toEqual(['GET /'])
    }))

  test('takes {} on GET for nothing', () =>
    withEcho(async (service, upstream) => {
      const { json } = await service.submit({ method: 'get', payload: {} })
      expect(upstream.requests[0]).toMatchObject({ method: 'GET', body: '' })
      expect((await service.task(json.task_id)).payload).toBeNull()
    }))

  test('sends no body for the payload null', () =>
    withEcho(async (service, upstream) => {
      await service.submit({ ...POST, payload: null })
      expect(upstream.requests[0]!.body).toBe('')
      expect((await service.submit({ method: 'GET', payload: null })).status).toBe(200)
    }))

  test('tells the droplet who, which and how often', () =>
    withEcho(async (service, upstream) => {
      const headers = {
        Authorization: 'Bearer x',
        'X-Own': 'ä',
        'content-type': 'application/vnd.own+json',
      }
      const { json } = await service.submit(
        { ...POST, payload: 1, headers, meta: { secret: 'note' } },
        { 'x-request-id': 'caller-1' },
      )
      const [received] = upstream.requests
      expect(received!.headers).toMatchObject({
        authorization: 'Bearer x',
        'content-type': 'application/vnd.own+json',
        'idempotency-key': json.task_id,
        'x-task-id': json.task_id,
        'x-attempt': '1',
        'x-request-id': 'caller-1',
      })
      expect(received!.headers['user-agent']).toMatch(/^orchestrator\/\d+\.\d+\.\d+$/)
      expect(JSON.stringify(received)).not.toContain('note')
      expect((await service.task(json.task_id)).meta).toEqual({ secret: 'note' })
    }))

  test('ignores unknown fields and parameters', () =>
    withEcho(async (service) => {
      expect((await service.submit({ priority: 'high', target: 7 })).status).toBe(200)
      const { status } = await service.post('/orchestrator/tasks?x=1', {
        droplet_name: 'echo',
        path: '/',
      })
      expect(status).toBe(200)
    }))

  test.each(['application/json; charset=utf-8', 'Application/JSON', 'application/vnd.x+json', ''])(
    'takes the content type %j',
    (type) =>
      withEcho(async (service) => {
        const body = new TextEncoder().encode(JSON.stringify({ droplet_name: 'echo', path: '/' }))
        const headers: Record<string, string> = type === '' ? {} : { 'content-type': type }
        const { status } = await service.call('POST', '/orchestrator/tasks', { body, headers })
        expect(status).toBe(200)
      }),
  )
})

describe("the droplet's answer", () => {
  const answered = async (answer: Parameters<typeof scriptedServer>[0], config = {}) => {
    await using upstream = scriptedServer(answer)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url }, config })
    const { status, json, text } = await service.submit()
    expect(status).toBe(200)
    return { ...json, text, stored: await service.task(json.task_id) }
  }

  test.each([
    ['{"n":12345678901234567890.10}', '{"n":12345678901234567890.10}'],
    ['plain text', '"plain text"'],
    ['', 'null'],
    ['null', 'null'],
    ['false', 'false'],
  ])('%j goes on as %s', async (body, expected) => {
    const { text } = await answered(reply({ body }))
    expect(text).toContain(`"response_body":${expected},`)
  })

  test('that is not UTF-8 comes as base64', async () => {
    const body = new Uint8Array([0xff, 0xfe, 0x00])
    const { response_body } = await answered(reply({ body, headers: { 'content-type': 'x/y' } }))
    expect(response_body).toEqual({ _binary: true, _content_type: 'x/y', _base64: '//4A' })
  })

  test.each([201, 204, 299])('%p is a success', async (status) => {
    expect(await answered(reply({ status }))).toMatchObject({ status: 'success' })
  })

  test.each([300, 301, 302, 304, 307, 400, 401, 404, 409, 418, 429, 499])(
    '%p is its answer: an error, not tried again',
    async (status) => {
      const headers = { location: 'http://127.0.0.1:1/elsewhere', 'retry-after': '1' }
      const result = await answered(reply({ status, headers }))
      expect(result).toMatchObject({ status: 'error', response_status: status, retry_count: 0 })
      expect(result.stored).toMatchObject({
        status: 'error',
        error_message: `HTTP ${status}`,
        attempts: [{ attempt: 1, response_status: status, error: `HTTP ${status}` }],
      })
    },
  )

  test.each([
    ['with its length', reply({ body: 'x'.repeat(3000) }), 2.93],
    ['without end', endless(), null],
  ])('that is too large (%s) is not read on', async (_, answer, size) => {
    const result = await answered(answer, { task: { maxResponseBytes: 2048 } })
    expect(result).toMatchObject({
      status: 'error',
      response_status: 200,
      retry_count: 0,
      response_body: {
        _truncated: true,
        _original_size_kb: size,
        _max_size_kb: 2,
        _message: expect.any(String),
      },
    })
  })

  test('over 10 KB is whole in the reply and the marker in the history', async () => {
    const body = JSON.stringify('x'.repeat(20_000))
    const result = await answered(reply({ body }))
    expect(result.response_body).toHaveLength(20_000)
    expect(result.stored.response_body).toMatchObject({ _truncated: true, _max_size_kb: 10 })
  })
})

describe('a body that is not valid is refused, and is no task', () => {
  const refused = async (body: object, path: string, message: string | RegExp = /./) =>
    withEcho(async (service, upstream) => {
      const { status, json } = await service.submit(body)
      expect([status, json.error.code]).toEqual([400, 'INVALID_REQUEST'])
      const fault = json.error.details.errors.find((each: { path: string }) => each.path === path)
      expect(fault?.message).toMatch(message)
      expect(upstream.calls).toEqual([])
      expect((await service.get('/orchestrator/tasks')).json.total).toBe(0)
    })

  test.each<[object, string]>([
    [{ droplet_name: undefined }, '/droplet_name'],
    [{ droplet_name: '' }, '/droplet_name'],
    [{ droplet_name: 'x'.repeat(256) }, '/droplet_name'],
    [{ droplet_name: 7 }, '/droplet_name'],
    [{ droplet_name: null }, '/droplet_name'],
    [{ method: 'HEAD' }, '/method'],
    [{ method: '' }, '/method'],
    [{ method: 'GET\n' }, '/method'],
    [{ method: ['GET'] }, '/method'],
    [{ path: null }, '/path'],
    [{ path: undefined }, '/path'],
    [{ path: '' }, '/path'],
    [{ path: `/${'x'.repeat(2048)}` }, '/path'],
    [{ path: 'x' }, '/path'],
    [{ path: '//evil.example' }, '/path'],
    [{ path: '/../x' }, '/path'],
    [{ path: '/a b' }, '/path'],
    [{ path: '/a#b' }, '/path'],
    [{ path: '/a\\b' }, '/path'],
    [{ path: ['/x'] }, '/path'],
    [{ payload: { a: 1 } }, '/payload'],
    [{ payload: false }, '/payload'],
    [{ payload: 0 }, '/payload'],
    [{ payload: '' }, '/payload'],
    [{ meta: [] }, '/meta'],
    [{ meta: 'x' }, '/meta'],
    [{ meta: 1 }, '/meta'],
    [{ payload: [] }, '/payload'],
    [{ payload: [{}] }, '/payload'],
    [{ headers: ['x'] }, '/headers'],
    [{ headers: 'x' }, '/headers'],
    [{ headers: { 'x-a': 1 } }, '/headers/x-a'],
    [{ headers: { 'x-a': null } }, '/headers/x-a'],
    [{ headers: { 'x a': 'b' } }, '/headers/x a'],
    [{ headers: { '': 'b' } }, '/headers/'],
    [{ headers: { 'x/a~': 'b' } }, '/headers/x~1a~0'],
    [{ headers: { 'x-a': 'b\r\nx-c: d' } }, '/headers/x-a'],
    [{ headers: { 'x-a': '\u0000' } }, '/headers/x-a'],
    [{ headers: { 'x-a': '😀' } }, '/headers/x-a'],
    [{ timeout_ms: 0 }, '/timeout_ms'],
    [{ timeout_ms: 600_001 }, '/timeout_ms'],
    [{ timeout_ms: 1.5 }, '/timeout_ms'],
    [{ timeout_ms: '5' }, '/timeout_ms'],
    [{ timeout_ms: true }, '/timeout_ms'],
    [{ deadline_ms: 0 }, '/deadline_ms'],
    [{ deadline_ms: 3_600_001 }, '/deadline_ms'],
    [{ max_retries: -1 }, '/max_retries'],
    [{ max_retries: 11 }, '/max_retries'],
    [{ max_retries: 1.5 }, '/max_retries'],
    [{ delay_seconds: -1 }, '/delay_seconds'],
    [{ delay_seconds: 604_801 }, '/delay_seconds'],
    [{ delay_seconds: 5 }, '/delay_seconds'],
  ])('%j', (body, path) => refused(body, path))

  test.each([
    'Connection',
    'content-length',
    'Host',
    'Keep-Alive',
    'Proxy-Authorization',
    'TE',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
    'Expect',
    'Idempotency-Key',
    'X-Task-ID',
    'x-attempt',
    'X-REQUEST-ID',
    'User-Agent',
    'traceparent',
    'Tracestate',
    'X-Orchestrator-Hops',
    'webhook-id',
    'Webhook-Anything',
  ])('the header %s', (name) => refused({ headers: { [name]: 'x' } }, `/headers/${name}`))

  test.each<[object, string, string]>([
    [{ method: 'x' }, '/method', 'must be one of GET, POST, PUT, PATCH, DELETE'],
    [{ method: 7 }, '/method', 'must be one of GET, POST, PUT, PATCH, DELETE'],
    [{ droplet_name: null }, '/droplet_name', 'must be a string of 1 to 255 characters'],
    [{ path: undefined }, '/path', 'is required'],
    [{ meta: [] }, '/meta', 'must be an object'],
    [{ headers: [] }, '/headers', 'must be an object'],
    [{ headers: { a: 1 } }, '/headers/a', 'must be a string'],
    [{ timeout_ms: 0 }, '/timeout_ms', 'must be a whole number from 1 to 600000'],
    [{ max_retries: '1' }, '/max_retries', 'must be a whole number from 0 to 10'],
    [{ delay_seconds: -1 }, '/delay_seconds', 'must be a number from 0 to 604800'],
  ])('%j: %s %s', (body, path, message) => refused(body, path, new RegExp(`^${message}$`)))

  test('every fault is told at once', () =>
    withEcho(async (service) => {
      const { json } = await service.submit({ method: 'x', path: 7, timeout_ms: 'soon' })
      const paths = json.error.details.errors.map((each: { path: string }) => each.path)
      expect(paths.sort()).toEqual(['/method', '/path', '/timeout_ms'])
    }))

  test('at the limits it is accepted', () =>
    withEcho(async (service) => {
      const body = {
        path: `/${'x'.repeat(2047)}`,
        timeout_ms: 600_000,
        deadline_ms: 3_600_000,
        max_retries: 10,
        delay_seconds: 0,
        meta: {},
        headers: {},
      }
      expect((await service.submit(body)).status).toBe(200)
      expect((await service.submit({ timeout_ms: 600_000, max_retries: 0 })).status).toBe(200)
    }))

  const nested = (levels: number) => '['.repeat(levels) + ']'.repeat(levels)
  const inPayload = (text: string) =>
    `{"droplet_name":"echo","path":"/","method":"POST","payload":${text}}`
  const inPath = (text: string) => `{"droplet_name":"echo","path":${text}}`
  const sendText = (service: TestOrchestrator, body: string) =>
    service.call('POST', '/orchestrator/tasks', {
      body,
      headers: { 'content-type': 'application/json' },
    })

  const refusedText = async (service: TestOrchestrator, body: string) => {
    const { status, json } = await sendText(service, body)
    expect([status, json.error.code]).toEqual([400, 'INVALID_REQUEST'])
  }
  /** A body in each place where `levels` of nesting can be; the last one is not closed. */
  const deepBodies = (levels: number) => {
    const deep = nested(levels)
    return [deep, inPayload(deep), inPath(deep), deep.slice(0, levels)]
  }

  test('nesting beyond measure', () =>
    withEcho(async (service, upstream) => {
      for (const levels of [1001, 10_000, 500_000]) {
        for (const body of deepBodies(levels)) await refusedText(service, body)
      }
      expect(upstream.calls).toEqual([])
    }))

  // Without a limit the service needs seconds to find and describe what is wrong in such a body.
  test('nesting beyond measure, for not much more work than a flat body of that size', () =>
    withEcho(async (service) => {
      const levels = 500_000
      const flat = inPath(`[${'[],'.repeat((2 * levels) / 3)}[]]`)
      const usual = await cpuTimeOf(() => refusedText(service, flat))
      for (const body of deepBodies(levels)) {
        const needed = await cpuTimeOf(() => refusedText(service, body))
        expect(needed / usual).toBeLessThan(10)
      }
    }))

  const manyFields = `{${Array.from({ length: 45_000 }, (_, n) => `"field${n}":${n}`).join(',')}}`

  test.each([
    ['unknown fields', `{"path":7,${manyFields.slice(1)}`],
    ['fields in meta', `{"droplet_name":"echo","path":7,"meta":${manyFields}}`],
    ['fields in a payload', `{"droplet_name":"echo","path":"/","payload":${manyFields}}`],
    ['fields where a number belongs', `{"timeout_ms":${manyFields},"method":7}`],
    ['a name as long as the body', `{"droplet_name":1,"${'x'.repeat(900_000)}":1}`],
    ['a method as long as the body', `{"method":"${'GET '.repeat(200_000)}"}`],
    ['a path as long as the body', `{"droplet_name":"echo","path":"/${'..'.repeat(400_000)}"}`],
    ['quotes and backslashes', `{"meta":7,"x":"${'\\\\\\"'.repeat(200_000)}"}`],
  ])('a megabyte of %s, for not much more work than a payload of that size', (_, body) =>
    withEcho(async (service) => {
      const harmless = inPayload(
        JSON.stringify(Array.from({ length: body.length / 6 }, () => 1234)),
      )
      const usual = await cpuTimeOf(() => sendText(service, harmless))
      const needed = await cpuTimeOf(() => refusedText(service, body))
      expect(needed / usual).toBeLessThan(10)
    }),
  )

  test('but not what only looks like it, nor as much as anybody needs', () =>
    withEcho(async (service, upstream) => {
      const payloads = [
        nested(990),
        JSON.stringify('['.repeat(5000)),
        JSON.stringify(['\\', '"[{', '['.repeat(2000), '\\"'.repeat(1500), '{'.repeat(2000)]),
        `[${'[],'.repeat(3000)}[]]`,
      ]
      for (const payload of payloads) {
        expect((await sendText(service, inPayload(payload))).status).toBe(200)
        expect(upstream.requests.at(-1)!.body).toBe(payload)
      }
    }))
})

describe('the droplet', () => {
  test('that nobody knows: another sync, then DROPLET_NOT_FOUND with the names', async () => {
    await using service = await startOrchestrator({
      mesh: { zeta: 'http://z.example', Alpha: 'http://a.example' },
    })
    const before = service.engine.registry.stats().syncsTotal
    let answered = 0
    const asked = [1, 2, 3].map(() =>
      service.submit({ droplet_name: 'no' }).finally(() => answered++),
    )
    await service.clock.settle(() => answered > 0)
    // Those that came while the first sync was in flight wait for the next one.
    await service.clock.advance(1000)
    const replies = await Promise.all(asked)
    for (const { status, json } of replies) {
      expect(status).toBe(400)
      expect(json.error).toMatchObject({
        code: 'DROPLET_NOT_FOUND',
        details: { requested_droplet: 'no', available_droplets: ['Alpha', 'zeta'] },
      })
    }
    expect(service.engine.registry.stats().syncsTotal).toBeLessThanOrEqual(before + 2)
    expect((await service.get('/orchestrator/tasks')).json.total).toBe(0)
  })

  test('that has come since the last sync is found', () =>
    withEcho(async (service, upstream) => {
      await service.relist({ fresh: upstream.url })
      expect((await service.submit({ droplet_name: 'fresh' })).status).toBe(200)
    }))

  test('at most 100 names are told', async () => {
    const names = Array.from({ length: 150 }, (_, n) => `droplet${n}`)
    const mesh = Object.fromEntries(names.map((name) => [name, 'http://a.example']))
    await using service = await startOrchestrator({ mesh })
    const { json } = await service.submit({ droplet_name: 'no' })
    expect(json.error.details.available_droplets).toEqual(names.sort().slice(0, 100))
  })

  test.each(['inactive', 'error'])('that is %s is not called', (state) =>
    withEcho(async (service, upstream) => {
      await service.relist({ echo: { endpoint: upstream.url, status: state } })
      await service.engine.registry.refresh()
      const { status, json } = await service.submit()
      expect([status, json.error.code]).toEqual([503, 'DROPLET_UNREACHABLE'])
      expect(json.error.details).toMatchObject({ droplet_name: 'echo', retry_count: 0 })
      expect(json.error.details.last_error).toContain(state)
      expect(upstream.calls).toEqual([])
      expect(await service.task(json.error.details.task_id)).toMatchObject({
        status: 'error',
        attempts: [],
      })
    }),
  )

  test('without a Registry is REGISTRY_ERROR', async () => {
    await using service = await startOrchestrator({
      config: { registry: { url: 'file:///nowhere/at/all.json' } },
    })
    const { status, json } = await service.submit()
    expect([status, json.error.code]).toEqual([503, 'REGISTRY_ERROR'])
    expect((await service.get('/orchestrator/tasks')).json.total).toBe(0)
  })
})
