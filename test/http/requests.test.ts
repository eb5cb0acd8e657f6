/** What any HTTP service must get right, whatever it is for: CONTRACT, section 1. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TASKS = '/orchestrator/tasks'
const JSON_HEADERS = { 'content-type': 'application/json' }
const MAX = 2000

async function using(work: (service: TestOrchestrator) => Promise<void>): Promise<void> {
  await using upstream = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({
    mesh: { echo: upstream.url },
    config: { maxBodyBytes: MAX },
  })
  await work(service)
}

/** A valid body of exactly so many bytes. */
function bodyOf(bytes: number): string {
  const start = '{"droplet_name":"echo","path":"/","method":"POST","payload":"'
  return `${start}${'x'.repeat(bytes - start.length - 2)}"}`
}

function chunked(text: string, chunk = 100): ReadableStream<Uint8Array> {
  const bytes = new TextEncoder().encode(text)
  let at = 0
  return new ReadableStream({
    pull(controller) {
      if (at >= bytes.length) return controller.close()
      controller.enqueue(bytes.subarray(at, (at += chunk)))
    },
  })
}

describe('a body', () => {
  test('of MAX_BODY_BYTES is taken, with a length and in chunks', () =>
    using(async (service) => {
      for (const body of [bodyOf(MAX), chunked(bodyOf(MAX))]) {
        const { status } = await service.call('POST', TASKS, { body, headers: JSON_HEADERS })
        expect(status).toBe(200)
      }
    }))

  test('of one byte more is 413, with a length and in chunks', () =>
    using(async (service) => {
      for (const text of [bodyOf(MAX + 1), bodyOf(500_000)]) {
        for (const body of [text, chunked(text)]) {
          const { status, json } = await service.call('POST', TASKS, {
            body,
            headers: JSON_HEADERS,
          })
          expect([status, json.error.code]).toEqual([413, 'PAYLOAD_TOO_LARGE'])
          expect(json.error.details).toEqual({ max_body_bytes: MAX })
        }
      }
      expect((await service.get(TASKS)).json.total).toBe(0)
      expect((await service.submit()).status).toBe(200)
    }))

  test.each([
    'text/plain',
    'application/x-www-form-urlencoded',
    'multipart/form-data; boundary=x',
    'application/xml',
    'application/jsonp',
    'application/json-patch',
    'text/json',
    'x',
  ])('of the type %s is 415', (type) =>
    using(async (service) => {
      const { status, json } = await service.call('POST', TASKS, {
        body: bodyOf(200),
        headers: { 'content-type': type },
      })
      expect([status, json.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
    }),
  )

  test.each([
    '',
    ' ',
    '{',
    '{"droplet_name":"echo","path":"/"',
    'not json, secret-input',
    "{'droplet_name':'echo'}",
    '{"a":1}{"b":2}',
    '[1]',
    '[]',
    'null',
    '"s"',
    'true',
    '7',
    '{}',
    '{"droplet_name":"secret-input"}',
    '{"droplet_name":["secret-input"],"path":{"secret-input":1}}',
  ])('%j is 400, and nothing of it comes back', (body) =>
    using(async (service) => {
      const reply = await service.call('POST', TASKS, { body, headers: JSON_HEADERS })
      expect([reply.status, reply.json.error.code]).toEqual([400, 'INVALID_REQUEST'])
      expect(reply.json.error.details.errors).not.toBeEmpty()
      for (const fault of reply.json.error.details.errors) {
        expect(fault).toEqual({ path: expect.any(String), message: expect.any(String) })
      }
      expect(reply.text).not.toContain('secret-input')
      expect(reply.text).not.toContain('    at ')
    }),
  )

  test.each(['gzip', 'br', 'GZIP', 'identity, zstd', 'x-made-up', 'deflate, gzip'])(
    'that is encoded is 415, which names the coding: %s',
    (coding) =>
      using(async (service) => {
        const { status, json, headers } = await service.call('POST', TASKS, {
          body: Bun.gzipSync(bodyOf(200)),
          headers: { ...JSON_HEADERS, 'content-encoding': coding },
        })
        expect([status, json.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
        const codings = coding.toLowerCase().split(', ')
        const named = codings.find((each) => each !== 'identity')
        expect(json.error.message).toContain(`Content-Encoding: ${named} `)
        expect(json.error.details).toEqual({ content_encoding: named })
        // RFC 9110, section 15.5.16.
        expect(headers.get('accept-encoding')).toBe('identity')
      }),
  )

  test.each(['identity', 'Identity', '', 'identity, identity'])(
    'may say Content-Encoding: %s',
    (it) =>
      using(async (service) => {
        const headers = { ...JSON_HEADERS, 'content-encoding': it }
        expect((await service.call('POST', TASKS, { body: bodyOf(200), headers })).status).toBe(200)
      }),
  )

  test.each(['utf-16', '"ISO-8859-1"', 'windows-1252'])('in the charset %s is 415', (charset) =>
    using(async (service) => {
      const { status, json, headers } = await service.call('POST', TASKS, {
        body: bodyOf(200),
        headers: { 'content-type': `application/json; v=1; Charset=${charset}` },
      })
      expect([status, json.error.code]).toEqual([415, 'UNSUPPORTED_MEDIA_TYPE'])
      expect(json.error.message).toContain(`UTF-8, not in ${charset.replaceAll('"', '')}`)
      expect(headers.get('accept-encoding')).toBeNull()
    }),
  )

  test.each(['UTF-8', '"utf-8"', 'utf8', 'us-ascii'])('may say charset=%s', (charset) =>
    using(async (service) => {
      const headers = { 'content-type': `application/json;charset=${charset}` }
      expect((await service.call('POST', TASKS, { body: bodyOf(200), headers })).status).toBe(200)
    }),
  )

  const utf16 = (text: string) => Buffer.from(text, 'utf16le')
  test.each<[string, Uint8Array, string]>([
    ['UTF-16 with a byte order mark', utf16(`\ufeff${bodyOf(200)}`), 'UTF-16 or UTF-32'],
    ['UTF-16 without one', utf16(bodyOf(200)), 'UTF-16 or UTF-32'],
    ['UTF-16, big-endian', utf16(bodyOf(200)).swap16(), 'UTF-16 or UTF-32'],
    ['Latin-1', Buffer.from('{"a":"\xe9"}', 'latin1'), 'is not in UTF-8'],
    ['gzip without saying so', Bun.gzipSync(bodyOf(200)), 'is not in UTF-8'],
    ['nothing', new Uint8Array(), 'is empty'],
    ['no JSON', Buffer.from('{"a":'), 'is not JSON'],
  ])('of %s is 400, and the message says it', (_, body, message) =>
    using(async (service) => {
      const { status, json } = await service.call('POST', TASKS, { body, headers: JSON_HEADERS })
      expect(status).toBe(400)
      expect(json.error.message).toContain(message)
    }),
  )

  test('that is not UTF-8 is 400', () =>
    using(async (service) => {
      const text = bodyOf(200)
      const bytes = new TextEncoder().encode(text)
      bytes[text.indexOf('xx')] = 0xff
      const reply = await service.call('POST', TASKS, { body: bytes, headers: JSON_HEADERS })
      expect([reply.status, reply.json.error.code]).toEqual([400, 'INVALID_REQUEST'])
    }))
})

describe('X-Request-ID', () => {
  const LONGEST = 'x'.repeat(128)

  test.each(['r-1', 'a.b:c_d-e', '0', LONGEST])("is the caller's: %s", (id) =>
    using(async (service) => {
      const headers = { 'x-request-id': id }
      for (const [method, path] of EVERYWHERE) {
        const reply = await service.call(method, path, { headers })
        expect([path, reply.headers.get('x-request-id')]).toEqual([path, id])
      }
    }),
  )

  test.each(['a b', `${LONGEST}x`, 'a"b', '<x>', 'ä', ''])('is a fresh one instead of %j', (id) =>
    using(async (service) => {
      const fresh = new Set<string | null>()
      for (const [method, path] of EVERYWHERE) {
        const headers = { 'x-request-id': id }
        fresh.add((await service.call(method, path, { headers })).headers.get('x-request-id'))
      }
      expect(fresh.size).toBe(EVERYWHERE.length)
      for (const each of fresh) expect(each).toMatch(/^[\w-]{36}$/)
    }),
  )
})

const EVERYWHERE: readonly [string, string][] = [
  ['GET', '/health'],
  ['GET', '/state'],
  ['GET', '/orchestrator/health'],
  ['GET', '/orchestrator/state'],
  ['GET', '/orchestrator/metrics'],
  ['GET', '/orchestrator/tasks'],
  ['GET', '/orchestrator/tasks/nobody'],
  ['POST', '/orchestrator/tasks'],
  ['GET', '/orchestrator/docs'],
  ['GET', '/orchestrator/docs/json'],
  ['GET', '/orchestrator/docs/swagger-ui.css'],
  ['GET', '/'],
  ['GET', '/nowhere'],
  ['PUT', '/orchestrator/tasks'],
]

describe('a path', () => {
  const GET_ONLY = 'GET, HEAD'

  test.each([
    ['/health', GET_ONLY],
    ['/health/', GET_ONLY],
    ['/capabilities', GET_ONLY],
    ['/state', GET_ONLY],
    ['/dependencies', GET_ONLY],
    ['/message', 'POST'],
    ['/orchestrator/message/', 'POST'],
    ['/orchestrator/send', 'POST'],
    ['/orchestrator/capabilities', GET_ONLY],
    ['/orchestrator/state/', GET_ONLY],
    ['/orchestrator/dependencies', GET_ONLY],
    ['/orchestrator/health', GET_ONLY],
    ['/orchestrator/ready', GET_ONLY],
    ['/orchestrator/info', GET_ONLY],
    ['/orchestrator/metrics', GET_ONLY],
    ['/orchestrator/droplets', GET_ONLY],
    ['/orchestrator/docs', GET_ONLY],
    ['/orchestrator/docs/json', GET_ONLY],
    ['/', GET_ONLY],
    ['/orchestrator/tasks', 'GET, HEAD, POST'],
    ['/orchestrator/tasks/', 'GET, HEAD, POST'],
    ['/orchestrator/tasks/some-id', GET_ONLY],
    ['/orchestrator/tasks/some-id/cancel', 'POST'],
    ['/orchestrator/tasks/some-id/replay', 'POST'],
  ])('%s allows %s', (path, allow) =>
    using(async (service) => {
      const others = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'].filter(
        (method) => !allow.split(', ').includes(method),
      )
      for (const method of others) {
        const { status, headers, json } = await service.call(method, path)
        expect([method, status, headers.get('allow')]).toEqual([method, 405, allow])
        expect(json.error).toMatchObject({
          code: 'METHOD_NOT_ALLOWED',
          details: { allowed_methods: allow.split(', ') },
        })
      }
    }),
  )

  test.each([
    '/favicon.ico',
    '/orchestrator',
    '/orchestrator/nope',
    '/orchestrator/tasks/a/b',
    '/orchestrator/tasks/a/cancel/b',
    '/orchestrator/healthy',
    '/ORCHESTRATOR/health',
    '/orchestrator/docs/../../etc/passwd',
    '/hidden/json',
    '/swagger',
    '/%ff',
    '/orchestrator/%ff',
  ])('%s is nowhere', (path) =>
    using(async (service) => {
      for (const method of ['GET', 'POST', 'DELETE']) {
        // `/orchestrator` may lead where `/orchestrator/` leads.
        const { status, json } = await service.call(method, path)
        if (path === '/orchestrator' && [302, 405].includes(status)) continue
        expect([status, json.error.code]).toEqual([404, 'NOT_FOUND'])
      }
    }),
  )

  test.each(['nobody', '%ff', '%00', "'; drop table tasks; --", 'x'.repeat(3000), '😀'])(
    'of a task that is not there: %s',
    (id) =>
      using(async (service) => {
        const path = `/orchestrator/tasks/${id.startsWith('%') ? id : encodeURIComponent(id)}`
        for (const [method, end] of [
          ['GET', ''],
          ['POST', '/cancel'],
          ['POST', '/replay'],
        ] as const) {
          const { status, json } = await service.call(method, path + end)
          expect([end, status, json.error.code]).toEqual([end, 404, 'TASK_NOT_FOUND'])
        }
      }),
  )

  test('HEAD is GET without its body, wherever GET is', () =>
    using(async (service) => {
      for (const [method, path] of EVERYWHERE.filter(([method]) => method === 'GET')) {
        const { status, headers } = await service.call(method, path)
        const head = await service.call('HEAD', path)
        expect([path, head.status, head.text]).toEqual([path, status, ''])
        expect(head.headers.get('content-type')).toBe(headers.get('content-type'))
      }
    }))
})
