/** No Host changes where a request goes, and none gets past the one shape of errors. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { sendRaw, type RawReply } from '../support/raw-http.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TASK = '{"droplet_name":"echo","path":"/"}'

/** What is asked for: on routes with and without parameters, beside them, with other methods. */
const REQUESTS: readonly [string, string][] = [
  ['GET', '/orchestrator/health'],
  ['GET', '/orchestrator/health/'],
  ['HEAD', '/orchestrator/health'],
  ['HEAD', '/orchestrator/health/'],
  ['GET', '/orchestrator/tasks?limit=1'],
  ['GET', '/orchestrator/tasks/?limit=0'],
  ['GET', '/orchestrator/tasks?limit=%zz'],
  ['GET', '/orchestrator/tasks/nobody'],
  ['GET', '/orchestrator/tasks/nobody/?wait=x'],
  ['GET', '/orchestrator/tasks/%zz'],
  ['GET', '/orchestrator/tasks/%ff/'],
  ['GET', `/orchestrator/tasks/${'x'.repeat(8000)}`],
  ['POST', '/orchestrator/tasks'],
  ['POST', '/orchestrator/tasks/'],
  ['POST', '/orchestrator/tasks/nobody/cancel/'],
  ['GET', '/'],
  ['GET', '/orchestrator'],
  ['GET', '/orchestrator/'],
  ['GET', '/orchestrator/docs/start.js'],
  ['GET', '/nowhere'],
  ['GET', '/nowhere/'],
  ['GET', '/%zz/%ff'],
  ['GET', `/${'x'.repeat(8000)}`],
  ['GET', '/public/orchestrator/health'],
  ['GET', '/public/orchestrator/health/'],
  ['POST', '/public/orchestrator/tasks'],
  ['POST', '/public/orchestrator/tasks/'],
  ['POST', '/orchestrator/orchestrator/tasks'],
  ['PUT', '/orchestrator/tasks'],
  ['PUT', '/orchestrator/tasks/'],
  ['DELETE', '/orchestrator/tasks/nobody'],
  ['OPTIONS', '/orchestrator/tasks'],
  ['TRACE', '/orchestrator/health'],
  ['PROPFIND', '/orchestrator/health'],
  ['GET', 'http://elsewhere/orchestrator/health'],
  ['POST', 'http://elsewhere/public/orchestrator/tasks'],
  ['GET', 'http://elsewhere'],
]

// Written in ways that no client should; where they lead is in the tests of paths.
const ODD: readonly [string, string][] = [
  ['GET', '/orchestrator/./health'],
  ['GET', '/public/../orchestrator/health/'],
  ['GET', '//orchestrator/health'],
  ['GET', '/orchestrator/health#x'],
  ['CONNECT', 'elsewhere:80'],
]

const HOSTS = [
  ...['orc', 'o', 'x:1', 'x:', 'x:65535', 'a_b', 'A.EXAMPLE', 'localhost:8001', '127.0.0.1'],
  ...['0', '0x7f.1', '[::1]', '[::1]:8001', 'x'.repeat(3000)],
]

const NO_HOSTS = [
  ...['', 'a b', '::1', '[::1', '[zz]', 'x:99999', 'x:65536', 'x:-1', 'x:y', ':80', 'user@x'],
  ...['u:p@x', 'x/y', '/', 'x?y', 'x#y', 'x\\y', 'http://x', '999.1.1.1', 'a%20b', '%zz', '%00'],
  ...['a\tb', 'a<b', 'a"b', 'a|b', 'é', 'ÿ', 'a, b', 'a\r\nHost: b', 'a\r\nHost: a'],
]

function ask(service: TestOrchestrator, line: readonly [string, string], host: string | null) {
  const [method, path] = line
  const version = host === null ? 'HTTP/1.0' : 'HTTP/1.1'
  const headers = host === null ? '' : `Host: ${host}\r\n`
  const body = method === 'POST' ? TASK : ''
  return sendRaw(
    service.url,
    `${method} ${path} ${version}\r\n${headers}Connection: close\r\nX-Request-ID: mine\r\n` +
      `Content-Length: ${body.length}\r\n\r\n${body}`,
  )
}

/** Without what differs from one task to the next. */
function comparable({ status, headers, json, text }: RawReply) {
  const body = json ?? text
  const { task_id: _, duration_ms: __, ...rest } = typeof body === 'string' ? { body } : body
  return { status, type: headers.get('content-type'), location: headers.get('location'), rest }
}

async function using(work: (service: TestOrchestrator) => Promise<void>): Promise<void> {
  await using droplet = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({ mesh: { echo: droplet.url } })
  await work(service)
  expect(service.log.messages('ERROR')).toEqual([])
}

