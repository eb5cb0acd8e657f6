/** The service as the monitors of the mesh see it: who gets no 200 in time restarts it. */
import { describe, expect, test } from 'bun:test'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { deadUrl, held, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const ISO_MICROSECONDS = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/

/** One round of a monitor; the status that the service gives itself. */
async function look(service: Service): Promise<string> {
  const { status, headers, json: health } = await service.get('/health')
  expect(status).toBe(200)
  expect(headers.get('content-type')).toContain('application/json')
  expect(health).toEqual({
    status: expect.any(String),
    service: 'orchestrator',
    version: expect.stringMatching(/^\d+\.\d+\.\d+$/),
    timestamp: expect.stringMatching(ISO_MICROSECONDS),
  })
  const below = await service.get('/orchestrator/health')
  expect([below.status, below.json.status]).toEqual([200, 'ok'])
  return health.status
}

describe('a monitor at the root gets 200', () => {
  test('with a list of droplets, and without', async () => {
    using home = serviceHome({ echo: await deadUrl() })
    await using service = await home.start()
    expect(await look(service)).toBe('active')
    using lonely = serviceHome()
    await using lost = await lonely.start({
      REGISTRY_URL: await deadUrl(),
      REGISTER_SELF: 'false',
    })
    expect(await look(lost)).toBe('inactive')
  })

  test('when the Registry comes later', async () => {
    await using registry = scriptedServer(json({}, 500))
    using home = serviceHome()
    await using service = await home.start({
      REGISTRY_URL: registry.url,
      REGISTER_SELF: 'false',
      REGISTRY_SYNC_INTERVAL: '0.2',
    })
    expect(await look(service)).toBe('inactive')
    registry.script(json({ droplets: [{ name: 'echo', endpoint: 'http://127.0.0.1:1' }] }))
    await eventually('active', async () => (await look(service)) === 'active')
  })

  test('while it drains, until it ends', async () => {
    const release = Promise.withResolvers<void>()
    await using droplet = scriptedServer(held(release.promise, json({ done: true })))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    const running = service.submit()
    await droplet.received(1)
    service.signal('SIGTERM')
    await eventually('inactive', async () => (await look(service)) === 'inactive')
    release.resolve()
    expect((await running).status).toBe(200)
    expect(await service.exited).toBe(0)
  })
})

test('checks and monitors below /orchestrator get whole JSON documents', async () => {
  await using droplet = scriptedServer(json({ received: true }))
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start()
  for (let round = 0; round < 3; round++) {
    for (const name of ['health', 'capabilities', 'state', 'dependencies', 'metrics']) {
      const { status, headers, json: told } = await service.get(`/orchestrator/${name}`)
      expect([name, status]).toEqual([name, 200])
      expect(headers.get('content-type')).toContain('application/json')
      expect(told).toBeObject()
    }
  }
  const { json: state } = await service.get('/state')
  expect(state).toEqual({
    cpu_percent: expect.any(Number),
    memory_mb: expect.any(Number),
    uptime_seconds: expect.any(Number),
    requests_total: expect.any(Number),
    requests_per_minute: expect.any(Number),
    errors_last_hour: 0,
    last_restart: expect.stringMatching(ISO_MICROSECONDS),
  })
  expect(state.requests_total).toBeGreaterThanOrEqual(16)
  expect(state.memory_mb).toBeGreaterThan(10)
  expect(state.memory_mb / service.rssMb()).toBeCloseTo(1, 0)
  expect(Math.abs(Date.parse(state.last_restart) - Date.now())).toBeLessThan(3_600_000)
})

test('messages come in and go out', async () => {
  await using droplet = scriptedServer(json({ received: true, result: 'success' }))
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start({ LOG_LEVEL: 'INFO' })
  const post = (path: string, body: object) =>
    service.call('POST', path, {
      headers: { 'content-type': 'application/json', 'x-request-id': 'trace-me' },
      body: JSON.stringify(body),
    })
  const message = { trace_id: 'm-1\n{"level":"ERROR"}', source: 'echo', message_type: 'event' }
  const received = await post('/message', { ...message, payload: { token: 'secret' } })
  expect(received.json).toMatchObject({ received: true, trace_id: message.trace_id })
  const [line] = await eventually('logged', () => {
    const lines = service.log('message')
    return lines.length > 0 ? lines : null
  })
  expect(line).toMatchObject({ level: 'INFO', request_id: 'trace-me', ...message })
  expect(service.stdout).not.toContain('secret')

  const sent = await post('/orchestrator/send', { target: 'echo', message_type: 'status' })
  expect([sent.status, sent.json]).toEqual([
    200,
    {
      sent: true,
      trace_id: 'trace-me',
      target: 'echo',
      timestamp: expect.stringMatching(ISO_MICROSECONDS),
      result: { received: true, result: 'success' },
    },
  ])
  expect(droplet.calls).toEqual(['POST /message'])
})
