/** The whole way: a task through a Registry to a droplet, into the history, past a restart. */
import { describe, expect, test } from 'bun:test'
import { createDevRegistry } from '../../src/dev/registry.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { json, reset, scriptedServer, type ScriptedServer } from '../support/scripted-server.ts'

allowRealTime()

async function registryWith(droplets: Record<string, ScriptedServer>) {
  const registry = createDevRegistry()
  const { port } = registry.listen({ port: 0, hostname: '127.0.0.1' })
  const url = `http://127.0.0.1:${port}`
  for (const [name, { url: endpoint }] of Object.entries(droplets)) {
    const body = JSON.stringify({ name, endpoint })
    await fetch(`${url}/droplets`, { method: 'POST', body })
  }
  return { url, [Symbol.asyncDispose]: () => registry.stop() }
}

describe('a droplet that fails three times', () => {
  test('is tried again after 1, 2 and 4 s, and the task outlives a restart', async () => {
    await using droplet = scriptedServer()
    droplet.script(json({ no: 1 }, 500), reset, json({ no: 3 }, 503), json({ greeting: 'hello' }))
    await using registry = await registryWith({ Greeter: droplet })
    using home = serviceHome()
    const env = { REGISTRY_URL: registry.url }
    await using service = await home.start(env)
    await service.ready()

    const { status, json: outcome } = await service.submit(
      {
        droplet_name: 'greeter',
        method: 'POST',
        path: '/greet?lang=en',
        payload: { name: 'world' },
        meta: { from: 'e2e' },
      },
      { 'x-request-id': 'e2e-1' },
    )

    expect(status).toBe(200)
    expect(outcome).toEqual({
      task_id: expect.any(String),
      status: 'success',
      target_url: `${droplet.url}/greet?lang=en`,
      response_status: 200,
      response_body: { greeting: 'hello' },
      retry_count: 3,
      duration_ms: expect.any(Number),
    })
    // The waits are real ones; a busy machine can only lengthen them.
    expect(outcome.duration_ms).toBeGreaterThanOrEqual(7000)
    expect(droplet.calls).toEqual(Array(4).fill('POST /greet?lang=en'))
    expect(droplet.requests.map(({ headers }) => headers['x-attempt'])).toEqual([
      '1',
      '2',
      '3',
      '4',
    ])
    for (const { headers, body } of droplet.requests) {
      expect(JSON.parse(body)).toEqual({ name: 'world' })
      expect(headers['idempotency-key']).toBe(outcome.task_id)
      expect(headers['x-task-id']).toBe(outcome.task_id)
      expect(headers['x-request-id']).toBe('e2e-1')
    }

    const before = await service.task(outcome.task_id)
    const { json: metrics } = await service.get('/orchestrator/metrics')
    expect(metrics.retry).toEqual({
      total_retries: 3,
      retry_success_count: 1,
      retry_final_fail_count: 0,
    })
    await service.stop()
    expect(await service.exited).toBe(0)

    await using again = await home.start(env)
    const after = await again.task(outcome.task_id)
    expect(after).toEqual(before)
    expect(after).toMatchObject({
      droplet_name: 'Greeter',
      status: 'success',
      retry_count: 3,
      payload: { name: 'world' },
      meta: { from: 'e2e' },
      response_body: { greeting: 'hello' },
      attempts: [
        { attempt: 1, response_status: 500 },
        { attempt: 2, response_status: null, error: expect.any(String) },
        { attempt: 3, response_status: 503 },
        { attempt: 4, response_status: 200, error: null },
      ],
    })
    expect((await again.get('/orchestrator/tasks')).json).toMatchObject({ total: 1 })
    expect(droplet.requests).toHaveLength(4)
  })
})

test('it registers itself under the port that it got', async () => {
  await using registry = await registryWith({})
  using home = serviceHome()
  await using service = await home.start({ REGISTRY_URL: registry.url })
  const { port } = new URL(service.url)
  const { json: info } = await eventually('registered', async () => {
    const reply = await service.get('/orchestrator/info')
    return reply.json.registered ? reply : null
  })
  const response = await fetch(`${registry.url}/droplets/name/orchestrator`)
  const { droplet } = (await response.json()) as { droplet: { id: number; endpoint: string } }
  expect(droplet).toMatchObject({ id: info.id, endpoint: `http://localhost:${port}` })
})

test('a full history forgets the oldest, never an unfinished one', async () => {
  await using droplet = scriptedServer(json({}))
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start({ TASK_MAX_HISTORY: '5' })
  const prefer = { prefer: 'respond-async' }
  const { json: waiting } = await service.submit({ delay_seconds: 3600 }, prefer)
  const ids: string[] = []
  for (let n = 0; n < 12; n++) ids.push((await service.submit()).json.task_id)
  const page = await eventually('trimmed', async () => {
    const { json: found } = await service.get('/orchestrator/tasks')
    return found.total === 6 ? found : null
  })
  expect(page.tasks.map(({ id }: { id: string }) => id)).toEqual([
    ...ids.slice(-5).toReversed(),
    waiting.task_id,
  ])
  expect((await service.get(`/orchestrator/tasks/${ids[0]}`)).status).toBe(404)
  expect((await service.get(`/orchestrator/tasks/${waiting.task_id}`)).status).toBe(200)
})
