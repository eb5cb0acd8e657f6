import { describe, expect, test } from 'bun:test'
import type { RegisteredDroplet } from '../../src/dev/registered-droplets.ts'
import { createDevRegistry } from '../../src/dev/registry.ts'
import { VERSION } from '../../src/version.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { memoryCache } from '../support/memory-cache.ts'
import {
  answeringServer,
  hang,
  held,
  json,
  reset,
  scriptedServer,
  type Answer,
  type Received,
} from '../support/scripted-server.ts'
import { droplet, listOf, meshAt, names, statuses, TIMEOUT_MS } from './mesh.ts'

allowRealTime()

/** A Registry that can be restarted (which empties it) and tells what it was asked. */
function realRegistry() {
  const calls: string[] = []
  const clock = new FakeClock()
  let inside = createDevRegistry({ clock, listSelf: false })
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    fetch(request) {
      calls.push(`${request.method} ${new URL(request.url).pathname}`)
      return inside.fetch(request)
    },
  })
  const url = `http://127.0.0.1:${server.port}`
  return {
    url,
    calls,
    restart() {
      clock.jump(1000)
      inside = createDevRegistry({ clock, listSelf: false })
    },
    async add(body: unknown) {
      const request = new Request(`${url}/droplets`, { method: 'POST', body: JSON.stringify(body) })
      await inside.fetch(request)
    },
    async remove(name: string) {
      const { id } = (await this.list()).find((each) => each.name === name)!
      await inside.fetch(new Request(`${url}/droplets/${id}`, { method: 'DELETE' }))
    },
    async list(): Promise<RegisteredDroplet[]> {
      const response = await inside.fetch(new Request(`${url}/droplets`))
      return ((await response.json()) as { droplets: RegisteredDroplet[] }).droplets
    },
    [Symbol.asyncDispose]: () => server.stop(true),
  }
}

/** We register, the Registry restarts, and we register again. */
async function restartOnceRegistered(
  upstream: ReturnType<typeof realRegistry>,
  { registry, clock, nextSync }: ReturnType<typeof meshAt>,
) {
  await registry.start()
  await clock.settle(() => registry.registered())
  await nextSync()
  upstream.restart()
  await nextSync()
  await clock.settle(() => registry.registered())
}

const me = (more: Record<string, unknown> = {}) => ({
  ...droplet('orchestrator', { id: 7, url: 'http://localhost:8001' }),
  ...more,
})