describe('a request', () => {
  test('goes where its path says, whatever the Host, and without one', () =>
    using(async (service) => {
      for (const line of REQUESTS) {
        const plain = comparable(await ask(service, line, 'plain.example'))
        for (const host of [...HOSTS, null]) {
          // The list of tasks grows.
          if (line[1].includes('limit=1')) continue
          const { headers, ...reply } = await ask(service, line, host)
          expect([line, host, comparable({ headers, ...reply })]).toEqual([line, host, plain])
          expect(headers.get('x-request-id')).toBe('mine')
        }
      }
    }))

  test('with a Host that is none is 400, wherever it goes', () =>
    using(async (service) => {
      for (const host of NO_HOSTS) {
        for (const line of [...REQUESTS, ...ODD]) {
          const { status, headers, json, text } = await ask(service, line, host)
          expect([line, host, status]).toEqual([line, host, 400])
          expect(headers.get('x-request-id')).toBe('mine')
          if (line[0] === 'HEAD') expect(text).toBe('')
          else expect(json.error).toMatchObject({ code: 'INVALID_REQUEST', details: NO_HOST })
        }
      }
      expect((await service.get('/orchestrator/tasks')).json.total).toBe(0)
    }))

  test('of HTTP/1.0 with a Host that is none is 400, too', () =>
    using(async (service) => {
      for (const host of ['', 'a b', '::1']) {
        const head = `GET /orchestrator/health HTTP/1.0\r\nHost: ${host}\r\n\r\n`
        const { status, json } = await sendRaw(service.url, head)
        expect([host, status, json.error.code]).toEqual([host, 400, 'INVALID_REQUEST'])
      }
    }))
})

const NO_HOST = { errors: [{ path: 'Host', message: 'is not a host' }] }

describe('a path', () => {
  test.each([
    '/orchestrator/./health',
    '/orchestrator/%2e/health',
    '/public/../orchestrator/health',
    '/public/../orchestrator/health/',
    '/public/%2e%2E/orchestrator/health',
    '//orchestrator/health',
    '/orchestrator//health',
    '/orchestrator/health//',
    '/orchestrator/health#x',
    '/orchestrator/health/#x',
    '/orchestrator/%68ealth',
    '/orchestrator\\health',
    '/orchestrator/health%2f',
    '/orchestrator/health%00',
    '/orchestrator/health;x',
    '/%zz',
    '/%ff/é',
  ])('is only what it is written as: %s is nowhere', (path) =>
    using(async (service) => {
      for (const host of ['plain.example', 'o', null]) {
        for (const method of ['GET', 'HEAD']) {
          const { status, json } = await ask(service, [method, path], host)
          expect([host, method, status]).toEqual([host, method, 404])
          if (method === 'GET') expect(json.error.code).toBe('NOT_FOUND')
        }
      }
    }),
  )

  test('that is none is answered in the one shape', () =>
    using(async (service) => {
      const { status, json } = await ask(service, ['CONNECT', 'elsewhere:80'], 'elsewhere:80')
      expect([status, json.error.code]).toEqual([404, 'NOT_FOUND'])
    }))

  test('with another method says which are allowed', () =>
    using(async (service) => {
      for (const [path, message] of [
        ['/orchestrator/health', 'Only GET and HEAD are allowed here'],
        ['/orchestrator/tasks', 'Only GET, HEAD, and POST are allowed here'],
        ['/orchestrator/tasks/x/cancel/', 'Only POST is allowed here'],
      ] as const) {
        const { json } = await service.call('DELETE', path)
        expect(json.error.message).toBe(message)
      }
    }))
})

describe('a bug in what answers errors', () => {
  test.each([
    ['once', 1],
    ['for ever', Infinity],
  ])('is answered in the one shape: a log that fails %s', async (_, failures) => {
    await using service = await startOrchestrator()
    let calls = 0
    const logged: unknown[] = []
    const error = (msg: string) => {
      if (++calls <= failures) throw new Error('no space left in /secret/place')
      logged.push(msg)
    }
    Object.assign(service.log, { error })
    Object.assign(service.engine.registry, { cacheStatus: broken })
    for (const path of ['/orchestrator/droplets', '/orchestrator/droplets/']) {
      const { status, json, text, headers } = await service.get(path)
      expect([status, json.error.code]).toEqual([500, 'INTERNAL_ERROR'])
      expect(json.error.details).toEqual({ request_id: headers.get('x-request-id') })
      expect(text).not.toContain('secret')
    }
    if (failures === 1) expect(logged).toEqual(['a request failed', 'a request failed'])
  })
})

function broken(): never {
  throw new TypeError('a bug at /secret/place')
}
