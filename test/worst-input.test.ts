/** The worst that each field can hold, at its limit, costs about as much as any text of that size. */
import { expect, test } from 'bun:test'
import { maskUrl } from '../src/config/urls.ts'
import { dropletUrl } from '../src/droplets/droplet.ts'
import { joinTarget } from '../src/droplets/target.ts'
import { retryAfterMs } from '../src/delivery/retry-after.ts'
import { errorText } from '../src/errors.ts'
import { hostCheck } from '../src/http/host.ts'
import { readJson } from '../src/http/json-body.ts'
import { readPrefer } from '../src/http/prefer.ts'
import { FindQuery, ListQuery, readQuery } from '../src/http/query.ts'
import { RequestBodies } from '../src/http/request-bodies.ts'
import { requestIdOf } from '../src/http/request-id.ts'
import { Routes } from '../src/http/routes.ts'
import { submitOptions } from '../src/http/submit-headers.ts'
import { systemClock } from '../src/platform/clock.ts'
import { cpuTimeOf } from './support/cpu-time.ts'

/** Bun's limit for all headers and the path together. */
const HEADERS = 16_000
const PATH = 2048
/** What somebody else decides: an answer, a Registry's list. */
const FOREIGN = 100_000
const BODY = 1_000_000
const bodies = new RequestBodies(systemClock, 2 * BODY, Infinity)

const preferences = { respondAsync: false, waitSeconds: null }
const request = (name: string, value: string) =>
  new Request('http://localhost', { headers: { [name]: value } })
const post = (body: string) =>
  new Request('http://localhost', { method: 'POST', body, headers: { 'content-length': '1' } })

/** The middle, again and again, up to `size`. */
function filled(size: number, start: string, middle: string, end: string): string {
  const times = Math.floor((size - start.length - end.length) / middle.length)
  return start + middle.repeat(times) + end
}

type Read = (text: string) => unknown

const routes = new Routes()
routes.learn([{ method: 'GET', path: '/orchestrator/tasks/:task_id' }])

/** What reads it; how long it may be; the worst, as start, middle and end. */
const FIELDS: readonly [string, Read, number, [string, string, string][]][] = [
  [
    'Prefer',
    readPrefer,
    HEADERS,
    [
      ['a', ' ', '"'],
      ['a=', ' ', '"'],
      ['a="', ' ', 'x'],
      ['', '"', ''],
      ['', ',', ''],
      ['', ';', ''],
      ['', 'a;', '"'],
      ['', '\\"', ''],
      ['"', '\\', ''],
      ['', '=', ''],
      ['', 'a=" ",', ''],
      ['', 'a,', ''],
    ],
  ],
  [
    'X-Request-ID',
    (text) => requestIdOf(request('x-request-id', text), () => 'id'),
    HEADERS,
    [['', 'a', '!']],
  ],
  [
    'Host',
    (text) => hostCheck()(new Headers({ host: text })),
    HEADERS,
    [
      ['', '[', ''],
      ['', '.', '%'],
      ['', '%', ''],
    ],
  ],
  [
    'Idempotency-Key',
    (text) => submitOptions(request('idempotency-key', text).headers, preferences),
    HEADERS,
    [['', 'a', 'ä']],
  ],
  [
    'the query',
    (text) => [readQuery(FindQuery, `/x?${text}`), readQuery(ListQuery, `/x?${text}`)],
    HEADERS,
    [
      ['wait=', '1', 'x'],
      ['', 'a&', ''],
      ['', '%', ''],
      ['', '?', ''],
      ['', 'wait=x&', ''],
    ],
  ],
  [
    'the path of a request',
    (text) => routes.methodsOf(text),
    HEADERS,
    [
      ['', '/', 'x'],
      ['/', '.', ''],
    ],
  ],
  [
    'the path of a task',
    (text) => joinTarget('http://localhost', text),
    PATH,
    [
      ['/', '%2e', ''],
      ['/', './', ''],
      ['/', 'a/../', ''],
      ['/', '%2f', ''],
      ['/', '%2', ''],
      ['/a', ';', ''],
    ],
  ],
  [
    'Retry-After',
    (text) => retryAfterMs(text, 0),
    HEADERS,
    [
      ['', '1', 'x'],
      ['M', 'o', ''],
      ['Mon, ', ' ', 'x'],
      ['', ' ', 'x'],
    ],
  ],
  [
    'the URL of a droplet',
    dropletUrl,
    FOREIGN,
    [
      ['http://h/', '/', 'x'],
      ['http://h', '.', ''],
      ['http://', '@', 'h'],
    ],
  ],
  [
    'an error',
    (text) => errorText(new Error(text)),
    FOREIGN,
    [
      ['', ' ', 'x'],
      ['', '\n', 'x'],
      ['', ' \n', 'x'],
      ['', '\t', '\r'],
    ],
  ],
  [
    'a URL that is shown',
    maskUrl,
    FOREIGN,
    [
      ['http:', '/', 'x'],
      ['a', ':', ''],
      ['', '@', ''],
      ['', '?', '\n'],
      ['', 'a', ''],
    ],
  ],
  [
    'Content-Type',
    (text) => readJson(request('content-type', text), bodies).catch(() => {}),
    HEADERS,
    [
      ['application/', 'a', 'x'],
      ['application/json', ' ', 'x'],
      ['application/', 'a+', ''],
      ['application/', '+json', ''],
    ],
  ],
  [
    'the body',
    (text) => readJson(post(text), bodies).catch(() => {}),
    BODY,
    [
      ['"', '\\\\', '"'],
      ['"', '\\"', '"'],
      ['["', '","', '"]'],
      ['[', '"\\\\",', '1]'],
      ['', '[', ''],
      ['', '{"a":', ''],
      ['', '"', ''],
      ['"', '\\', ''],
      ['', ' ', '1'],
      ['1', '1', ''],
    ],
  ],
]

const CASES = FIELDS.flatMap(([field, read, size, worst]) =>
  worst.map((parts) => ({ field, read, size, parts, shown: parts.join('…') })),
)

// What takes quadratic time is slower by thousands at these sizes.
const FACTOR = 50

test.each(CASES)('$field: $shown', async ({ read, size, parts }) => {
  const attempt = (text: string) => async () => {
    try {
      await read(text)
    } catch {
      // A refusal is an answer.
    }
  }
  const bad = filled(size, ...parts)
  const benign = await cpuTimeOf(attempt('x'.repeat(size)))
  // Below a millisecond there is nothing to measure.
  expect(await cpuTimeOf(attempt(bad))).toBeLessThan(FACTOR * Math.max(benign, 1))
})
