/**
 * What Bun's HTTP server decides before we see a request. None of it is ours; README's "Limits"
 * tells our users of it, and these tests tell when a new Bun does it otherwise.
 */
import { describe, expect, test } from 'bun:test'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { sendRaw } from '../support/raw-http.ts'
import { held, json, scriptedServer, type Answer } from '../support/scripted-server.ts'

allowRealTime()

const HOST = 'Host: x\r\n'
const TASK = '{"droplet_name":"echo","path":"/"}'
const HEALTH = `GET /orchestrator/health HTTP/1.1\r\n${HOST}\r\n`
const SUBMIT = `POST /orchestrator/tasks HTTP/1.1\r\n${HOST}`
const CHUNKED = `${SUBMIT}Transfer-Encoding: chunked\r\n\r\n${TASK.length.toString(16)}\r\n${TASK}\r\n0\r\n`
const CLOSED = 0

async function using(
  work: (service: TestOrchestrator) => Promise<void>,
  answer: Answer = json({ fine: true }),
): Promise<void> {
  await using droplet = scriptedServer(answer)
  await using service = await startOrchestrator({ mesh: { echo: droplet.url } })
  await work(service)
}

describe('a request that the parser refuses gets a bare status, and no task', () => {
  test.each([
    ['HTTP/1.1 without a Host', 400, 'GET /orchestrator/health HTTP/1.1\r\n\r\n'],
    ['OPTIONS *', 400, `OPTIONS * HTTP/1.1\r\n${HOST}\r\n`],
    ['a target that is no path', 400, `GET orchestrator/health HTTP/1.1\r\n${HOST}\r\n`],
    ['two lengths', 400, `${SUBMIT}Content-Length: 1\r\nContent-Length: 2\r\n\r\n{}`],
    ['a length that is none', 400, `${SUBMIT}Content-Length: x\r\n\r\n{}`],
    [
      'a length and chunks',
      400,
      `${SUBMIT}Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n`,
    ],
    ['a folded header', 400, `GET /orchestrator/health HTTP/1.1\r\n${HOST}X: a\r\n b\r\n\r\n`],
    ['what is not HTTP', 400, 'hello\r\n\r\n'],
    ['HTTP/2.0', 505, `GET /orchestrator/health HTTP/2.0\r\n${HOST}\r\n`],
    ['a space in the path', 505, `GET /a b HTTP/1.1\r\n${HOST}\r\n`],
    ['a method that nobody knows', CLOSED, `BREW /orchestrator/tasks HTTP/1.1\r\n${HOST}\r\n`],
  ])('%s: %d', (_, expected, request) =>
    using(async (service) => {
      const { status, text, headers } = await sendRaw(service.url, request)
      expect([status, text, headers.get('x-request-id')]).toEqual([expected, '', null])
      expect((await service.get('/orchestrator/tasks')).json.total).toBe(0)
    }),
  )

  test.each([
    ['path and headers together: 16 KB', `GET /${'x'.repeat(16_000)} HTTP/1.1\r\n${HOST}`, 404],
    ['… and a little more', `GET /${'x'.repeat(16_500)} HTTP/1.1\r\n${HOST}`, 431],
    ['198 headers', `GET /x HTTP/1.1\r\n${HOST}${'X: x\r\n'.repeat(196)}`, 404],
    ['199 headers', `GET /x HTTP/1.1\r\n${HOST}${'X: x\r\n'.repeat(197)}`, 431],
  ])('%s', (_, head, expected) =>
    using(async (service) => {
      const { status, text } = await sendRaw(service.url, `${head}Connection: close\r\n\r\n`)
      expect(status).toBe(expected)
      if (expected === 431) expect(text).toBe('')
    }),
  )
})

describe('a task may run although its caller is told otherwise', () => {
  async function expectRun(service: TestOrchestrator): Promise<void> {
    const page = await eventually('the task', async () => {
      const { json: list } = await service.get('/orchestrator/tasks')
      return list.total > 0 ? list : null
    })
    expect(page.total).toBe(1)
    await service.task(page.tasks[0].id, ({ status }) => status === 'success')
  }

  test.each([
    ['a trailer after the chunks', `${CHUNKED}X-Trailer: x\r\n\r\n`],
    ['an empty line after the body', `${SUBMIT}Content-Length: ${TASK.length}\r\n\r\n${TASK}\r\n`],
  ])('400 for %s', (_, request) =>
    using(async (service) => {
      const { status, text } = await sendRaw(service.url, request)
      expect([status, text]).toEqual([400, ''])
      await expectRun(service)
    }),
  )

  test('no answer at all when another request comes on its connection before its answer', async () => {
    const release = Promise.withResolvers<void>()
    await using(
      async (service) => {
        const request = `${SUBMIT}Content-Length: ${TASK.length}\r\n\r\n${TASK}${HEALTH}`
        expect((await sendRaw(service.url, request)).status).toBe(CLOSED)
        release.resolve()
        await expectRun(service)
      },
      held(release.promise, json(1)),
    )
  })

  test('but chunks alone are fine', () =>
    using(async (service) => {
      const request = CHUNKED.replace(HOST, `${HOST}Connection: close\r\n`)
      expect((await sendRaw(service.url, `${request}\r\n`)).status).toBe(200)
      await expectRun(service)
    }))
})
