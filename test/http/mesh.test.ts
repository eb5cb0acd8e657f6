/** What all services of the mesh serve: CONTRACT, section 11, "Mesh conventions". */
import { describe, expect, test } from 'bun:test'
import { anyone } from '../../src/access/caller.ts'
import { meshHealthView } from '../../src/http/mesh-views.ts'
import { VERSION } from '../../src/version.ts'
import { startEngine } from '../support/engine.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { deadUrl, hang, json, scriptedServer } from '../support/scripted-server.ts'
import { newTask } from '../support/tasks.ts'

allowRealTime()

const BASES = ['', '/orchestrator']

describe('GET /health', () => {
  test('is active while tasks can be taken; below /orchestrator it has its old form', async () => {
    await using service = await startOrchestrator()
    const { status, json: health } = await service.get('/health')
    expect([status, health]).toEqual([
      200,
      {
        status: 'active',
        service: 'orchestrator',
        version: VERSION,
        timestamp: '2026-01-01T00:00:00.000000Z',
      },
    ])
    expect((await service.get('/orchestrator/health')).json).toEqual({
      status: 'ok',
      service: 'orchestrator',
      version: VERSION,
    })
    expect((await service.call('HEAD', '/health')).status).toBe(200)
  })

  test('is inactive, and 200, without a list of droplets', async () => {
    const url = await deadUrl()
    await using service = await startOrchestrator({ config: { registry: { url } } })
    const { status, json: health } = await service.get('/health')
    expect([status, health.status]).toEqual([200, 'inactive'])
  })

  test('is inactive, and 200, while it drains', async () => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const running = service.submit()
    await upstream.received(1)
    const stopping = service.beginStop()
    await eventually('draining', () => service.engine.tasks.draining)
    const { status, json: health } = await service.get('/health')
    expect([status, health.status]).toEqual([200, 'inactive'])
    await service.passTime(Promise.all([running, stopping]), 100)
  })

  test('is an error while the disk takes nothing', async () => {
    await using service = await startEngine(json(1))
    const status = () => meshHealthView(service.engine, service.clock).status
    expect(status()).toBe('active')
    service.disk.full = true
    const options = { mode: 'sync', waitMs: 0, idempotencyKey: null, hops: 0, trace: null } as const
    const submitted = service.tasks.submit(anyone('r'), newTask(), options)
    expect(await failureOf(submitted)).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(status()).toBe('error')
  })
})

describe.each(BASES)('at %p', (base) => {
  test('/capabilities tells what it can do', async () => {
    await using service = await startOrchestrator()
    const { status, json: told } = await service.get(`${base}/capabilities`)
    expect(status).toBe(200)
    expect(told).toMatchObject({ version: VERSION, dependencies: ['registry'], udc_version: '1.0' })
    expect(told.features).toContain('task_routing')
    expect((await service.get(told.metadata.openapi)).status).toBe(200)
  })

  test('/state tells what was measured', async () => {
    await using service = await startOrchestrator()
    const first = await service.get(`${base}/state`)
    expect(first.json).toEqual({
      // By the clock of the test no time has passed.
      cpu_percent: null,
      memory_mb: expect.any(Number),
      uptime_seconds: 0,
      requests_total: 1,
      requests_per_minute: 1,
      errors_last_hour: 0,
      last_restart: '2026-01-01T00:00:00.000000Z',
    })
    expect(first.json.memory_mb).toBeGreaterThan(10)
    await service.get('/nowhere')
    await service.clock.advance(30_000)
    expect((await service.submit()).status).toBe(400)
    service.clock.jump(86_400_000)
    expect((await service.get(`${base}/state`)).json).toMatchObject({
      cpu_percent: expect.any(Number),
      uptime_seconds: 30,
      requests_total: 4,
      requests_per_minute: 4,
      errors_last_hour: 0,
      last_restart: '2026-01-01T00:00:00.000000Z',
    })
    await service.clock.advance(30_000)
    expect((await service.get(`${base}/state`)).json).toMatchObject({
      requests_total: 5,
      requests_per_minute: 3,
    })
  })

  test('/state counts the errors of this service, not those of its callers', async () => {
    const mesh = { dead: await deadUrl() }
    await using service = await startOrchestrator({ mesh })
    await service.submit({ droplet_name: 'unknown' })
    expect((await service.submit({ droplet_name: 'dead', max_retries: 0 })).status).toBe(503)
    const errors = async () => (await service.get(`${base}/state`)).json.errors_last_hour
    expect(await errors()).toBe(1)
    await service.clock.advance(3_600_000)
    expect(await errors()).toBe(0)
  })

  test('/dependencies tells how it stands with the Registry', async () => {
    await using upstream = scriptedServer(
      json({ droplets: [{ id: 7, name: 'Registry', endpoint: 'http://127.0.0.1:1' }] }),
    )
    const registry = { url: upstream.url, cacheExpiryMs: 300_000, syncIntervalMs: 60_000 }
    await using service = await startOrchestrator({ config: { registry } })
    const told = async () => (await service.get(`${base}/dependencies`)).json
    const listed = { id: 7, name: 'registry' }
    expect(await told()).toEqual({
      required: [{ ...listed, status: 'connected' }],
      optional: [],
      missing: [],
    })
    upstream.script(json({}, 500))
    await service.engine.registry.refresh()
    const stale = { required: [{ ...listed, status: 'available' }], optional: [], missing: [] }
    expect(await told()).toEqual(stale)
    await service.clock.advance(300_000)
    const gone = [{ ...listed, status: 'unavailable' }]
    expect(await told()).toEqual({ required: gone, optional: [], missing: gone })
  })

  test('/dependencies names a Registry that is not listed, without an id', async () => {
    await using service = await startOrchestrator()
    const { json: told } = await service.get(`${base}/dependencies`)
    expect(told.required).toEqual([{ id: null, name: 'registry', status: 'connected' }])
  })
})
