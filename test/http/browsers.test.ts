/** Which web pages may ask, told by what browsers send; with real ones: test/e2e/browsers.test.ts. */
import { describe, expect, test } from 'bun:test'
import type { Config } from '../../src/config/config.ts'
import { browserCheck } from '../../src/http/browsers.ts'
import type { DeepPartial } from '../support/config.ts'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { sendRaw } from '../support/raw-http.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const APP = 'https://app.example'
const TASK = '{"droplet_name":"echo","path":"/"}'
const TASKS = '/orchestrator/tasks'

async function using(
  config: DeepPartial<Config>,
  work: (service: TestOrchestrator) => Promise<void>,
): Promise<void> {
  await using droplet = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({ mesh: { echo: droplet.url }, config })
  await work(service)
}

type Head = Record<string, string>

function ask({ url }: TestOrchestrator, method: string, path: string, headers: Head, body = '') {
  const lines = Object.entries({ host: new URL(url).host, connection: 'close', ...headers })
  const length = `content-length: ${body.length}\r\n`
  const head = lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')
  return sendRaw(url, `${method} ${path} HTTP/1.1\r\n${head}${length}\r\n${body}`)
}

const statusOf = async (service: TestOrchestrator, headers: Head, method = 'POST') =>
  (await ask(service, method, TASKS, headers, method === 'POST' ? TASK : '')).status

describe('a page elsewhere', () => {
  test('gets 403 on every route, and starts nothing', () =>
    using({ access: { corsOrigins: [APP] } }, async (service) => {
      const port = new URL(service.url).port
      const origins = [
        ...['https://evil.example', 'http://evil.example:8001', 'null', '', '*', 'file://'],
        ...[
          `${APP}.evil.example`,
          `${APP}:8443`,
          'http://app.example',
          `${APP}/`,
          `${APP}, ${APP}`,
        ],
        ...[
          'http://127.0.0.1',
          `http://127.0.0.1:${Number(port) + 1}`,
          `https://127.0.0.1:${port}`,
        ],
        ...[`http://127.0.0.1.evil.example:${port}`, `http://localhost:${port}`],
      ]
      for (const origin of origins) {
        for (const [method, path] of [
          ['POST', TASKS],
          ['GET', TASKS],
          ['OPTIONS', TASKS],
          ['GET', '/orchestrator/health'],
          ['GET', '/nowhere'],
        ] as const) {
          const preflight = { 'access-control-request-method': 'POST' }
          const asked = { origin, ...(method === 'OPTIONS' ? preflight : {}) }
          const { status, json: body, headers } = await ask(service, method, path, asked, TASK)
          expect([origin, method, path, status]).toEqual([origin, method, path, 403])
          expect(body.error.code).toBe('FORBIDDEN')
          expect(headers.get('access-control-allow-origin')).toBeNull()
        }
      }
      expect((await service.get(TASKS)).json.total).toBe(0)
    }))

  test('is known by Sec-Fetch-Site where there is no Origin', () =>
    using({}, async (service) => {
      for (const [site, status] of [
        ['cross-site', 403],
        ['same-site', 403],
        ['same-origin', 200],
        ['none', 200],
      ] as const) {
        expect([site, await statusOf(service, { 'sec-fetch-site': site })]).toEqual([site, status])
        // A link from another page to the documents.
        expect(await statusOf(service, { 'sec-fetch-site': site }, 'GET')).toBe(200)
      }
    }))

  test('whose name leads here is refused, what it reads included (DNS rebinding)', () =>
    using({}, async (service) => {
      const { port } = new URL(service.url)
      const host = `evil.example:${port}`
      expect(await statusOf(service, { host, origin: `http://${host}` })).toBe(403)
      const reading = { host, 'accept-language': 'en' }
      const { status, json: body } = await ask(service, 'GET', TASKS, reading)
      expect([status, body.error.details]).toEqual([403, { host }])
      // Other programs may use any name.
      expect(await statusOf(service, { host }, 'GET')).toBe(200)
      expect(await statusOf(service, { host })).toBe(200)
    }))

  test.each(['::1', '0:0:0:0:0:0:0:1', '::ffff:127.0.0.1', 'LOCALHOST', 'app.localhost'])(
    'is refused so wherever only this machine reaches us: HOST=%s',
    (host) => {
      const tls = { certFile: null, keyFile: null }
      const check = browserCheck({ host, publicUrl: null, tls, access: { corsOrigins: [] } })
      const headers = { host: 'evil.example', 'accept-language': 'en' }
      expect(() => check(new Request('http://evil.example/', { headers }))).toThrow('evil.example')
    },
  )
})

