/** The headers of requests: those that mean something here, and any. */
import fc from 'fast-check'
import type { Area } from '../area.ts'
import { asLatin1, headerValue, oddText } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import { exchange } from '../wire.ts'
import { aMoment, head, JSON_LINE, sentFor, TASKS, type HeaderLines } from './submission.ts'

const KNOWN: Record<string, readonly string[]> = {
  Prefer: [
    'respond-async',
    'wait=1',
    'wait=0',
    'wait="2"',
    'wait=-1',
    'respond-async;a="b"',
    'wait',
  ],
  'Idempotency-Key': ['a', 'b', '"a"', 'a'.repeat(255), 'a'.repeat(256), '', ' a '],
  'X-Request-ID': ['a', 'a:b.c-d_1', 'a'.repeat(128), 'a'.repeat(129), 'a b', 'ä'],
  'Content-Type': [
    'application/json',
    'application/x+json',
    'text/plain',
    'json',
    '',
    ';charset=utf-8',
  ],
  'Content-Encoding': ['identity', 'gzip', 'br', 'gzip, gzip', ''],
  'Content-Length': [
    '0',
    '1',
    '-1',
    '+36',
    '036',
    '1e3',
    '18446744073709551616',
    '99999999999',
    '36, 36',
  ],
  'Transfer-Encoding': ['chunked', 'identity', 'gzip, chunked', 'chunked, chunked', 'x'],
  Host: ['localhost', 'a', 'x:1', '[::1]', 'a b', 'u@x', 'x/y', '', 'localhost:99999', '%00', 'é'],
  Origin: ['null', 'http://localhost', 'https://evil.example', 'http://127.0.0.1:1', 'file://', ''],
  'X-Forwarded-For': ['1.2.3.4', '::1', 'unknown', '1.2.3.4:80', '"[::1]:1"', '_x', '999.1.1.1'],
  Forwarded: ['for=1.2.3.4', 'for="[::1]"', 'host=x'],
  Authorization: [
    'Bearer',
    'Bearer orc_x',
    'Basic YTpi',
    'bearer  x',
    'Bearer x y',
    `Bearer ${'a'.repeat(40)}`,
  ],
  'X-Orchestrator-Hops': ['0', '1', '8', '-1', '1e9', 'x'],
  'Access-Control-Request-Method': ['POST', 'x'],
  Accept: ['*/*', 'application/json', 'text/html;q=0', 'application/openmetrics-text'],
  Expect: ['100-continue', 'x'],
  Connection: ['close', 'keep-alive', 'upgrade', 'X-Request-ID'],
  Upgrade: ['websocket', 'h2c'],
  'Sec-WebSocket-Key': ['dGhlIHNhbXBsZSBub25jZQ=='],
  Range: ['bytes=0-1', 'bytes=-'],
  'If-None-Match': ['*', '"a"'],
  'If-Match': ['*'],
  'X-HTTP-Method-Override': ['DELETE'],
  Cookie: ['a=b', '='],
}

const line = fc.oneof(
  {
    weight: 8,
    arbitrary: fc
      .constantFrom(...Object.keys(KNOWN))
      .chain((name) => fc.tuple(fc.constant(name), headerValue(KNOWN[name]!))),
  },
  {
    weight: 1,
    arbitrary: fc.tuple(
      fc.oneof(fc.stringMatching(/^[\w!#$%&'*+.^`|~-]{1,20}$/), oddText.map(asLatin1)),
      headerValue(['a', '']),
    ),
  },
)

interface Input {
  readonly method: 'POST' | 'GET'
  readonly lines: HeaderLines
  /** How often they are sent. */
  readonly times: number
  readonly async: boolean
}

const BODY = JSON.stringify({ droplet_name: 'echo', path: '/' })

export const headers: Area<Input> = {
  name: 'headers',
  share: 14,
  inputs: fc.record({
    method: fc.constantFrom('POST', 'POST', 'GET'),
    lines: fc.array(line, { minLength: 1, maxLength: 6 }),
    times: fc.oneof(
      { weight: 20, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.nat(250) },
    ),
    async: fc.boolean(),
  }),
  async run({ method, lines, times, async }, world) {
    world.droplet.requests.length = 0
    const has = (name: string) => lines.some(([each]) => each.toLowerCase() === name)
    const all: (readonly [string, string])[] = Array.from({ length: times }, () => lines).flat()
    if (!has('host')) all.push(['Host', 'localhost'])
    if (async && !has('prefer')) all.push(['Prefer', 'respond-async'])
    const body = method === 'POST' ? BODY : ''
    if (method === 'POST' && !has('content-type')) all.push(JSON_LINE)
    if (!has('content-length') && !has('transfer-encoding') && method === 'POST') {
      all.push(['Content-Length', String(body.length)])
    }
    const framed = !has('content-length') && !has('transfer-encoding') && !has('expect')
    // A length that is a lie is waited for: the rest of the body may come yet.
    const options = framed && !has('prefer') ? {} : { hangUp: () => aMoment(world) }
    const request = head(method, TASKS, all) + body
    const { answers, hungUp, bytes } = await exchange(world.url, [request], options)
    const [answer] = answers
    if (!answer && hungUp) return bytes
    // What is no header, or no framing, the parser refuses; it may close without a word.
    if (!answer) return bytes
    await expectProper(answer, { route: [method, TASKS], mayBeBare: true })
    if (answer.status >= 400 && answer.status < 500 && sentFor(world, answer).length > 0) {
      throw new Error(`it was refused with ${answer.status}, and sent`)
    }
    expectHost(lines, answer.status)
    expectRequestId(lines, times, answer.headers.get('x-request-id'))
    return bytes
  },
}

function expectHost(lines: HeaderLines, status: number): void {
  const hosts = lines.filter(([name]) => name.toLowerCase() === 'host')
  const bad = hosts.find(([, host]) => /[\s/@?#\\]/.test(host.trim()))
  if (bad && status < 400) throw new Error(`${bad[1]} was taken for a host`)
}

/** The caller's, if it sent one that is valid. */
function expectRequestId(lines: HeaderLines, times: number, answered: string | null): void {
  const given = lines.filter(([name]) => name.toLowerCase() === 'x-request-id')
  const id = given[0]?.[1].trim()
  if (given.length !== 1 || times !== 1 || answered === null) return
  if (/^[\w.:-]{1,128}$/.test(id!) !== (id === answered)) {
    throw new Error(`X-Request-ID ${id} was answered with ${answered}`)
  }
}
