import { expect, test } from 'bun:test'
import { OrchestratorError } from '../../src/errors.ts'
import type { SchemaName } from '../../src/http/docs/schemas.ts'
import { errorHeaders, STATUS_OF } from '../../src/http/error-reply.ts'
import { expectShape, openApi, seen, type OpenApi, type Shown } from '../support/documented.ts'
import { allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator } from '../support/orchestrator.ts'
import { deadUrl, hang, json, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'

allowRealTime()

test('the page and all that it loads come from the service itself', async () => {
  await using service = await startOrchestrator()
  const page = await service.call('GET', '/orchestrator/docs')
  expect(page.headers.get('content-type')).toBe('text/html; charset=utf-8')
  const links = [...page.text.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, link]) => link!)
  const loaded = links.filter((link) => !link.startsWith('data:'))
  expect(loaded).toHaveLength(3)
  for (const link of loaded) {
    expect(link).toMatch(/^\/orchestrator\/docs\//)
    const { status, headers, text } = await service.call('GET', link)
    expect([link, status]).toEqual([link, 200])
    expect(headers.get('content-type')).toMatch(/^text\/(javascript|css); charset=utf-8$/)
    expect(text.length).toBeGreaterThan(100)
    // Styles could load fonts from elsewhere.
    if (link.endsWith('.css')) expect(text).not.toMatch(/url\(["']?(https?:)?\/\//)
  }
  expect(page.text).not.toMatch(/https?:\/\//)
  expect(page.headers.get('content-security-policy')).toContain("default-src 'self'")
  const starter = await service.call('GET', '/orchestrator/docs/start.js')
  expect(starter.text).toContain("url: '/orchestrator/docs/json'")
  expect(starter.text).toContain('validatorUrl: null')
})

test('the document that is served is the one of the routes', async () => {
  await using service = await startOrchestrator()
  const { headers, json: served } = await service.get('/orchestrator/docs/json')
  expect(headers.get('content-type')).toBe('application/json')
  expect(served).toEqual(await openApi())
})

test('what each of several nodes has of its own says so', async () => {
  const { paths, components } = await openApi()
  const { responses } = paths['/orchestrator/tasks']!.post!
  const texts = {
    limited: responses['429']!.description,
    refused: responses['503']!.description,
    events: paths['/orchestrator/events']!.get!.description,
    metrics: paths['/orchestrator/metrics']!.get!.description,
    overview: paths['/orchestrator/overview']!.get!.description,
    droplets: JSON.stringify(components.schemas.Droplets),
  }
  for (const [what, text] of Object.entries(texts)) {
    expect([what, text]).toEqual([what, expect.stringMatching(/\b(this|each) node\b|each tells/)])
  }
})

test('every example has exactly the fields of its schema', async () => {
  const { paths } = await openApi()
  const operations = Object.values(paths).flatMap((methods) => Object.values(methods))
  const bodies = operations.flatMap(({ responses, requestBody }) => [
    ...Object.values(responses),
    ...(requestBody ? [requestBody as (typeof responses)[string]] : []),
  ])
  expect(bodies.length).toBeGreaterThan(20)
  for (const { content } of bodies) {
    const [{ schema, example, examples }] = Object.values(content) as [Shown]
    const all = examples ? Object.values(examples).map(({ value }) => value) : [example]
    expect(all).not.toBeEmpty()
    for (const each of all) expectShape(schema.$ref.split('/').at(-1) as SchemaName, each)
  }
})

test('each error is shown, under its own code, with the headers that come with it', async () => {
  const { paths } = await openApi()
  const replies = Object.values(paths).flatMap((methods) =>
    Object.values(methods).flatMap(({ responses }) => Object.entries(responses)),
  )
  const shown = new Set<string>()
  for (const [status, { content, headers = {} }] of replies) {
    if (Number(status) < 400) continue
    const { schema, example, examples = { '': { value: example } } } = content['application/json']!
    if (schema.$ref.endsWith('/Readiness')) continue
    for (const [code, { value }] of Object.entries(examples)) {
      const { error } = value as { error: Pick<OrchestratorError, 'code' | 'message' | 'details'> }
      expect([code || error.code, STATUS_OF[error.code]]).toEqual([error.code, Number(status)])
      expect(error.message).not.toContain('…')
      const set = Object.keys(
        errorHeaders(new OrchestratorError(error.code, error.message, error.details)),
      )
      const documented = Object.keys(headers).map((name) => name.toLowerCase())
      expect(documented).toEqual(expect.arrayContaining(set))
      shown.add(error.code)
    }
  }
  // The routes that are not there have no description.
  const ofRoutes = Object.keys(STATUS_OF).filter(
    (code) => !['NOT_FOUND', 'METHOD_NOT_ALLOWED'].includes(code),
  )
  expect([...shown].toSorted()).toEqual(ofRoutes.toSorted())
})

test('every request may bring an X-Request-ID, and every reply has one', async () => {
  const { paths, components } = await openApi()
  expect(components).toMatchObject({
    parameters: { RequestId: { name: 'X-Request-ID', in: 'header', required: false } },
    headers: { RequestId: {} },
  })
  for (const methods of Object.values(paths)) {
    for (const { parameters, responses } of Object.values(methods)) {
      expect(parameters).toContainEqual({ $ref: '#/components/parameters/RequestId' })
      for (const { headers } of Object.values(responses)) {
        expect(headers).toMatchObject({
          'X-Request-ID': { $ref: '#/components/headers/RequestId' },
        })
      }
    }
  }
})

/** Each operation without a token, and with one that has not the scope for it. */
async function seeRefusals(paths: OpenApi['paths']): Promise<void> {
  using file = tokensFile({ reads: 'tasks:read', writes: 'tasks:write' })
  await using closed = await startOrchestrator({ config: { access: { tokensFile: file.path } } })
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const ask = (headers: Record<string, string>) =>
        closed.call(method.toUpperCase(), path.replace('{task_id}', 'x'), { headers })
      await ask({})
      for (const name of ['reads', 'writes'] as const) await ask(file.bearer(name))
    }
  }
}

test('every status that is documented can be had, and is as documented', async () => {
  await using upstream = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({
    mesh: { echo: upstream.url, dead: await deadUrl() },
    config: { task: { concurrency: 1, maxQueued: 1 }, maxBodyBytes: 1000, shutdownGraceMs: 1000 },
  })
  const tasks = '/orchestrator/tasks'
  const key = { 'idempotency-key': 'k' }
  const live = ['overview', 'events']
  for (const path of ['health', 'ready', 'info', 'metrics', 'droplets', 'tasks?limit=1', ...live]) {
    expect((await service.get(`/orchestrator/${path}`)).status).toBe(200)
  }
  expect((await service.get('/health')).status).toBe(200)
  for (const base of ['', '/orchestrator']) {
    for (const path of ['capabilities', 'state', 'dependencies']) {
      expect((await service.get(`${base}/${path}`)).status).toBe(200)
    }
  }
  expect((await service.get('/orchestrator/droplets?refresh=maybe')).status).toBe(400)
  expect((await service.get(`${tasks}?limit=0`)).status).toBe(400)
  expect((await service.get('/orchestrator/overview?span=1y')).status).toBe(400)
  expect((await service.get('/orchestrator/events?kinds=all')).status).toBe(400)

  const done = `${tasks}/${(await service.submit({}, key)).json.task_id}`
  expect((await service.submit({ path: '/other' }, key)).status).toBe(422)
  expect((await service.submit({ path: '//' })).status).toBe(400)
  expect((await service.submit({ meta: { x: 'x'.repeat(1000) } })).status).toBe(413)
  const typed = { 'content-type': 'text/plain' }
  expect((await service.call('POST', tasks, { body: 'x', headers: typed })).status).toBe(415)
  expect((await service.submit({ droplet_name: 'dead', max_retries: 0 })).status).toBe(503)
  expect((await service.get(done)).status).toBe(200)
  expect((await service.get(`${done}?wait=x`)).status).toBe(400)
  expect((await service.get(`${tasks}/none`)).status).toBe(404)
  expect((await service.post(`${tasks}/none/cancel`)).status).toBe(404)
  expect((await service.post(`${done}/cancel`)).status).toBe(409)
  expect((await service.post(`${tasks}/none/replay`)).status).toBe(404)
  expect((await service.post(`${done}/replay`)).status).toBe(200)
  const noKey = { 'idempotency-key': 'ä' }
  expect((await service.post(`${done}/replay`, undefined, noKey)).status).toBe(400)
  expect((await service.post(`${done}/replay`, undefined, key)).status).toBe(422)
  const large = { headers: { 'x-a': 'x'.repeat(1000) } }
  expect((await service.post(`${done}/replay`, large)).status).toBe(413)
  const plain = { body: 'x', headers: typed }
  expect((await service.call('POST', `${done}/replay`, plain)).status).toBe(415)
  const looped = { 'x-orchestrator-hops': '8' }
  const sent = { target: 'echo', message_type: 'event' }
  for (const [path, body] of [
    [tasks, { droplet_name: 'echo', path: '/' }],
    [`${done}/replay`, {}],
    ['/orchestrator/send', sent],
  ] as const) {
    expect((await service.post(path, body, looped)).status).toBe(508)
  }
  const again = { 'idempotency-key': 'again' }

  upstream.script(hang)
  const timingOut = service.submit({ max_retries: 0, timeout_ms: 100 })
  await upstream.received(3)
  await service.clock.advance(100)
  expect((await timingOut).status).toBe(504)
  const running = await service.post(`${done}/replay`, undefined, { ...ASYNC, ...again })
  expect(running.status).toBe(202)
  await upstream.received(4)
  expect((await service.post(`${done}/replay`, undefined, again)).status).toBe(409)
  expect((await service.submit({ path: '/x' }, { ...ASYNC, 'idempotency-key': 'q' })).status).toBe(
    202,
  )
  expect((await service.submit({ path: '/x' }, { 'idempotency-key': 'q' })).status).toBe(409)
  expect((await service.post(`${done}/replay`, undefined, ASYNC)).status).toBe(503)
  expect((await service.post(`${running.json.location}/cancel`)).status).toBe(200)
  const slow = service.post(`${done}/replay`)
  await upstream.received(5)
  await service.passTime(slow, 5000)
  expect((await slow).status).toBe(504)

  await using lost = await startOrchestrator({
    config: { registry: { url: 'file:///no.json' }, maxBodyBytes: 1000 },
  })
  for (const path of ['ready', 'droplets']) {
    expect((await lost.get(`/orchestrator/${path}`)).status).toBe(503)
  }
  const event = { target: 'echo', message_type: 'event' }
  for (const path of ['/message', '/orchestrator/message', '/orchestrator/send']) {
    expect((await lost.post(path, event)).status).toBe(200)
    expect((await lost.post(path, {})).status).toBe(400)
    expect((await lost.post(path, { ...event, payload: 'x'.repeat(1000) })).status).toBe(413)
    const headers = { 'content-type': 'text/plain' }
    expect((await lost.call('POST', path, { body: 'x', headers })).status).toBe(415)
  }

  const { paths } = await openApi()
  for (const [path, methods] of Object.entries(paths)) {
    for (const method of Object.keys(methods)) {
      const at = path.replace('{task_id}', 'x')
      const refused = await service.call(method.toUpperCase(), at, { headers: { host: 'a b' } })
      expect([method, path, refused.status]).toEqual([method, path, 400])
      const foreign = { headers: { origin: 'https://elsewhere.example' } }
      const page = await service.call(method.toUpperCase(), at, foreign)
      expect([method, path, page.json.error.code]).toEqual([method, path, 'FORBIDDEN'])
    }
  }
  await using limited = await startOrchestrator({ config: { access: { rateLimit: 1 } } })
  for (const path of ['info', 'info']) await limited.get(`/orchestrator/${path}`)
  for (const [path, methods] of Object.entries(paths)) {
    for (const [method, { responses }] of Object.entries(methods)) {
      if (!('429' in responses)) continue
      const { json: body } = await limited.call(method.toUpperCase(), path.replace('{', '%7B'))
      expect([method, path, body.error.code]).toEqual([method, path, 'RATE_LIMITED'])
    }
  }
  await seeRefusals(paths)

  const documented = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).flatMap(([method, { responses }]) =>
      Object.keys(responses).map((status) => `${method.toUpperCase()} ${path} ${status}`),
    ),
  )
  const unseen = documented.filter((each) => !each.endsWith(' 500') && !seen.has(each))
  // Only while it drains, or its disk hangs: recovery.test.ts, task-service.test.ts.
  expect(unseen).toEqual([
    'GET /orchestrator/tasks 503',
    'GET /orchestrator/tasks/{task_id} 503',
    'POST /orchestrator/tasks/{task_id}/cancel 503',
    // With 1,000 streams: live.test.ts.
    'GET /orchestrator/events 503',
  ])
})