describe('our own pages', () => {
  test('may ask under every address and under localhost', () =>
    using({}, async (service) => {
      const { port } = new URL(service.url)
      for (const name of ['127.0.0.1', 'localhost', '[::1]', 'app.localhost', '10.0.0.6']) {
        const host = `${name}:${port}`
        const asked = { host, origin: `http://${host}`, 'accept-language': 'en' }
        expect([name, await statusOf(service, asked)]).toEqual([name, 200])
        expect([name, await statusOf(service, asked, 'GET')]).toEqual([name, 200])
      }
      expect(await statusOf(service, { host: '10.0.0.6', origin: 'http://10.0.0.6' })).toBe(200)
    }))

  test('may ask behind a proxy with TLS that says so', () =>
    using({}, async (service) => {
      const asked = { host: '10.0.0.6', origin: 'https://10.0.0.6' }
      expect(await statusOf(service, asked)).toBe(403)
      expect(await statusOf(service, { ...asked, 'x-forwarded-proto': 'https' })).toBe(200)
      const rebound = { host: 'evil.example', origin: 'https://evil.example' }
      expect(await statusOf(service, { ...rebound, 'x-forwarded-proto': 'https' })).toBe(403)
    }))

  test('may ask under PUBLIC_URL, whatever Host a proxy makes of it', () =>
    using({ publicUrl: 'https://orc.example/base' }, async (service) => {
      const origin = 'https://orc.example'
      expect(await statusOf(service, { origin })).toBe(200)
      expect(await statusOf(service, { origin, host: 'upstream' })).toBe(200)
      const byName = { host: 'orc.example:8001', 'accept-language': 'en' }
      expect(await statusOf(service, { ...byName, origin: 'http://orc.example:8001' })).toBe(200)
      expect(await statusOf(service, byName, 'GET')).toBe(200)
    }))

  test('need no CORS: OPTIONS stays 405', () =>
    using({}, async (service) => {
      for (const origin of [{}, { origin: service.url }] as Head[]) {
        const asked = { 'access-control-request-method': 'POST', ...origin }
        const { status, headers } = await ask(service, 'OPTIONS', TASKS, asked)
        expect([status, headers.get('allow')]).toEqual([405, 'GET, HEAD, POST'])
        expect(headers.get('vary')).toBeNull()
      }
    }))
})

describe('a page of CORS_ORIGINS', () => {
  const config = { access: { corsOrigins: ['http://other.example', APP] } }

  test('is told what it may send', () =>
    using(config, async (service) => {
      const asked = { origin: APP, 'access-control-request-method': 'POST' }
      for (const path of [TASKS, `${TASKS}/`]) {
        const { status, headers, text } = await ask(service, 'OPTIONS', path, asked)
        expect([status, text, headers.get('vary')]).toEqual([204, '', 'Origin'])
        expect(headers.get('access-control-allow-origin')).toBe(APP)
        expect(headers.get('access-control-allow-methods')).toBe('GET, HEAD, POST')
        expect(headers.get('access-control-allow-headers')).toBe(
          'Authorization, Content-Type, Idempotency-Key, Prefer, X-Request-ID',
        )
        expect(headers.get('access-control-max-age')).toBe('600')
        expect(headers.get('access-control-allow-credentials')).toBeNull()
        expect(headers.get('x-request-id')).not.toBeNull()
      }
      const nowhere = await ask(service, 'OPTIONS', '/nowhere', asked)
      expect([nowhere.status, nowhere.json.error.code]).toEqual([404, 'NOT_FOUND'])
    }))

  test('can read every answer, errors and documents included', () =>
    using(config, async (service) => {
      for (const [method, path, expected] of [
        ['POST', TASKS, 200],
        ['GET', TASKS, 200],
        ['GET', '/orchestrator/docs', 200],
        ['GET', '/', 302],
        ['GET', '/nowhere', 404],
        ['DELETE', TASKS, 405],
        ['OPTIONS', TASKS, 405],
      ] as const) {
        const body = method === 'POST' ? TASK : ''
        const { status, headers } = await ask(service, method, path, { origin: APP }, body)
        expect([method, path, status]).toEqual([method, path, expected])
        expect(headers.get('access-control-allow-origin')).toBe(APP)
        expect(headers.get('access-control-expose-headers')).toContain('Location')
        expect(headers.get('vary')).toBe('Origin')
      }
      const other = await service.get(TASKS)
      expect(other.headers.get('vary')).toBe('Origin')
      expect(other.headers.get('access-control-allow-origin')).toBeNull()
    }))
})
