import { afterAll, describe, expect, test } from 'bun:test'
import { createDevEcho } from '../../src/dev/echo.ts'
import { createDevRegistry } from '../../src/dev/registry.ts'
import { VERSION } from '../../src/version.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { sendRaw } from '../support/raw-http.ts'

allowRealTime()

const TIME = '2026-01-01T00:00:00.000000Z'

function registry(options: { listSelf?: boolean } = { listSelf: false }) {
  const clock = new FakeClock()
  const dev = createDevRegistry({ clock, ...options })
  return {
    clock,
    async ask(method: string, path: string, body?: unknown) {
      const init =
        body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }
      const response = await dev.fetch(new Request(`http://localhost${path}`, { method, ...init }))
      expect(response.headers.get('content-type')).toContain('application/json')
      return { status: response.status, json: (await response.json()) as Record<string, unknown> }
    },
  }
}

const fake = { name: 'fake', endpoint: 'http://127.0.0.1:9001', metadata: { version: '1.0.0' } }
const listed = {
  id: 1,
  name: 'fake',
  steward: null,
  status: 'active',
  endpoint: 'http://127.0.0.1:9001',
  proof: null,
  cost_usd: 0,
  yield_usd: 0,
  metadata: { version: '1.0.0' },
  registered_at: TIME,
  updated_at: TIME,
}

describe('the development Registry', () => {
  test('speaks the format of the mesh', async () => {
    const { ask, clock } = registry()
    expect(await ask('GET', '/droplets')).toEqual({
      status: 200,
      json: { droplets: [], total: 0, timestamp: TIME },
    })
    expect(await ask('GET', '/health')).toEqual({
      status: 200,
      json: { status: 'inactive', service: 'registry', version: VERSION, timestamp: TIME },
    })
    expect(await ask('POST', '/droplets', fake)).toEqual({
      status: 201,
      json: { droplet: listed, timestamp: TIME },
    })
    expect((await ask('GET', '/health')).json.status).toBe('active')
    const one = { status: 200, json: { droplet: listed, timestamp: TIME } }
    expect(await ask('GET', '/droplets/1')).toEqual(one)
    expect(await ask('GET', '/droplets/name/fake')).toEqual(one)
    expect((await ask('GET', '/droplets')).json).toEqual({
      droplets: [listed],
      total: 1,
      timestamp: TIME,
    })
    await clock.advance(1500)
    const later = '2026-01-01T00:00:01.500000Z'
    expect(await ask('PATCH', '/droplets/1', { status: 'inactive', cost_usd: 2, id: 9 })).toEqual({
      status: 200,
      json: {
        droplet: { ...listed, status: 'inactive', cost_usd: 2, updated_at: later },
        timestamp: later,
      },
    })
    expect(await ask('DELETE', '/droplets/1')).toEqual({
      status: 200,
      json: {
        success: true,
        message: "Droplet 'fake' deleted successfully",
        deleted_at: later,
      },
    })
    expect((await ask('GET', '/droplets')).json.total).toBe(0)
  })

  test('refuses as the mesh does', async () => {
    const { ask } = registry()
    await ask('POST', '/droplets', fake)
    const refusals = [
      ['POST', '/droplets', fake, 409, "Droplet with name 'fake' already exists"],
      ['POST', '/register', { ...fake, id: 7 }, 409, "Droplet with name 'fake' already exists"],
      ['GET', '/droplets/2', undefined, 404, 'Droplet with ID 2 not found'],
      ['PATCH', '/droplets/2', {}, 404, 'Droplet with ID 2 not found'],
      ['DELETE', '/droplets/2', undefined, 404, 'Droplet with ID 2 not found'],
      ['GET', '/droplets/name/x%20y', undefined, 404, "Droplet with name 'x y' not found"],
      ['GET', '/registry', undefined, 404, 'Not Found'],
      ['PUT', '/droplets', {}, 405, 'Method Not Allowed'],
    ] as const
    for (const [method, path, body, status, detail] of refusals) {
      expect(await ask(method, path, body)).toEqual({ status, json: { detail } })
    }
    const unprocessable = [
      ['POST', '/droplets', '{"name":'],
      ['POST', '/droplets', ''],
      ['POST', '/droplets', 'null'],
      ['POST', '/droplets', { name: 'x' }],
      ['POST', '/droplets', { name: '', endpoint: 'http://x' }],
      ['POST', '/droplets', { name: 'x', endpoint: 'ftp://x' }],
      ['POST', '/register', { name: 'x' }],
      ['PATCH', '/droplets/1', { status: 'on fire' }],
      ['GET', '/droplets/one', undefined],
    ] as const
    for (const [method, path, body] of unprocessable) {
      const { status, json } = await ask(method, path, body)
      expect(status).toBe(422)
      expect(json.detail).toMatchObject([{ loc: expect.anything(), msg: expect.any(String) }])
    }
  })

  test('takes the registrations of older droplets', async () => {
    const { ask } = registry()
    expect(await ask('POST', '/register', { name: 'x', url: 'http://x', version: '2' })).toEqual({
      status: 200,
      json: { success: true, droplet_id: 1, message: "Droplet 'x' registered successfully" },
    })
    expect((await ask('GET', '/droplets/1')).json.droplet).toMatchObject({
      endpoint: 'http://x',
      metadata: { version: '2' },
    })
  })

  test('an id that is taken replaces its droplet, as in the mesh', async () => {
    const { ask } = registry()
    await ask('POST', '/droplets', fake)
    expect((await ask('POST', '/droplets', { ...fake, name: 'other', id: 1 })).status).toBe(201)
    expect((await ask('GET', '/droplets')).json).toMatchObject({
      total: 1,
      droplets: [{ name: 'other' }],
    })
    expect((await ask('POST', '/droplets', fake)).json.droplet).toMatchObject({ id: 2 })
  })

  test('lists itself, with the address it listens on, and gives the port back', async () => {
    const dev = createDevRegistry()
    const { port, url } = dev.listen({ port: 0, hostname: '127.0.0.1' })
    expect(() => createDevRegistry().listen({ port, hostname: '127.0.0.1' })).toThrow(
      expect.objectContaining({ code: 'EADDRINUSE' }),
    )
    const response = await fetch(`http://127.0.0.1:${port}/droplets`)
    expect(await response.json()).toMatchObject({
      droplets: [
        {
          id: 1,
          name: 'registry',
          status: 'active',
          endpoint: url,
          metadata: { version: VERSION },
        },
      ],
    })
    await dev.stop()
    await dev.stop()
    const again = createDevRegistry()
    again.listen({ port, hostname: '127.0.0.1' })
    await again.stop()
  })
})

