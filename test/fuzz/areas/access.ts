/** Authorization headers of all kinds, against a service with tokens. A model says who gets what. */
import fc from 'fast-check'
import { permits, type Access } from '../../../src/access/scopes.ts'
import type { Area } from '../area.ts'
import { asLatin1, oddText, rarely } from '../arbitraries/texts.ts'
import { ADMIN, CREDENTIALS, TOKEN_SECRETS, TOKENS_FILE, type Rights } from '../credentials.ts'
import { expectProper } from '../proper.ts'
import { exchange, type Answered } from '../wire.ts'
import type { World } from '../world.ts'
import { head, JSON_LINE, post, sentFor, TASKS, type HeaderLines } from './submission.ts'

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly access: Access
}

const route = (method: Route['method'], path: string, access: Access) => ({ method, path, access })
const ROUTES: readonly Route[] = [
  route('POST', TASKS, 'tasks:write'),
  route('POST', TASKS, 'tasks:write'),
  route('POST', `${TASKS}/:id/replay`, 'tasks:write'),
  route('POST', `${TASKS}/:id/cancel`, 'tasks:write'),
  route('POST', '/orchestrator/send', 'tasks:write'),
  route('POST', '/orchestrator/message', 'tasks:write'),
  route('POST', '/message', 'tasks:write'),
  route('GET', TASKS, 'tasks:read'),
  route('GET', `${TASKS}/:id`, 'token'),
  route('GET', '/orchestrator/droplets', 'tasks:read'),
  route('GET', '/orchestrator/metrics', 'admin'),
  route('GET', '/orchestrator/info', 'admin'),
  route('GET', '/state', 'admin'),
  route('GET', '/orchestrator/state', 'admin'),
  route('GET', '/orchestrator/capabilities', 'token'),
  route('GET', '/dependencies', 'token'),
  route('GET', '/orchestrator/health', 'open'),
  route('GET', '/orchestrator/ready', 'open'),
  route('GET', '/orchestrator/docs/json', 'open'),
]

/** What may lead to the same route, or to none: it must not lead past the token. */
const TWISTS = ['/', '//', '?access_token=', '%2f', '/.', '/../', ';x', '%00', '/x', '?a=b#']

/** What is done to a token. */
const mangled = fc.constantFrom<(token: string) => string>(
  (token) => token.slice(0, -1),
  (token) => `${token}0`,
  (token) => token.toLowerCase(),
  (token) => token.replace('orc_', 'ORC_'),
  (token) => `${token.slice(0, 20)}${token[20] === 'a' ? 'b' : 'a'}${token.slice(21)}`,
  (token) => `"${token}"`,
  (token) => `${token},${token}`,
  (token) => `${token} x`,
  (token) => btoa(token),
  (token) => token.slice(4),
  () => '',
)

const header = fc.record({
  name: fc.oneof(
    { weight: 12, arbitrary: fc.constantFrom('Authorization', 'authorization', 'AUTHORIZATION') },
    { weight: 1, arbitrary: fc.constantFrom('Proxy-Authorization', 'X-Api-Key', 'Cookie') },
  ),
  scheme: fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom('Bearer', 'bearer', 'BEARER') },
    { weight: 1, arbitrary: fc.constantFrom('Basic', 'Token', '', 'Bearer:', 'Bearer Bearer') },
    { weight: 1, arbitrary: oddText.map((text) => asLatin1(text.replaceAll(/\p{Cc}/gu, ''))) },
  ),
  gap: fc.oneof(
    { weight: 8, arbitrary: fc.constant(' ') },
    { weight: 1, arbitrary: fc.constantFrom('', '   ', '\t', ' \t', ',', '\xa0') },
  ),
  who: fc.nat(CREDENTIALS.length - 1),
  mangle: rarely(mangled, 4),
})

