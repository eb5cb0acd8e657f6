/** The headers of a task: CONTRACT, section 2. Each is sent, or refused; none costs more than its size. */
import { expect, test } from 'bun:test'
import { accept } from '../../src/delivery/lifecycle.ts'
import { cpuTimeOf } from '../support/cpu-time.ts'
import { allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { json, scriptedServer, type ScriptedServer } from '../support/scripted-server.ts'
import { inlineStore } from '../support/store.ts'
import { newTask, NOW } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

async function withEcho(
  work: (service: TestOrchestrator, upstream: ScriptedServer) => Promise<void>,
): Promise<void> {
  await using upstream = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  await work(service, upstream)
}

/** The body with headers as JSON text, because an object can't hold a name twice. */
const sendText = (service: TestOrchestrator, headers: string, more = {}, field = 'headers') =>
  service.call('POST', '/orchestrator/tasks', {
    body: `{"droplet_name":"echo","path":"/","${field}":${headers}}`,
    headers: { 'content-type': 'application/json', ...more },
  })

const manyHeaders = (count: number, value = 'v') =>
  Object.fromEntries(Array.from({ length: count }, (_, n) => [`h${n}`, value]))

const ODD_NAMES = ['__proto__', 'constructor', 'tostring', 'hasownproperty', 'length', '0', 'z~|']

/** As many as may be, with names that objects have of their own. */
function allowed(): [name: string, value: string][] {
  const plain = Array.from({ length: 64 - ODD_NAMES.length }, (_, n) => `z-${n}`)
  return [...ODD_NAMES, ...plain].map((name) => [name, `of ${name}`])
}

const OURS = ['user-agent', 'idempotency-key', 'x-task-id', 'x-attempt', 'x-request-id']

test.each([
  ['synchronous', {}],
  ['asynchronous', ASYNC],
])('all 64 reach the droplet, and all of ours: %s', (_, prefer) =>
  withEcho(async (service, upstream) => {
    const fields = allowed().map(([name, value]) => `${JSON.stringify(name)}:"${value}"`)
    const { status } = await sendText(service, `{${fields.join(',')}}`, prefer)
    expect(status).toBeLessThan(300)
    await upstream.received(1)
    const lines = upstream.requests[0]!.headerLines
    for (const [name, value] of allowed()) expect(lines).toContain(`${name}: ${value}`)
    const names = lines.map((line) => line.slice(0, line.indexOf(':')).toLowerCase())
    for (const name of OURS) expect(names.filter((each) => each === name)).toHaveLength(1)
  }),
)

test('what the service sets is refused, each name that an attempt carries', () =>
  withEcho(async (service, upstream) => {
    const own = [...OURS, 'Host', 'Traceparent', 'webhook-id', 'webhook-x', 'X-Orchestrator-Hops']
    for (const name of own) {
      const { json: reply } = await service.submit({ headers: { [name]: 'x' } })
      expect(reply.error?.details.errors).toEqual([
        { path: `/headers/${name}`, message: 'is set by the service: leave it out' },
      ])
    }
    expect(upstream.calls).toEqual([])
  }))

test('a replay sends them too', () =>
  withEcho(async (service, upstream) => {
    const { json: first } = await sendText(service, '{"__proto__":"a","X-B":"c"}')
    await service.post(`/orchestrator/tasks/${first.task_id}/replay`)
    for (const { headerLines } of upstream.requests) {
      expect(headerLines).toContain('__proto__: a')
      expect(headerLines).toContain('x-b: c')
    }
    expect(upstream.requests).toHaveLength(2)
  }))

test('16 KB in all are sent', () =>
  withEcho(async (service, upstream) => {
    const headers = { 'x-a': 'v'.repeat(8192 - 3), 'x-b': 'w'.repeat(8192 - 3) }
    expect((await service.submit({ headers })).status).toBe(200)
    expect(upstream.requests[0]!.headers).toMatchObject(headers)
  }))

test.each<[string, string, string[]]>([
  ['65', JSON.stringify(manyHeaders(65)), ['/headers']],
  ['a byte more than 16 KB', `{"x-a":"${'v'.repeat(16 * 1024 - 2)}"}`, ['/headers']],
  ['a long name', `{"${'n'.repeat(16 * 1024)}":"v"}`, ['/headers']],
  ['two that differ in case', '{"X-Key":"a","x-key":"b"}', ['/headers/x-key']],
  ['two in one spelling', '{"x-key":"a","x-key":"b"}', ['/headers/x-key']],
  ['two, one of them escaped', '{"x-key":"a","x\\u002dKey":"b"}', ['/headers/x-Key']],
  ['two __proto__', '{"__proto__":"a","__PROTO__":"b"}', ['/headers/__PROTO__']],
  ['a number as __proto__', '{"__proto__":1}', ['/headers/__proto__']],
  ['a line break and a number', '{"a\\nb":1}', ['/headers/a\nb']],
])('refused: %s', (_, headers, paths) =>
  withEcho(async (service, upstream) => {
    const { status, json: reply } = await sendText(service, headers)
    expect([status, reply.error.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(reply.error.details.errors.map(({ path }: { path: string }) => path)).toEqual(paths)
    expect(upstream.calls).toEqual([])
  }),
)

const COUNT = 40_000
const HUGE: [string, string][] = [
  ['valid', JSON.stringify(manyHeaders(COUNT))],
  ['of a wrong type', JSON.stringify(manyHeaders(COUNT)).replaceAll('"v"', '1')],
  ['the last of a wrong type', JSON.stringify({ ...manyHeaders(COUNT), last: 1 })],
  ['one name', `{${Array.from({ length: COUNT }, () => '"x-same":"v"').join(',')}}`],
  ['one long name', `{"${'n'.repeat(500_000)}":1}`],
  ['one long value', `{"x-a":"${'\\u0020'.repeat(80_000)}\\n"}`],
]

// The time that 40,000 headers took grew with their square: 5 s.
test.each(HUGE)(
  'of 500 KB, refused for not much more work than a payload of that size: %s',
  (_, headers) =>
    withEcho(async (service) => {
      const harmless = await cpuTimeOf(() => sendText(service, headers, {}, 'ignored'))
      let size = 0
      const needed = await cpuTimeOf(async () => {
        const { status, text } = await sendText(service, headers)
        expect(status).toBe(400)
        size = text.length
      })
      expect(needed / harmless).toBeLessThan(6)
      expect(size).toBeLessThan(20_000)
    }),
)

/** What an earlier version has accepted, which set no limit. */
async function withStored(
  headers: Record<string, string>,
  work: (service: TestOrchestrator, upstream: ScriptedServer) => Promise<void>,
): Promise<void> {
  using dir = temporaryDir()
  await using upstream = scriptedServer(json({ fine: true }))
  const db = dir.file('tasks.db')
  const store = inlineStore(db)
  const asked = { id: 'a', dropletName: 'echo', targetUrl: upstream.url, headers }
  await store.insert(accept(newTask(asked), NOW))
  await store.close()
  const options = { mesh: { echo: upstream.url }, config: { task: { db } } }
  await using service = await startOrchestrator(options)
  await service.task('a', ({ completed_at }) => completed_at !== null)
  await work(service, upstream)
}

test('more than can be sent, stored by an earlier version, are an error, also when replayed', () =>
  withStored(manyHeaders(COUNT), async (service, upstream) => {
    expect(await service.task('a')).toMatchObject({
      status: 'error',
      error_message: '40000 headers are more than can be sent',
      attempts: [],
    })
    const { status, json: reply } = await service.post('/orchestrator/tasks/a/replay')
    expect([status, reply.error.code]).toEqual([400, 'INVALID_REQUEST'])
    expect(upstream.calls).toEqual([])
  }))

test('more than are accepted now, stored by an earlier version, are all sent', () =>
  withStored(manyHeaders(200), async (_, upstream) => {
    const { headers } = upstream.requests[0]!
    expect(headers).toMatchObject({ ...manyHeaders(200), 'idempotency-key': 'a' })
  }))
