/** Droplets, health, information, metrics, documents, errors: CONTRACT, sections 1, 4, 5 and 8. */
import { describe, expect, test } from 'bun:test'
import { renameSync } from 'node:fs'
import { Validator } from '@seriousme/openapi-schema-validator'
import { createOrchestrator } from '../../src/orchestrator.ts'
import { systemPorts } from '../../src/platform/system-ports.ts'
import { fileCache } from '../../src/registry/disk-cache.ts'
import { droplet } from '../registry/mesh.ts'
import { testConfig } from '../support/config.ts'
import { openApi } from '../support/documented.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { deadUrl, json, scriptedServer, sequenceServer } from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'
import { FORMATS } from '../../src/telemetry/exposition.ts'
import { STATUS_OF } from '../../src/http/error-reply.ts'

allowRealTime()

describe('droplets', () => {
  test('are listed with what tasks found out about them', async () => {
    await using upstream = scriptedServer(json(1))
    const mesh = { echo: upstream.url, gone: { endpoint: await deadUrl(), id: 'g', version: '2' } }
    await using service = await startOrchestrator({ mesh })
    await service.submit()
    await service.submit({ droplet_name: 'gone', max_retries: 0 })
    const { json: reply } = await service.get('/orchestrator/droplets')
    expect(reply).toMatchObject({ cache_status: 'active', served_from: 'registry' })
    expect(reply.droplets).toMatchObject([
      { name: 'echo', url: upstream.url, endpoint: upstream.url, reachable: true },
      { name: 'gone', id: 'g', version: '2', reachable: false },
    ])
  })

  test('?refresh=true syncs first', async () => {
    await using service = await startOrchestrator({ mesh: { one: 'http://127.0.0.1:1' } })
    await service.relist({ two: 'http://127.0.0.1:2' })
    const names = async (query: string) =>
      (await service.get(`/orchestrator/droplets${query}`)).json.droplets.map(
        ({ name }: { name: string }) => name,
      )
    expect(await names('')).toEqual(['one'])
    expect(await names('?refresh=true')).toEqual(['two'])
  })

  test('without any list: REGISTRY_ERROR, and not ready', async () => {
    const url = await deadUrl()
    await using service = await startOrchestrator({ config: { registry: { url } } })
    const droplets = await service.get('/orchestrator/droplets')
    expect([droplets.status, droplets.json.error.code]).toEqual([503, 'REGISTRY_ERROR'])
    const submitted = await service.submit()
    expect([submitted.status, submitted.json.error.code]).toEqual([503, 'REGISTRY_ERROR'])
    for (const { json: refused } of [droplets, submitted]) {
      expect(refused.error.details).toEqual({
        registry_url: url,
        last_sync: null,
        last_error: expect.stringMatching(/ECONNREFUSED/),
      })
    }
    expect((await service.get('/orchestrator/tasks')).json.total).toBe(0)
    const ready = await service.get('/orchestrator/ready')
    expect(ready.status).toBe(503)
    expect(ready.json.checks).toMatchObject({ registry: { ok: false }, store: { ok: true } })
    expect(ready.json.checks.registry.reason).toContain(`${url}: `)
    expect(ready.json.checks.registry.reason).toContain('ECONNREFUSED')
    expect((await service.get('/orchestrator/health')).status).toBe(200)
  })

  test('from a list that is stale: ready, and for how long', async () => {
    await using registry = scriptedServer(json({ droplets: [{ name: 'a', url: 'http://a' }] }))
    const settings = { url: registry.url, syncIntervalMs: 1e9 }
    await using service = await startOrchestrator({ config: { registry: settings } })
    const lastSync = service.clock.now() / 1000
    const check = async () => (await service.get('/orchestrator/ready')).json.checks.registry
    expect(await check()).toEqual({ ok: true, reason: null })
    registry.script(json('no', 500))
    await service.clock.advance(100_000)
    await service.engine.registry.refresh()
    expect(await check()).toEqual({
      ok: true,
      reason: `the list from before is used for 200 s more (${registry.url}: it answered 500)`,
    })
    expect((await service.get('/orchestrator/droplets')).json.served_from).toBe('cache')
    await service.clock.advance(200_000)
    expect((await check()).ok).toBe(false)
    const { json: refused } = await service.get('/orchestrator/droplets')
    expect(refused.error.details).toMatchObject({ last_error: 'it answered 500' })
    expect(refused.error.details.last_sync).toBeCloseTo(lastSync, 3)
  })

  test('from the cache are there before anybody can ask', async () => {
    using home = temporaryDir()
    const cacheDir = home.path
    const list = { syncedAt: Date.now(), droplets: [droplet('one')] }
    await fileCache(cacheDir, recordingLog(), () => 'x').write(list)
    const config = testConfig({ registry: { cacheDir, url: await deadUrl() } })
    await using orchestrator = await createOrchestrator(config, systemPorts(recordingLog()))
    // What comes before it listens.
    await orchestrator.engine.recover()
    expect(orchestrator.engine.registry.cacheStatus()).toBe('stale')
    expect(orchestrator.engine.registry.find('one')).toEqual(droplet('one'))
  })
})

