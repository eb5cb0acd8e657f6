/** Texts from outside that not every database can hold: the same becomes of them in each. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { nodesOver } from '../support/nodes.ts'
import type { Mesh, Reply } from '../support/orchestrator.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import {
  json,
  reply,
  scriptedServer,
  type Answer,
  type Received,
} from '../support/scripted-server.ts'

allowRealTime()

const SETTINGS = { TASK_MAX_RETRIES: '0', BREAKER_THRESHOLD: '0' }
const ASYNC = { prefer: 'respond-async' }
const TRACE = { traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01` }

/** By their paths. */
const ANSWERS: Record<string, Answer> = {
  '/nul': reply({ body: 'a\0b' }),
  '/escapes': reply({ body: '{"\\u0000":"\\ud800"}' }),
  '/surrogate': reply({ body: new Uint8Array([0xed, 0xa0, 0x80]) }),
  '/type': reply({ body: new Uint8Array([0xff]), headers: { 'content-type': 'a\x80\xff' } }),
  '/coding': reply({ body: 'a\0', headers: { 'content-encoding': 'gzip' } }),
  '/no-http': (wire) => wire.write('HTTP/1.1 200 \0\r\nx\0: \0\r\n\r\n'),
}

const NAMES = ['a\0b', '\0', 'half\ud800', '\udc00\ud800', 'tab\t', 'é\u{1f600}\u2028']
const CAN_BE = NAMES.slice(4)

const VARYING = /^(task_?)?id$|_at$|_ms$|^(request|trace)_id$|^location$|^last_probe$/

/** Less what differs between any two tasks. */
function comparable(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value ?? null), (key, each) => (VARYING.test(key) ? '…' : each))
}

/** The reply, and the task as it is stored. */
async function told(service: Service, body: object | string, headers = {}): Promise<unknown[]> {
  const text = typeof body === 'string' ? body : JSON.stringify({ path: '/', ...body })
  const answer: Reply = await service.call('POST', '/orchestrator/tasks', {
    headers: { 'content-type': 'application/json', ...headers },
    body: text,
  })
  const id = answer.json.task_id ?? answer.json.error?.details.task_id
  const task = id && (await service.task(id, ({ completed_at }) => completed_at !== null))
  return [answer.status, comparable(answer.json), comparable(task)]
}

const raw = (field: string) => `{"droplet_name":"echo","path":"/","method":"POST",${field}}`

describe.skipIf(!hasPostgres)(`in SQLite and in Postgres${withPostgres}`, () => {
  const stack = new AsyncDisposableStack()
  let both: Service[]
  beforeAll(async () => {
    const droplet = stack.use(
      scriptedServer(({ url }: Received) => ANSWERS[url] ?? json({ fine: true }), {
        perRequest: true,
      }),
    )
    const { url } = droplet
    const mesh: Mesh = Object.fromEntries(['echo', ...NAMES].map((name) => [name, url]))
    mesh.odd = { endpoint: url, id: '\0', version: '\ud800', steward: '\0', status: '\ud800' }
    const database = stack.use(await createDatabase())
    const nodes = stack.use(nodesOver(database.url, mesh))
    const home = stack.use(serviceHome(mesh))
    both = [stack.use(await home.start(SETTINGS)), await nodes.start('a', SETTINGS)]
  })
  afterAll(() => stack.disposeAsync())

  /** The status of each of them, when nothing else differs. */
  async function same(ask: (service: Service) => Promise<unknown[]>): Promise<unknown> {
    const [one, other] = await Promise.all(both.map(ask))
    expect(other).toEqual(one!)
    return one![0]
  }

  test('names of droplets: one that is no text is left out of the list, with a warning', async () => {
    for (const droplet_name of NAMES) {
      const isName = CAN_BE.includes(droplet_name)
      const asked = (headers: object) => same((service) => told(service, { droplet_name }, headers))
      expect([await asked({}), await asked(ASYNC)]).toEqual(isName ? [200, 202] : [400, 400])
    }
    expect(await same((service) => told(service, { droplet_name: 'odd' }))).toBe(200)
    await same(async (service) => {
      const { status, json: page } = await service.get('/orchestrator/droplets')
      const names = page.droplets.map(({ name }: { name: string }) => name)
      expect(names.toSorted()).toEqual(['echo', 'odd', ...CAN_BE].toSorted())
      return [status, comparable(page.droplets)]
    })
    for (const service of both)
      expect(service.log('droplets that are not valid were skipped')).toHaveLength(1)
  })

  test.each(Object.keys(ANSWERS))('a droplet that answers %s', async (path) => {
    const asked = (headers: object) =>
      same((service) => told(service, { droplet_name: 'echo', path }, headers))
    const fails = path === '/coding' || path === '/no-http'
    expect([await asked({}), await asked(ASYNC)]).toEqual([fails ? 503 : 200, 202])
  })

  test.each<[string, number, object | string, object?]>([
    ['an escaped path', 200, { path: '/%00?%ed%a0%80' }],
    ['a path with a NUL', 400, { path: '/\0' }],
    ['a path with half a pair', 400, { path: '/\ud800' }],
    ['an escaped payload', 200, raw('"payload":{"\\u0000":"\\ud800"}')],
    ['a payload with a NUL', 400, raw('"payload":"\0"')],
    ['escaped meta', 200, raw('"meta":{"\\u0000":"\\udc00"}')],
    ['a header with a NUL', 400, { headers: { 'x-a': '\0' } }],
    ['headers in Latin-1', 202, { headers: { 'x-a': '\x80\xff', cookie: '\xff' } }, ASYNC],
    ['a key in Latin-1', 400, {}, { 'idempotency-key': 'a\xff' }],
    ['a key with signs', 200, {}, { 'idempotency-key': `{"a,b\\}'NULL` }],
    ['a request id in Latin-1', 200, {}, { 'x-request-id': '\x80' }],
    ['a trace in Latin-1', 200, {}, { ...TRACE, tracestate: 'a=\xff' }],
  ])('%s', async (_, status, body, headers = {}) => {
    const whole = typeof body === 'string' ? body : { droplet_name: 'echo', ...body }
    expect(await same((service) => told(service, whole, headers))).toBe(status)
  })

  test.each([
    ['/orchestrator/tasks/%00', 404],
    ['/orchestrator/tasks/%ED%A0%80', 404],
    ['/orchestrator/tasks?request_id=%00', 200],
    ['/orchestrator/tasks?droplet_name=a%00b', 200],
    ['/orchestrator/tasks?replay_of=%ED%A0%80', 200],
    ['/orchestrator/tasks?cursor=%00', 400],
  ])('GET %s', async (path, status) => {
    const asked = async (service: Service) => {
      const { status: got, json: body } = await service.get(path)
      return [got, comparable(body)]
    }
    expect(await same(asked)).toBe(status)
  })
})
