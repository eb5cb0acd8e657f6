/** Payload and meta go as the caller wrote them: CONTRACT, section 2. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { withRaw } from '../../src/json-text.ts'
import { allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { json, scriptedServer, type ScriptedServer } from '../support/scripted-server.ts'

allowRealTime()

async function withEcho(
  work: (service: TestOrchestrator, upstream: ScriptedServer) => Promise<void>,
): Promise<void> {
  await using upstream = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  await work(service, upstream)
}

const post = (service: TestOrchestrator, body: string | Uint8Array, headers = {}) =>
  service.call('POST', '/orchestrator/tasks', {
    body,
    headers: { 'content-type': 'application/json', ...headers },
  })

const TASK = '"droplet_name":"echo","path":"/","method":"POST"'

const ODD = [
  '{"order_id":7615917337495251231,"max":1e400}',
  '[1.0,1.10,1E5,1e+5,-0,-0.0,0.1000000000000000055511151231257827,12345678901234567890.10]',
  '{"b":1,"a":2,"1":3,"0":4}',
  '{"a":1,"a":2,"\\u0061":3}',
  '{"__proto__":{"x":1},"constructor":2,"toString":3}',
  '"\\u00e9\\/\\ud800\\uDC00 \\ud800"',
  '"\\\\"',
  '"\\\\\\""',
  '"}],{\\",:"',
  '{\n  "a" : [ 1,\t2 ,\r\n [ ] , { } ]\n}',
  '"é\u2028😀\u007f"',
  '{"":{"":""}}',
  '[]',
  '0',
  'true',
  '""',
  ' \n "x" \t',
]

/** Every JSON text, with white space wherever it may be, and every kind of number and escape. */
const space = fc.string({ unit: fc.constantFrom(' ', '\t', '\n', '\r'), maxLength: 2 })
const digits = fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: 25 })
const number = fc
  .tuple(
    fc.constantFrom('', '-'),
    fc.oneof(fc.constant('0'), fc.tuple(fc.constantFrom(...'123456789'), digits)),
    fc.option(
      digits.map((each) => `.${each}`),
      { nil: '' },
    ),
    fc.option(fc.tuple(fc.constantFrom('e', 'E', 'e+', 'E-'), digits), { nil: '' }),
  )
  .map((parts) => parts.flat(2).join(''))
const escape = fc.constantFrom(
  ...['\\"', '\\\\', '\\/', '\\b', '\\n', '\\u0000', '\\ud800', '\\uDC00', '\\u0070'],
  ...'{}[],:#/ é\u2028😀aptym',
)
const string = fc.array(escape, { maxLength: 8 }).map((parts) => `"${parts.join('')}"`)
const spaced = <T>(inner: fc.Arbitrary<T>) =>
  fc.tuple(space, inner, space).map((parts) => parts.join(''))
const { text } = fc.letrec<{ text: string; list: string; object: string }>((tie) => ({
  list: fc.array(spaced(tie('text')), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
  object: fc
    .array(fc.tuple(spaced(string), spaced(tie('text'))), { maxLength: 4 })
    .map((members) => `{${members.map((each) => each.join(':')).join(',')}}`),
  text: fc.oneof(
    { depthSize: 'small' },
    fc.oneof(number, string, fc.constantFrom('true', 'false', 'null')),
    tie('list'),
    tie('object'),
  ),
}))
const object = fc
  .array(fc.tuple(spaced(string), spaced(text)), { maxLength: 4 })
  .map((members) => `{${members.map((each) => each.join(':')).join(',')}}`)

/** The body of a submission, with white space and fields that are not read. */
const body = fc
  .record({
    payload: text.filter((each) => each !== 'null'),
    meta: object,
    other: text,
    spaces: fc.array(space, { minLength: 4, maxLength: 4 }),
    payloadName: fc.constantFrom('payload', 'pay\\u006coad', '\\u0070ayload'),
  })
  .map(({ payload, meta, other, spaces: [a, b, c, d], payloadName }) => ({
    payload,
    meta,
    body:
      `${a}{${b}"\\"payload":${c}${other},"meta":1,"payload":null,"n":{"payload":2,"meta":[]},` +
      `${TASK}${d},"meta"${a}:${b}${meta}${c},${d}"${payloadName}":${c}${payload}${b}}${a}`,
  }))

/** What GET shows, up to the end of the task. */
const shown = async (service: TestOrchestrator, id: string) =>
  (await service.get(`/orchestrator/tasks/${id}`)).text

describe('a payload as it was written', () => {
  test.each(ODD)('%s', (payload) =>
    withEcho(async (service, upstream) => {
      const meta = `{"odd":${payload}}`
      const sent = await post(service, `{${TASK},"payload":${payload},"meta":${meta}}`)
      const id = sent.json.task_id
      expect(await shown(service, id)).toEndWith(`,"payload":${payload.trim()},"meta":${meta}}`)
      await service.post(`/orchestrator/tasks/${id}/replay`)
      await service.post(`/orchestrator/tasks/${id}/replay`, undefined, ASYNC)
      await upstream.received(3)
      const bodies = upstream.requests.map((request) => request.body)
      expect(bodies).toEqual([payload.trim(), payload.trim(), payload.trim()])
    }),
  )

  test('whatever it is', () =>
    withEcho(async (service, upstream) => {
      await fc.assert(
        fc.asyncProperty(body, async ({ payload, meta, body }) => {
          const { status, json: reply } = await post(service, body)
          expect(status).toBe(200)
          expect(upstream.requests.at(-1)!.body).toBe(payload)
          expect(await shown(service, reply.task_id)).toEndWith(
            `,"payload":${payload},"meta":${meta}}`,
          )
        }),
        { numRuns: 150 },
      )
    }))

  test('of several with one name the last counts, as for every field', () =>
    withEcho(async (service, upstream) => {
      await post(service, `{${TASK},"payload":1,"payload":2.0}`)
      await post(service, `{${TASK},"payload":1,"payload":null}`)
      await post(service, `{${TASK},"payload":1,"p\\u0061yload":"\\u0062"}`)
      expect(upstream.requests.map((request) => request.body)).toEqual(['2.0', '', '"\\u0062"'])
    }))

  test('a byte order mark before the body does not matter', () =>
    withEcho(async (service, upstream) => {
      const bytes = new TextEncoder().encode(`\ufeff{${TASK},"payload":1.0}`)
      expect((await post(service, bytes)).status).toBe(200)
      expect(upstream.requests[0]!.body).toBe('1.0')
    }))
})

test('two requests that differ in a digit are two, in white space and order one', () =>
  withEcho(async (service, upstream) => {
    const key = { 'idempotency-key': 'k' }
    const send = (payload: string) => post(service, `{${TASK},"payload":${payload}}`, key)
    await send('{"id":7615917337495251231,"a":"é"}')
    const same = await send('{ "a":"\\u00e9",\n"id" : 7615917337495251231}')
    expect(same.headers.get('idempotency-replayed')).toBe('true')
    const { status, json: reply } = await send('{"id":7615917337495251232,"a":"é"}')
    expect([status, reply.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect(upstream.calls).toHaveLength(1)
  }))

test('an object of fields and of JSON text has all of them, as they were written', () => {
  const raw = { '"b"': '1.0', c: null, d: '[ 1]' }
  expect(withRaw({ a: 'x' }, raw)).toBe('{"a":"x","\\"b\\"":1.0,"c":null,"d":[ 1]}')
  expect(withRaw({}, { a: '1' })).toBe('{"a":1}')
  expect(withRaw({ a: 1 }, {})).toBe('{"a":1}')
})