test('metrics are what happened', async () => {
  await using good = scriptedServer(json(1))
  await using flaky = sequenceServer(json(1, 500), json(1))
  await using bad = scriptedServer(json(1, 500))
  const mesh = { good: good.url, flaky: flaky.url, bad: bad.url, gone: await deadUrl() }
  await using service = await startOrchestrator({ mesh })
  const before = (await service.get('/orchestrator/metrics')).json
  expect(before.tasks).toMatchObject({
    total: 0,
    success_rate_percent: null,
    avg_response_time_ms: null,
    p95_response_time_ms: null,
  })
  await service.submit({ droplet_name: 'good' })
  await service.skipWaits(service.submit({ droplet_name: 'flaky' }))
  await service.skipWaits(service.submit({ droplet_name: 'bad', max_retries: 2 }))
  await service.submit({ droplet_name: 'gone', max_retries: 0 })
  const { json: metrics } = await service.get('/orchestrator/metrics')
  expect(metrics.tasks).toMatchObject({
    total: 4,
    success: 2,
    error: 2,
    timeout: 0,
    cancelled: 0,
    queued: 0,
    running: 0,
    success_rate_percent: 50,
  })
  // By the fake clock: 0, 1000, 3000 and 0 ms.
  expect(metrics.tasks.avg_response_time_ms).toBe(1000)
  expect(metrics.tasks.p99_response_time_ms / 3000).toBeCloseTo(1, 2)
  expect(metrics.retry).toEqual({
    total_retries: 3,
    retry_success_count: 1,
    retry_final_fail_count: 1,
  })
  expect(metrics).toMatchObject({ droplets_known: 4, droplets_reachable: 2 })
  expect(metrics.registry).toMatchObject({ syncs_total: 1, syncs_success: 1, syncs_error: 0 })
})

test('info tells who it is', async () => {
  await using service = await startOrchestrator()
  const { json: info } = await service.get('/orchestrator/info')
  expect(info).toMatchObject({ name: 'orchestrator', registered: false, bun_version: Bun.version })
})

describe('errors', () => {
  test.each([
    ['GET', '/nope', 404, 'NOT_FOUND'],
    ['POST', '/orchestrator/nope', 404, 'NOT_FOUND'],
    ['PUT', '/orchestrator/tasks', 405, 'METHOD_NOT_ALLOWED'],
    ['OPTIONS', '/orchestrator/tasks', 405, 'METHOD_NOT_ALLOWED'],
    ['DELETE', '/orchestrator/tasks/x/cancel', 405, 'METHOD_NOT_ALLOWED'],
    ['POST', '/orchestrator/health', 405, 'METHOD_NOT_ALLOWED'],
  ])('%s %s is %d %s', async (method, path, status, code) => {
    await using service = await startOrchestrator()
    const reply = await service.call(method, path)
    expect([reply.status, reply.json.error.code]).toEqual([status, code])
    if (status === 405) {
      const allow = path.endsWith('tasks') ? 'GET, HEAD, POST' : expect.any(String)
      expect(reply.headers.get('allow')).toEqual(allow)
    }
  })

  test('a bug of ours tells its request id, nothing else, and is in the log', async () => {
    await using upstream = scriptedServer(json(1))
    const newId = () => {
      throw new Error('secret inner thing')
    }
    await using service = await startOrchestrator({ mesh: { echo: upstream.url }, newId })
    const { status, text, json: reply } = await service.submit({}, { 'x-request-id': 'r-1' })
    expect(status).toBe(500)
    expect(reply.error).toMatchObject({ code: 'INTERNAL_ERROR', details: { request_id: 'r-1' } })
    expect(text).not.toContain('secret')
    expect(JSON.stringify(service.log)).toContain('secret inner thing')
  })
})