interface Input {
  readonly route: Route
  readonly head: boolean
  readonly twist: string | null
  readonly headers: readonly {
    readonly name: string
    readonly scheme: string
    readonly gap: string
    readonly who: number
    readonly mangle: ((token: string) => string) | null
  }[]
  readonly droplet: string
  readonly key: string | null
}

/** A secret header of a task: its droplet gets it, and nobody else. */
const HUSH = 'hush-1fuzz2fuzz3'
const SECRET_HEADERS = { 'X-Api-Key': HUSH, Cookie: `a=${HUSH}` }

export const access: Area<Input> = {
  name: 'access',
  share: 6,
  setup: {
    files: { AUTH_TOKENS_FILE: TOKENS_FILE },
    env: { LOG_LEVEL: 'DEBUG' },
    headers: () => ({ authorization: `Bearer ${ADMIN.token}` }),
    secrets: [...TOKEN_SECRETS, HUSH],
  },
  inputs: fc.record({
    route: fc.constantFrom(...ROUTES),
    head: fc.boolean(),
    twist: rarely(fc.constantFrom(...TWISTS)),
    headers: fc.oneof(
      { weight: 12, arbitrary: fc.tuple(header) },
      { weight: 1, arbitrary: fc.array(header, { maxLength: 3 }) },
    ),
    droplet: fc.constantFrom('echo', 'Echo', 'based', 'BASED'),
    key: rarely(fc.constantFrom('k1', 'k2')),
  }),
  async run(input, world) {
    world.droplet.requests.length = 0
    const { route, twist, droplet } = input
    const isHead = input.head && route.method === 'GET'
    const lines = input.headers.map(({ name, scheme, gap, who, mangle }) => {
      const { token } = CREDENTIALS[who]!
      return [name, `${scheme}${gap}${mangle ? mangle(token) : token}`] as const
    })
    const target = route.path.replace(':id', await endedOf(droplet.toLowerCase(), world))
    const sent = twist?.endsWith('=') ? `${twist}${ADMIN.token}` : (twist ?? '')
    const body = route.method === 'POST' ? bodyOf(route, droplet) : ''
    const all: HeaderLines = [
      ...[['Host', 'localhost'] as const, JSON_LINE, ['Content-Length', String(body.length)]],
      ...(input.key ? [['Idempotency-Key', input.key] as const] : []),
      ...lines,
    ] as HeaderLines
    const request = head(isHead ? 'HEAD' : route.method, `${target}${sent}`, all) + body
    const { answers, bytes } = await exchange(world.url, [request], { head: isHead })
    const [answer] = answers
    if (!answer) throw new Error('the connection was closed without an answer')
    const documented = twist === null ? { route: [route.method, target] as const } : {}
    await expectProper(answer, { ...documented, mayBeBare: true, head: isHead })
    expectNoSecret(answer, world)
    const granted = { ...input, rights: rightsOf(lines) }
    expectGranted(granted, answer, sentFor(world, answer).length, isHead)
    return bytes
  },
}

function bodyOf({ path }: Route, droplet: string): string {
  if (path.endsWith('/cancel')) return ''
  if (path.endsWith('/replay')) return JSON.stringify({ headers: SECRET_HEADERS })
  if (path.endsWith('/send')) return JSON.stringify({ target: droplet, message_type: 'event' })
  if (path.endsWith('/message')) return JSON.stringify({ message_type: 'event', source: 'a' })
  return JSON.stringify({ droplet_name: droplet, path: '/', headers: SECRET_HEADERS })
}

const ended = new WeakMap<World, Map<string, Promise<string>>>()

/** The id of a task of that droplet, which had a secret header. */
function endedOf(droplet: string, world: World): Promise<string> {
  const ids = ended.get(world) ?? new Map<string, Promise<string>>()
  ended.set(world, ids)
  const id = ids.get(droplet) ?? submitted(droplet, world)
  ids.set(droplet, id)
  return id
}

async function submitted(droplet: string, world: World): Promise<string> {
  const task = { droplet_name: droplet, path: '/', headers: SECRET_HEADERS }
  const { answers } = await post(world, TASKS, Buffer.from(JSON.stringify(task)))
  return answers[0]!.json.task_id
}

