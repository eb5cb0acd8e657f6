/** Query strings: every filter, cursors, and what is no query at all. */
import fc from 'fast-check'
import type { Area } from '../area.ts'
import { asLatin1, oddText, rarely, repetition } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import { exchange, type Answered } from '../wire.ts'
import type { World } from '../world.ts'
import { head, TASKS } from './submission.ts'

const KNOWN: Record<string, readonly string[]> = {
  status: ['success', 'error', 'queued', 'SUCCESS', 'success,error'],
  droplet_name: ['echo', 'ECHO', 'based', 'ECHO\u0130', '%'],
  limit: ['1', '1000', '0', '1001', '-1', '1e2', '0x10', '10.0', ' 1'],
  cursor: ['', 'MQ', 'bnVsbA', 'e30', '-1', '9007199254740993', 'MQ=='],
  response_status: ['200', '2xx', '5XX', '0xx', '99', '1000', 'xxx', '20x'],
  created_after: [
    '0',
    '1700000000',
    '1700000000.5',
    '1e400',
    '-1',
    '2026-01-01T00:00:00Z',
    '2026-02-30',
  ],
  created_before: ['0', '9e99', '2026-01-01', '2026-01-01T24:00:00+99:99', 'now'],
  request_id: ['a', ''],
  replay_of: ['a', '00000000-0000-7000-8000-000000000000'],
  mode: ['sync', 'async', 'both'],
  wait: ['0', '1', '-1', '1e9', '99999999999999999999', '0.5'],
  refresh: ['true', 'false', '1', 'TRUE'],
}

const value = (name: string) =>
  fc.oneof(
    { weight: 8, arbitrary: fc.constantFrom(...KNOWN[name]!) },
    { weight: 2, arbitrary: oddText },
    { weight: 1, arbitrary: repetition(6000) },
  )

const parameter = fc.oneof(
  {
    weight: 6,
    arbitrary: fc
      .constantFrom(...Object.keys(KNOWN))
      .chain((name) => fc.tuple(fc.constant(name), value(name), fc.boolean()))
      .map(([name, text, isEncoded]) => `${name}=${isEncoded ? percent(text) : raw(text)}`),
  },
  { weight: 1, arbitrary: fc.tuple(oddText, oddText).map(([a, b]) => `${raw(a)}=${raw(b)}`) },
)

// encodeURIComponent throws for half of a surrogate pair.
const percent = (text: string) => encodeURIComponent(text.toWellFormed())
/** As it stands, but for what ends a request line. */
const raw = (text: string) => asLatin1(text).replaceAll(/[\s#\p{Cc}]/gu, '+')

interface Input {
  readonly route: string
  readonly parameters: readonly string[]
  /** A real cursor, of another list; or with a character replaced. */
  readonly cursor: 'whole' | { at: number; by: string } | null
}

const ROUTES = [
  TASKS,
  TASKS,
  TASKS,
  TASKS,
  `${TASKS}/:id`,
  '/orchestrator/droplets',
  '/orchestrator/info',
]

export const queries: Area<Input> = {
  name: 'queries',
  share: 12,
  inputs: fc.record({
    route: fc.constantFrom(...ROUTES),
    parameters: fc.array(parameter, { maxLength: 3 }),
    cursor: rarely(
      fc.oneof(
        fc.constant<'whole'>('whole'),
        fc.record({
          at: fc.nat(20),
          by: fc.constantFrom('', 'A', '_', '=', '%00', 'é', '0'.repeat(5000)),
        }),
      ),
      2,
    ),
  }),
  async run({ route, parameters, cursor }, world) {
    const target = route.replace(':id', world.endedId)
    const given = cursor === 'whole' ? world.cursor : cursor && changed(world.cursor, cursor)
    // In front: of a parameter that is there twice, one is taken.
    const all = given === null ? parameters : [...parameters, `cursor=${given}`]
    const request = head('GET', `${target}?${all.join('&')}`, [['Host', 'localhost']])
    const { answers, bytes } = await exchange(world.url, [request])
    if (!answers[0]) throw new Error('the connection was closed without an answer')
    await expectProper(answers[0], { route: ['GET', target], mayBeBare: true })
    const isAlone = !parameters.some((each) => /cursor|%/i.test(each))
    if (given !== null && route === TASKS && isAlone) {
      expectPage(given, parameters, answers[0], world)
    }
    return bytes
  },
}

/** A cursor of ours leads to what is older than its page, in any list; another one leads nowhere. */
function expectPage(
  cursor: string,
  parameters: readonly string[],
  { status, json, text }: Answered,
  { firstId, endedId, cursor: real }: World,
): void {
  const isReal = cursor === real
  const seq = /^seq:(\d{1,15})$/.exec(Buffer.from(cursor, 'base64url').toString())?.[1]
  const isOurs =
    seq !== undefined && Buffer.from(`seq:${Number(seq)}`).toString('base64url') === cursor
  if (!isOurs && status < 400) throw new Error(`${cursor} was taken for a cursor`)
  if (isReal && parameters.length === 0 && status !== 200) throw new Error(`${cursor} was refused`)
  if (!isReal || status !== 200) return
  const ids = json.tasks.map(({ id }: { id: string }) => id)
  const isOfEcho = !parameters.some((each) => /^droplet_name=based$/i.test(each))
  const expected = parameters.length === 0 ? [[firstId]] : isOfEcho ? [[firstId], []] : [[]]
  if (expected.some((each) => each.join() === ids.join())) return
  throw new Error(`after ${endedId} come ${ids.join() || 'none'}: ${text.slice(0, 300)}`)
}

const changed = (cursor: string, { at, by }: { at: number; by: string }) =>
  raw(cursor.slice(0, at) + by + cursor.slice(at + 1))
