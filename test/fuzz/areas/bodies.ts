/** Bodies of every route that takes one: JSON, almost JSON, and none at all. */
import fc from 'fast-check'
import { anyPath } from '../../support/hostile-paths.ts'
import type { Area } from '../area.ts'
import {
  damage,
  damaged,
  depthOf,
  encoded,
  encodings,
  jsonValue,
  objectMembers,
  objectText,
  type Damage,
  type Members,
} from '../arbitraries/json-texts.ts'
import { oddText } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import { parsed, type Answered } from '../wire.ts'
import type { World } from '../world.ts'
import { JSON_LINE, post, sentFor, TASKS } from './submission.ts'

const texts = (...values: unknown[]) =>
  fc.constantFrom(...values.map((each) => JSON.stringify(each)))
const orAny = (good: fc.Arbitrary<string>, any: fc.Arbitrary<string>) =>
  fc.oneof({ weight: 6, arbitrary: good }, { weight: 1, arbitrary: any })
const quoted = (text: fc.Arbitrary<string>) => text.map((each) => JSON.stringify(each))

const names = orAny(texts('echo', 'ECHO', 'based', 'Based'), quoted(oddText))
const someHeaders = fc.dictionary(
  fc.oneof(
    fc.constantFrom(
      'X-A',
      'x-a',
      'Authorization',
      'Host',
      'Content-Length',
      '__proto__',
      'webhook-id',
    ),
    oddText,
  ),
  fc.oneof(fc.constantFrom('', 'a', 'Bearer x', 'a\r\nb: c', 'ä'), oddText),
)

const NEEDED = {
  droplet_name: names,
  target: names,
  path: orAny(texts('/', '/a?b=c', '/a/b'), quoted(anyPath)),
  method: orAny(texts('GET', 'POST', 'put', 'Delete', 'PATCH'), texts('TRACE', '', 'G T')),
  message_type: orAny(texts('event', 'command', 'query'), texts('')),
  source: texts('echo', ''),
}
const OPTIONAL = {
  payload: jsonValue,
  meta: orAny(texts(null, {}, { a: 1 }), jsonValue),
  headers: orAny(
    texts({}, { 'X-A': 'b' }, null),
    someHeaders.map((each) => JSON.stringify(each)),
  ),
  timeout_ms: orAny(texts(null, 30_000, 600_000), texts(0, 600_001)),
  deadline_ms: orAny(texts(null, 30_000, 3_600_000), texts(3_600_001)),
  max_retries: orAny(texts(null, 0, 3, 10), texts(11)),
  delay_seconds: orAny(texts(null, 0), texts(1, 604_800, -1)),
  retry_count: orAny(texts(0, 3, null), texts(11)),
}

interface Input {
  /** With `:id` where there is a task's. */
  readonly route: string
  readonly members: Members
  readonly damage: Damage | null
  readonly encoding: (typeof encodings)[number]
  readonly prefer: string | null
}

const ROUTES = [
  ...Array<string>(7).fill(TASKS),
  ...['/orchestrator/send', '/message', '/orchestrator/message'],
  ...['/orchestrator/tasks/:id/replay', '/orchestrator/tasks/:id/cancel'],
]

export const bodies: Area<Input> = {
  name: 'bodies',
  share: 18,
  inputs: fc.record({
    route: fc.constantFrom(...ROUTES),
    members: objectMembers(NEEDED, OPTIONAL),
    damage,
    encoding: fc.constantFrom(...encodings),
    prefer: fc.constantFrom(null, null, null, 'respond-async', 'wait=1'),
  }),
  async run(input, world) {
    world.droplet.requests.length = 0
    const target = input.route.replace(':id', world.endedId)
    const text = damaged(objectText(input.members), input.damage)
    const body = encoded(text, input.encoding)
    const lines = input.prefer ? [JSON_LINE, ['Prefer', input.prefer] as const] : [JSON_LINE]
    // Nobody waits for what may take seconds: a name that is looked up, an attempt that is repeated.
    const hangUp = mayTakeLong(text) ? { hangUp: () => Bun.sleep(50) } : {}
    const { answers, hungUp, bytes } = await post(world, target, body, lines, hangUp)
    const [answer] = answers
    if (hungUp) return bytes
    if (!answer) throw new Error('the connection was closed without an answer')
    await expectProper(answer, { route: ['POST', target] })
    expectDepth(text, input, answer)
    if (input.route === TASKS) expectAsWritten(input, body, answer, world)
    return bytes
  },
}

/** README, "Limits". */
const MAX_DEPTH = 1000

const NAMES = new Set(['echo', 'based'])

function mayTakeLong(text: string): boolean {
  const value = parsed(text)
  if (typeof value !== 'object' || value === null) return false
  const { droplet_name: name, target, ...task } = value as Record<string, unknown>
  const asked = name ?? target
  const isKnown = typeof asked === 'string' && NAMES.has(asked.toLowerCase())
  const isShort = (limit: unknown) => typeof limit === 'number' && limit < 30_000
  return !isKnown || isShort(task.timeout_ms) || isShort(task.deadline_ms) || !!task.delay_seconds
}

/** As deep as the contract lets it be, and no deeper; what replays a task has no body to be deep. */
function expectDepth(text: string, { encoding, route }: Input, { status, json }: Answered): void {
  const isRead = encoding === 'utf8' && !route.endsWith('/cancel') && status !== 413
  if (!isRead || parsed(text) === undefined) return
  const isTooDeep = depthOf(text) > MAX_DEPTH
  const message = json?.error?.details?.errors?.[0]?.message
  const isRefused = status === 400 && message === 'is nested too deeply'
  if (isTooDeep === isRefused) return
  throw new Error(`it is ${depthOf(text)} levels deep, and was answered with ${status} ${message}`)
}

/** What is refused sends nothing; what is sent stays below its droplet, with its payload as it came. */
function expectAsWritten(input: Input, body: Buffer, answer: Answered, world: World): void {
  const [sent, ...others] = sentFor(world, answer)
  const isJson = input.encoding !== 'latin1' && parsed(new TextDecoder().decode(body)) !== undefined
  if (answer.status >= 400 && answer.status < 500) {
    if (sent) throw new Error(`it was refused with ${answer.status}, and sent`)
    return
  }
  if (answer.status !== 200) return
  if (!isJson && input.encoding === 'utf8') throw new Error('it is not JSON, and was accepted')
  if (!sent || others.length > 0)
    throw new Error(`it was sent ${others.length + (sent ? 1 : 0)} times`)
  const { droplet_name: name } = parsed(new TextDecoder().decode(body)) as { droplet_name: string }
  if (name.toLowerCase() === 'based' && !/^\/base(?:[/?]|$)/.test(sent.url)) {
    throw new Error(`it left its droplet: ${sent.url}`)
  }
  const payload = input.members.findLast(([key]) => key === 'payload')?.[1]
  if (input.damage || input.encoding !== 'utf8' || sent.method === 'GET') return
  const expected = payload === undefined || payload === 'null' ? '' : payload
  if (sent.body !== Buffer.from(expected).toString()) {
    throw new Error(`its payload was sent as ${sent.body.slice(0, 200)}`)
  }
}