test('HEAD is GET without the body; / leads to the page', async () => {
  await using service = await startOrchestrator()
  const head = await service.call('HEAD', '/orchestrator/health')
  expect([head.status, head.text]).toEqual([200, ''])
  for (const path of ['/', '/orchestrator']) {
    const { status, headers } = await service.call('GET', path)
    expect([status, headers.get('location')]).toEqual([302, 'orchestrator/'])
  }
})

describe('the OpenAPI document', () => {
  test('is valid', async () => {
    const result = await new Validator().validate({ ...(await openApi()) })
    expect(result).toMatchObject({ valid: true })
  })

  test('is complete: every route, with a summary, a tag, statuses, schemas and examples', async () => {
    const { paths } = await openApi()
    expect(Object.keys(paths).sort()).toEqual([
      '/capabilities',
      '/dependencies',
      '/health',
      '/message',
      '/orchestrator/capabilities',
      '/orchestrator/dependencies',
      '/orchestrator/droplets',
      '/orchestrator/events',
      '/orchestrator/health',
      '/orchestrator/info',
      '/orchestrator/message',
      '/orchestrator/metrics',
      '/orchestrator/overview',
      '/orchestrator/ready',
      '/orchestrator/send',
      '/orchestrator/state',
      '/orchestrator/tasks',
      '/orchestrator/tasks/{task_id}',
      '/orchestrator/tasks/{task_id}/cancel',
      '/orchestrator/tasks/{task_id}/replay',
      '/state',
    ])
    for (const operation of Object.values(paths).flatMap((methods) => Object.values(methods))) {
      expect(operation).toMatchObject({ summary: expect.any(String), tags: [expect.any(String)] })
      expect(operation.responses).not.toBeEmpty()
      for (const response of Object.values(operation.responses)) {
        expect(response).toMatchObject({ description: expect.any(String) })
        for (const [type, { schema, example, examples }] of Object.entries(response.content)) {
          const shown = [schema.$ref, example ?? examples]
          if (Object.values<string>(FORMATS).includes(type)) {
            expect(shown).toEqual([undefined, expect.stringMatching(/^# HELP /)])
            continue
          }
          expect(shown).toEqual([expect.any(String), expect.any(Object)])
        }
      }
    }
    const submit = Object.keys(paths['/orchestrator/tasks']!.post!.responses).map(Number)
    const codes = ['OVERLOADED', 'TIMEOUT', 'PAYLOAD_TOO_LARGE', 'IDEMPOTENCY_KEY_REUSED'] as const
    for (const code of codes) expect(submit).toContain(STATUS_OF[code])
  })
})

test('a database that is taken away: not ready, and why', async () => {
  using dir = temporaryDir()
  const db = dir.file('tasks.db')
  const mesh = { echo: 'http://127.0.0.1:1' }
  await using service = await startOrchestrator({ mesh, config: { task: { db } } })
  renameSync(db, `${db}.away`)
  const { json: told } = await eventually('not ready', async () => {
    await service.clock.advance(5000)
    const reply = await service.get('/orchestrator/ready')
    return reply.json.checks.store.ok ? null : reply
  })
  const why = 'the database file was deleted: put it back or restart the service'
  expect(told.checks.store.reason).toBe(why)
  const { status, json: refused } = await service.submit({ droplet_name: 'echo' })
  expect([status, refused.error]).toEqual([
    503,
    {
      code: 'STORE_UNAVAILABLE',
      message: `The task could not be written to disk; it was not started: ${why}`,
      details: {},
    },
  ])
  renameSync(`${db}.away`, db)
})