describe('the echo droplet', () => {
  const echo = createDevEcho()
  const { port } = echo.listen({ port: 0, hostname: '127.0.0.1' })
  const url = `http://127.0.0.1:${port}`
  afterAll(() => echo.stop())

  test('tells what it was sent, without secrets', async () => {
    const response = await fetch(`${url}/a/b?x=1&y=%20`, {
      method: 'PATCH',
      headers: {
        'x-task-id': 't',
        authorization: 'Bearer secret',
        'x-api-key': 'secret',
        'content-type': 'application/json',
      },
      body: '{"hello":["world"]}',
    })
    const json = (await response.json()) as { headers: Record<string, string> }
    expect(json).toMatchObject({
      method: 'PATCH',
      path: '/a/b',
      query: { x: '1', y: ' ' },
      headers: { 'x-task-id': 't', 'content-type': 'application/json' },
      body: { hello: ['world'] },
    })
    expect(json.headers).not.toHaveProperty('authorization')
    expect(json.headers).not.toHaveProperty('x-api-key')
  })

  test.each([
    ['', null],
    ['plain text', 'plain text'],
    ['7', 7],
  ])('body %p', async (body, expected) => {
    const response = await fetch(url, { method: 'POST', body })
    expect(((await response.json()) as { body: unknown }).body).toEqual(expected)
  })

  test.each([
    ['status=503', '1', 503],
    ['status=204', '1', 204],
    ['status=304', '1', 304],
    ['status=99', '1', 200],
    ['status=banana', '1', 200],
    ['status=503&fail_attempts=2', '2', 503],
    ['status=503&fail_attempts=2', '3', 200],
  ])('?%s on attempt %s answers %d', async (query, attempt, status) => {
    const response = await fetch(`${url}/?${query}`, { headers: { 'x-attempt': attempt } })
    expect(response.status).toBe(status)
    await response.arrayBuffer()
  })

  test('?delay_ms answers late', async () => {
    const clock = new FakeClock()
    const answer = createDevEcho({ clock }).fetch(new Request('http://x/?delay_ms=3000'))
    await clock.settle(() => clock.slept.length === 1)
    expect(clock.slept).toEqual([3000])
    await clock.advance(3000)
    expect((await answer).status).toBe(200)
  })

  test('has the health of every droplet', async () => {
    const response = await fetch(`${url}/health`)
    expect(await response.json()).toMatchObject({
      status: 'active',
      service: 'echo',
      version: VERSION,
      timestamp: expect.stringMatching(/^\d{4}-.*\.\d{6}Z$/),
    })
  })
})

test('a Host that is none is 400', async () => {
  for (const dev of [createDevRegistry({ clock: new FakeClock() }), createDevEcho()]) {
    const { url } = dev.listen({ port: 0, hostname: '127.0.0.1' })
    for (const host of ['a b', '::1', '', 'x:99999']) {
      const request = `GET /health HTTP/1.1\r\nHost: ${host}\r\nConnection: close\r\n\r\n`
      const { status, text } = await sendRaw(url.replace('localhost', '127.0.0.1'), request)
      expect([host, status, text]).toEqual([host, 400, ''])
    }
    await dev.stop()
  }
})