/** The contract: one Authorization header, Bearer in any case, and a token that is valid. */
function rightsOf(lines: HeaderLines): Rights | null {
  const values = lines.filter(([name]) => name.toLowerCase() === 'authorization')
  if (values.length !== 1) return null
  const [scheme, text, ...more] = values[0]![1].replaceAll(/^[ \t]+|[ \t]+$/g, '').split(/ +/)
  if (scheme?.toLowerCase() !== 'bearer' || more.length > 0) return null
  return CREDENTIALS.find(({ token }) => token === text)?.rights ?? null
}

interface Granted extends Input {
  readonly rights: Rights | null
}

function expectGranted(input: Granted, answer: Answered, sent: number, isHead: boolean): void {
  const { status } = answer
  const { route, rights, twist } = input
  const expected = expectedStatus(input)
  const fail = (what: string) => {
    throw new Error(
      `${what}: ${status}, not ${expected.join(' or ')}: ${answer.text.slice(0, 300)}`,
    )
  }
  const isRefused = expected[0]! >= 400
  if (isRefused && (status < 400 || sent > 0)) fail('it got more than its token gives')
  if (twist === null && !expected.includes(status)) fail('it was not answered by its token')
  if (twist !== null) return
  const challenge = answer.headers.get('www-authenticate') ?? ''
  if (status === 401 && !challenge.startsWith('Bearer realm=')) fail('no challenge')
  const isScope = rights !== null && expected[0] === 403 && !mayAsk(input)
  if (isScope && !challenge.includes('insufficient_scope')) fail('no scope in the challenge')
  if (isHead || !rights?.droplets) return
  if (route.path.endsWith('/send') && !mayUse(rights, input.droplet) && sent > 0)
    fail('it was sent')
  const names = namesIn(answer).filter((name) => !mayUse(rights, name))
  if (names.length > 0) fail(`it was told of ${names.join()}`)
}

const mayAsk = ({ route: { access }, rights }: Granted) =>
  access === 'open' || access === 'token' || permits(new Set(rights!.scopes), access)

function expectedStatus(input: Granted): readonly number[] {
  const { route, rights, droplet, key } = input
  if (route.access === 'open') return [200]
  if (rights === null) return [401]
  if (!mayAsk(input)) return [403]
  const isForeign = !mayUse(rights, droplet)
  if (route.path.includes(':id') && isForeign) return [404]
  if (route.path === TASKS && route.method === 'POST' && isForeign) return [403]
  if (route.path.endsWith('/cancel')) return [409]
  // Another task may have had the key, or have it now.
  return route.method === 'POST' && key !== null ? [200, 409, 422] : [200]
}

function mayUse({ droplets }: Rights, name: string): boolean {
  const key = name.toLowerCase()
  return (
    !droplets ||
    droplets.some((each) => {
      const own = each.toLowerCase()
      return own.endsWith('*') ? key.startsWith(own.slice(0, -1)) : key === own
    })
  )
}

/** The droplets that an answer tells of, but for the one that was asked for. */
function namesIn({ json }: Answered): string[] {
  const items = [json?.tasks, json?.droplets].filter(Array.isArray).flat()
  const available: string[] = json?.error?.details?.available_droplets ?? []
  return [...items.map((item) => item.droplet_name ?? item.name), ...available]
}

function expectNoSecret({ text, headers }: Answered, world: World): void {
  const all = `${JSON.stringify([...headers])}${text}`
  const shown = world.secrets.find((secret) => all.includes(secret))
  if (shown) throw new Error(`the answer shows a secret: ${all.slice(0, 500)}`)
  const lines = world.droplet.requests.flatMap(({ headerLines }) => headerLines)
  const passed = lines.find((line) => /orc_/i.test(line))
  if (passed) throw new Error(`a token was passed on: ${passed}`)
}
