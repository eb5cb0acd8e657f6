/** Who may come in: pages by their origin, requests by their rate and hops. A model says who. */
import fc from 'fast-check'
import type { Area } from '../area.ts'
import { oddText, rarely } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import { exchange, type Answered } from '../wire.ts'
import type { World } from '../world.ts'
import { head, JSON_LINE, sentFor, TASKS, type HeaderLines } from './submission.ts'

const RATE = 2
/** What is sent at once; afterwards so many a second. */
const BURST = 2 * RATE
const PUBLIC_URL = 'http://orc.mesh:8001'
const MAX_HOPS = 8

/** A host, and whether only this service can be meant by it; null: it is no host. */
const HOSTS: readonly (readonly [host: string, isOurs: boolean | null])[] = [
  ...(['localhost', '127.0.0.1:8001', '[::1]:8001', 'x.localhost:1', '10.1.2.3'] as const).map(
    (host) => [host, true] as const,
  ),
  ...[['orc.mesh:8001', true] as const, ['ORC.mesh', true] as const],
  ...(['evil.example', 'localhost.evil.example', 'orc.mesh.example:8001', 'x:1'] as const).map(
    (host) => [host, false] as const,
  ),
  ...(['a b', 'u@x', 'x/y', 'x?y', 'localhost:99999', '[::1'] as const).map(
    (host) => [host, null] as const,
  ),
]

const PAGES = ['https://app.example', 'http://localhost:3000']
const ORIGINS = [
  ...[...PAGES, PUBLIC_URL, 'null', 'http://evil.example', 'http://*', '*', 'file://', ''],
  ...['https://app.example.evil.example', 'https://app.example:444', 'http://app.example'],
  ...[
    'https://APP.example',
    'https://app.example/',
    'https://u@app.example',
    'HTTPS://app.example',
  ],
  ...['http://localhost:3001', 'https://app.example, https://app.example', 'http://orc.mesh'],
]

const HOPS = [
  ...['0', '1', '7', '007', '8', '9', '08', '1e9', '99999999999999999999999', '-1', '+1', '0x1'],
  ...['1.0', 'x', '', '1, 1', '7 7', '\xb2'],
]

const ofThese = <T>(...values: readonly T[]) => fc.constantFrom(...values)
const without = (text: string) => text.replaceAll(/[^\x21-\x7e]/g, '')

interface Input {
  readonly method: 'GET' | 'POST' | 'OPTIONS'
  readonly host: (typeof HOSTS)[number]
  /** `own`: the one of the host itself. */
  readonly origin: string | { readonly own: 'http' | 'https' } | null
  readonly site: string | null
  readonly forwardedProto: 'http' | 'https' | null
  readonly language: boolean
  readonly hops: string | null
  /** How often it is sent, each time with another lie about who sends it. */
  readonly times: number
  readonly lies: readonly string[]
  /** What proxies, which are believed, have seen of each other. */
  readonly proxies: readonly string[]
  readonly client: 'IPv4' | 'IPv6'
}

/** Addresses that are nowhere else: a client each. */
function addresses(): (kind?: Input['client']) => string {
  let last = 0
  return (kind = 'IPv4') => {
    const bytes = [(++last >> 16) & 255, (last >> 8) & 255, last & 255]
    return kind === 'IPv4' ? `11.${bytes.join('.')}` : `2001:db8:${last >> 16}:${hex(last)}::`
  }
}
const hex = (n: number) => (n & 0xffff).toString(16)

const nextAddress = addresses()

/** The address of one client in all ways to write it; of IPv6, with other ends. */
const WRITTEN: Record<Input['client'], ((address: string, n: number) => string)[]> = {
  IPv4: [
    (address) => address,
    (address, n) => `${address}:${n + 1}`,
    (address) => `::ffff:${address}`,
    (address, n) => `[::FFFF:${address}]:${n + 1}`,
  ],
  IPv6: [
    (address, n) => `${address}${hex(n + 1)}`,
    (address, n) => `[${address}a:${hex(n)}]:80`,
    (address, n) => `${address.toUpperCase()}B:${hex(n)}`,
  ],
}

export const door: Area<Input> = {
  name: 'door',
  share: 6,
  setup: {
    env: { PUBLIC_URL, RATE_LIMIT: String(RATE) },
    headers: () => ({ 'X-Forwarded-For': nextAddress() }),
  },
  inputs: fc.record({
    method: ofThese('GET', 'POST', 'POST', 'OPTIONS'),
    host: ofThese(...HOSTS, ...HOSTS.filter(([, isOurs]) => isOurs)),
    origin: rarely(
      fc.oneof(
        ofThese(...ORIGINS),
        ofThese(...ORIGINS, ...PAGES),
        ofThese({ own: 'http' } as const, { own: 'https' } as const),
        oddText.map(without),
      ),
      2,
    ),
    site: rarely(ofThese('cross-site', 'same-site', 'same-origin', 'none', '', 'None'), 3),
    forwardedProto: rarely(ofThese('http', 'https'), 4),
    language: fc.boolean(),
    hops: rarely(ofThese(...HOPS), 2),
    times: fc.oneof(
      { weight: 12, arbitrary: fc.constant(1) },
      { weight: 1, arbitrary: fc.integer({ min: BURST, max: BURST + 4 }) },
    ),
    lies: fc.array(
      ofThese('1.2.3.4', 'unknown', '_x', '"[::1]:1"', '127.0.0.1', '::1', ' ', 'a'.repeat(4000)),
      { maxLength: 4 },
    ),
    proxies: fc.array(ofThese('10.1.2.3', '127.0.0.9', '[::ffff:10.1.2.3]:5', '10.9.9.9:80'), {
      maxLength: 3,
    }),
    client: ofThese('IPv4', 'IPv6'),
  }),
  async run(input, world) {
    world.droplet.requests.length = 0
    const client = nextAddress(input.client)
    const startedAt = performance.now()
    let [size, allowed] = [0, 0]
    for (let n = 0; n < input.times; n++) {
      const { answers, bytes } = await exchange(world.url, [requestOf(input, client, n)])
      const [answer] = answers
      if (!answer) throw new Error('the connection was closed without an answer')
      await expectProper(answer, { route: [input.method, TASKS] })
      if (answer.status === 429) expectLimit(answer)
      else allowed++
      if (answer.status !== 429) expectAnswer(input, answer, world)
      size += bytes
    }
    expectRate(input, allowed, (performance.now() - startedAt) / 1000)
    return { bytes: size, requests: input.times }
  },
}