describe('our own registration', () => {
  test('is made after the first sync, without an id', async () => {
    await using upstream = realRegistry()
    await upstream.add({ name: 'one', endpoint: 'http://one' })
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    const { registry, clock } = mesh
    expect(registry.registered()).toBe(false)
    expect(registry.selfId()).toBeNull()
    await registry.start()
    await clock.settle(() => registry.registered())
    expect(registry.selfId()).toBe(2)
    expect(await upstream.list()).toMatchObject([
      { id: 1, name: 'one' },
      {
        id: 2,
        name: 'orchestrator',
        endpoint: 'http://localhost:8001',
        metadata: { version: VERSION },
      },
    ])
    await registry.refresh()
    expect(names(registry)).toEqual(['one', 'orchestrator'])
    expect(upstream.calls).toEqual(['GET /droplets', 'POST /droplets', 'GET /droplets'])
  })

  test('says exactly what the contract says', async () => {
    await using upstream = answeringServer((request) =>
      json(request.method === 'POST' ? { droplet: me() } : listOf('one')),
    )
    await using mesh = meshAt(upstream.url, { registerSelf: true, publicUrl: () => 'http://me:1/' })
    await mesh.registry.refresh()
    await mesh.clock.settle(() => mesh.registry.registered())
    expect(JSON.parse(upstream.requests[1]?.body ?? '')).toEqual({
      name: 'orchestrator',
      endpoint: 'http://me:1',
      metadata: { version: VERSION },
    })
    expect(upstream.requests[1]?.headers['content-type']).toBe('application/json')
  })

  test('is made again after a Registry restart, and the mesh is kept meanwhile', async () => {
    await using upstream = realRegistry()
    await upstream.add({ name: 'one', endpoint: 'http://one' })
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    await restartOnceRegistered(upstream, mesh)
    const { registry } = mesh
    expect((await upstream.list()).map(({ name }) => name)).toEqual(['orchestrator'])
    // The Registry lists only us, because we have registered.
    await mesh.nextSync()
    expect(registry.cacheStatus()).toBe('active')
    expect(statuses(registry)).toEqual({ orchestrator: 'active', one: 'unlisted' })
    await upstream.add({ name: 'two', endpoint: 'http://two' })
    await mesh.nextSync()
    expect(statuses(registry)).toEqual({ orchestrator: 'active', two: 'active', one: 'unlisted' })
    await upstream.add({ name: 'one', endpoint: 'http://moved' })
    await mesh.nextSync()
    expect(statuses(registry)).toEqual({ orchestrator: 'active', two: 'active', one: 'active' })
    expect(registry.find('one')?.url).toBe('http://moved')
    // It does not restart again: what is taken off is gone at once.
    await upstream.remove('one')
    await mesh.nextSync()
    expect(names(registry)).toEqual(['orchestrator', 'two'])
  })

  test('shows that the Registry has restarted, when that fell between two syncs', async () => {
    await using upstream = realRegistry()
    await upstream.add({ name: 'one', endpoint: 'http://one' })
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    const { registry, clock, nextSync } = mesh
    await registry.start()
    await clock.settle(() => registry.registered())
    await nextSync()
    // Others have come back, and we have not…
    upstream.restart()
    await upstream.add({ name: 'two', endpoint: 'http://two' })
    await nextSync()
    expect(statuses(registry)).toEqual({ two: 'active', one: 'unlisted', orchestrator: 'unlisted' })
    await clock.settle(() => registry.registered())
    // …and once more, before a list had us; then somebody has registered us, too.
    upstream.restart()
    await upstream.add({ name: 'three', endpoint: 'http://three' })
    await nextSync()
    expect(names(registry)).toEqual(['one', 'orchestrator', 'three', 'two'])
    await clock.settle(() => registry.registered())
    await nextSync()
    upstream.restart()
    await upstream.add({ name: 'four', endpoint: 'http://four' })
    await upstream.add({ name: 'orchestrator', endpoint: 'http://localhost:8001' })
    expect(registry.selfId()).toBe(2)
    await nextSync()
    expect(registry.selfId()).toBe(2)
    expect(names(registry)).toEqual(['four', 'one', 'orchestrator', 'three', 'two'])
  })

  test('is no sign when a list was on its way while we registered', async () => {
    const gate = Promise.withResolvers<void>()
    let list = json(listOf('one', 'two'))
    await using upstream = answeringServer((request) =>
      request.method === 'GET' ? list : held(gate.promise, json({ droplet: me() })),
    )
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    const { registry, clock } = mesh
    await registry.refresh()
    await upstream.received(2)
    const listed = Promise.withResolvers<void>()
    list = held(listed.promise, json(listOf('one')))
    const sync = registry.refresh()
    await upstream.received(3)
    await clock.advance(10)
    gate.resolve()
    await clock.settle(() => registry.registered())
    listed.resolve()
    await sync
    expect(names(registry)).toEqual(['one'])
  })

  test('a mesh of nobody but us survives a Registry restart', async () => {
    await using upstream = realRegistry()
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    await restartOnceRegistered(upstream, mesh)
    await mesh.nextSync()
    expect(mesh.registry.cacheStatus()).toBe('active')
  })

  test('the last droplet may leave: a list of us alone is a list', async () => {
    const cache = memoryCache({
      syncedAt: 1e15,
      droplets: [droplet('one'), droplet('orchestrator')],
      own: { id: 7, registeredAt: null },
    })
    await using upstream = scriptedServer(json({ droplets: [me()] }))
    await using mesh = meshAt(upstream.url, { cache })
    await mesh.registry.start()
    await mesh.registry.refresh()
    expect(names(mesh.registry)).toEqual(['orchestrator'])
  })

  test('taken, and the endpoint is ours: nothing to do', async () => {
    await using upstream = taken({ endpoint: 'http://localhost:8001/' })
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    await mesh.registry.refresh()
    await mesh.clock.settle(() => mesh.registry.registered())
    expect(mesh.registry.selfId()).toBe(7)
    expect(upstream.calls.slice(1)).toEqual(['POST /droplets', 'GET /droplets/name/orchestrator'])
  })

  test.each(['http://old:8001', 'http://user:password@refused'])(
    'taken, and the endpoint is %s: corrected',
    async (endpoint) => {
      await using upstream = taken({ endpoint })
      await using mesh = meshAt(upstream.url, { registerSelf: true })
      await mesh.registry.refresh()
      await mesh.clock.settle(() => mesh.registry.registered())
      expect(upstream.calls.slice(3)).toEqual(['PATCH /droplets/7'])
      expect(JSON.parse(upstream.requests[3]?.body ?? '')).toEqual({
        endpoint: 'http://localhost:8001',
      })
    },
  )

  test('listed with another endpoint: corrected; with ours: left alone', async () => {
    await using upstream = realRegistry()
    await upstream.add({ name: 'Orchestrator', endpoint: 'http://moved:8001' })
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    const { registry, clock } = mesh
    await registry.refresh()
    expect(registry.selfId()).toBe(1)
    await clock.settle(() => upstream.calls.length === 2)
    await clock.settle(() => mesh.log.messages('INFO').includes('registered with the Registry'))
    expect((await upstream.list())[0]?.endpoint).toBe('http://localhost:8001')
    await registry.refresh()
    await mesh.registry.stop()
    expect(upstream.calls).toEqual(['GET /droplets', 'PATCH /droplets/1', 'GET /droplets'])
  })

  test('an id that is text goes into the path safely', async () => {
    await using upstream = answeringServer((request) =>
      json(request.method === 'GET' ? { droplets: [me({ id: 'a/b', url: 'http://x' })] } : {}),
    )
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    await mesh.registry.refresh()
    await upstream.received(2)
    expect(upstream.calls[1]).toBe('PATCH /droplets/a%2Fb')
  })

  test('off means off, but we still see whether we are listed', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    expect(mesh.registry.registered()).toBe(false)
    upstream.script(json({ droplets: [me({ url: 'http://other' })] }))
    await mesh.registry.refresh()
    expect(mesh.registry.registered()).toBe(true)
    expect(mesh.registry.selfId()).toBe(7)
    await mesh.registry.stop()
    expect(upstream.calls).toHaveLength(2)
  })

  test('waits until our address is known', async () => {
    let address: string | null = null
    await using upstream = realRegistry()
    await using mesh = meshAt(upstream.url, { registerSelf: true, publicUrl: () => address })
    await mesh.registry.refresh()
    address = 'http://now:1'
    await mesh.registry.refresh()
    await mesh.clock.settle(() => mesh.registry.registered())
    expect(upstream.calls).toEqual(['GET /droplets', 'GET /droplets', 'POST /droplets'])
  })

  const refusals: [string, Answer, string][] = [
    ['500', json({ detail: 'no' }, 500), 'POST /droplets was answered with 500'],
    ['422', json({ detail: [] }, 422), 'POST /droplets was answered with 422'],
    ['a reset', reset, 'ECONNRESET'],
  ]
  test.each(refusals)(
    'a failure (%s) is one warning and no failed sync',
    async (_, answer, error) => {
      await using upstream = answeringServer(({ method }) =>
        method === 'GET' ? json(listOf('one')) : answer,
      )
      await using mesh = meshAt(upstream.url, { registerSelf: true })
      const { registry, clock } = mesh
      await registry.refresh()
      await clock.settle(() => mesh.warnings().length === 1)
      await registry.refresh()
      await upstream.received(4)
      await registry.stop()
      expect(mesh.warnings()).toHaveLength(1)
      expect(mesh.warnings()[0]?.fields.error).toContain(error)
      expect(registry.cacheStatus()).toBe('active')
      expect(registry.registered()).toBe(false)
    },
  )

  test('a POST that hangs holds up no sync, is not doubled, and ends in time', async () => {
    await using upstream = answeringServer(({ method }) => (method === 'GET' ? json([]) : hang))
    await using mesh = meshAt(upstream.url, { registerSelf: true })
    const { registry, clock } = mesh
    await registry.refresh()
    await upstream.received(2)
    // A second POST, if there were one, would arrive before these requests.
    for (let n = 0; n < 10; n++) await registry.refresh()
    expect(registry.cacheStatus()).toBe('active')
    expect(upstream.calls.filter((call) => call === 'POST /droplets')).toHaveLength(1)
    await clock.advance(TIMEOUT_MS)
    await clock.settle(() => mesh.warnings().length === 1)
    expect(mesh.warnings()[0]?.fields.error).toBe('no answer within 5000 ms')
    await registry.refresh()
    await upstream.received(14)
    expect(upstream.calls.slice(12)).toEqual(['GET /droplets', 'POST /droplets'])
  })
})

/** A Registry that doesn't list us but says that our name is taken. */
function taken(entry: Record<string, unknown>) {
  return answeringServer(({ method, url }: Received) => {
    if (method === 'POST') return json({ detail: 'already exists' }, 409)
    if (method === 'PATCH') return json({ droplet: me() })
    return json(url === '/droplets' ? listOf('one') : { droplet: me({ url: null, ...entry }) })
  })
}