function requestOf(input: Input, client: string, n: number): string {
  const { method, host, site, forwardedProto, language, hops } = input
  const origin = originOf(input)
  const ways = WRITTEN[input.client]
  const seen = [ways[n % ways.length]!(client, n), ...input.proxies].join(', ')
  const body = method === 'POST' ? JSON.stringify({ droplet_name: 'echo', path: '/' }) : ''
  const optional: Record<string, string | null> = {
    Origin: origin,
    'Sec-Fetch-Site': site,
    'X-Forwarded-Proto': forwardedProto,
    'Accept-Language': language ? 'en' : null,
    'X-Orchestrator-Hops': hops,
    'Access-Control-Request-Method': method === 'OPTIONS' ? 'POST' : null,
  }
  const lines: HeaderLines = [
    ['Host', host[0]],
    ...(method === 'POST' ? [JSON_LINE, ['Content-Length', String(body.length)] as const] : []),
    ...Object.entries(optional).filter((line): line is [string, string] => line[1] !== null),
    ...input.lies.map((lie) => ['X-Forwarded-For', `${lie}${n}`] as const),
    ['X-Forwarded-For', seen],
  ]
  return head(method, TASKS, lines) + body
}

function originOf({ origin, host: [host] }: Input): string | null {
  return typeof origin === 'object' && origin ? `${origin.own}://${host.toLowerCase()}` : origin
}

/** The contract: why a request must be refused, whatever its rate; null: it need not be. */
function refusalOf(input: Input): number | null {
  const { method, host, site, language, hops } = input
  const [name, isOurs] = host
  if (isOurs === null) return 400
  const origin = originOf(input)
  if (origin !== null) {
    const proto = input.forwardedProto === 'https' ? 'https' : 'http'
    const isOwn = isOurs && origin === `${proto}://${name.toLowerCase()}`
    if (!isOwn && origin !== PUBLIC_URL && !PAGES.includes(origin)) return 403
  } else {
    const isElsewhere = site !== null && site !== 'same-origin' && site !== 'none'
    if (method === 'POST' && isElsewhere) return 403
  }
  // A page that was loaded under another name; no page of CORS_ORIGINS has that problem.
  if (language && !isOurs && origin === null) return 403
  if (method !== 'POST' || hops === null) return null
  if (!/^\d+$/.test(hops)) return 400
  return Number(hops) >= MAX_HOPS ? 508 : null
}

function expectAnswer(input: Input, answer: Answered, world: World): void {
  const { status, headers, text } = answer
  const refusal = refusalOf(input)
  const page = originOf(input)
  const fail = (what: string) => {
    throw new Error(`${what}: ${status}, not ${refusal ?? 'let in'}: ${text.slice(0, 300)}`)
  }
  const allowed = headers.get('access-control-allow-origin')
  if (allowed !== null && (allowed !== page || !PAGES.includes(page))) fail(`it allows ${allowed}`)
  const sent = sentFor(world, answer)
  if (refusal !== null) {
    if (status !== refusal) fail('it must be refused')
    if (sent.length > 0) fail('it was sent all the same')
    return
  }
  const isPage = page !== null && PAGES.includes(page)
  const wanted = input.method !== 'OPTIONS' ? 200 : isPage ? 204 : 405
  if (status !== wanted) fail('it must be let in')
  if (isPage && allowed !== page) fail('its page is not told that it may read the answer')
  if (input.method !== 'POST') return
  const hops = sent.map((request) => Number(request.headers['x-orchestrator-hops']))
  const expected = Number(input.hops ?? 0) + 1
  if (hops.length !== 1 || hops[0] !== expected) fail(`it was sent with the hops ${hops.join()}`)
}

function expectLimit({ headers }: Answered): void {
  const after = Number(headers.get('retry-after'))
  if (!(after >= 1 && after <= 2)) throw new Error(`Retry-After is ${headers.get('retry-after')}`)
  if (!headers.get('ratelimit')?.startsWith('"default";r=0;t=')) throw new Error('no RateLimit')
}

/** What is refused at the door before it is counted may be asked for without end. */
function expectRate(input: Input, allowed: number, seconds: number): void {
  const refusal = refusalOf(input)
  const isCounted =
    refusal === null || refusal === 508 || (input.host[1] !== null && refusal === 400)
  const least = isCounted ? Math.min(input.times, BURST) : input.times
  const most = isCounted ? BURST + Math.ceil(seconds * RATE) : input.times
  if (allowed >= least && allowed <= most) return
  throw new Error(`${allowed} of ${input.times} were let in, in ${seconds.toFixed(2)} s`)
}
