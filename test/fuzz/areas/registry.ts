/** What a Registry answers: to our questions for the list, and when we register. */
import fc from 'fast-check'
import type { Area } from '../area.ts'
import {
  answers,
  bytesOf,
  plainBody,
  scripted,
  type ScriptedAnswer,
} from '../arbitraries/answers.ts'
import { damage, damaged, jsonValue, objectMembers, objectText } from '../arbitraries/json-texts.ts'
import { oddText } from '../arbitraries/texts.ts'
import { expectProper } from '../proper.ts'
import { exchange } from '../wire.ts'
import type { World } from '../world.ts'
import { benignTask, head } from './submission.ts'

const texts = (...values: unknown[]) =>
  fc.constantFrom(...values.map((each) => JSON.stringify(each)))
const urls = fc.oneof(
  texts(
    'http://127.0.0.1:1',
    'http://localhost/base/',
    'https://[::1]:1/',
    'file:///etc/passwd',
    '',
  ),
  texts('http://u:p@x', 'http://2130706433', 'http://x:99999', 'javascript:1', '//x', 'http://é'),
  oddText.map((text) => JSON.stringify(`http://${text}`)),
)
const entry = objectMembers(
  {
    name: fc.oneof(
      texts('echo', 'Echo', 'based', 'orchestrator', 'a'),
      oddText.map((text) => JSON.stringify(text)),
    ),
    endpoint: urls,
  },
  {
    url: urls,
    id: texts(1, 'a', -1, 1.5, null),
    status: texts('active', 'inactive', 'error', 'x', null),
    version: texts('1.0.0', 1, null),
    metadata: texts({ version: '1' }, { version: 1 }, null, []),
    updated_at: texts('2026-01-01T00:00:00Z', 0, 1e300, 'x', null),
    steward: texts('me', null),
  },
).map(objectText)

const list = fc
  .tuple(
    fc.array(fc.oneof({ weight: 6, arbitrary: entry }, { weight: 1, arbitrary: jsonValue }), {
      maxLength: 8,
    }),
    fc.constantFrom(
      ...[
        '{"droplets":*}',
        '{"droplets":*}',
        '*',
        '{"data":*}',
        '{"droplets":[*]}',
        '{"droplets":*,"droplets":*}',
      ],
    ),
    damage,
  )
  .map(([entries, shape, done]) => {
    const text = shape.replaceAll('*', () => `[${entries.join(',')}]`)
    return Buffer.from(damaged(text, done)).toString('latin1')
  })

export const registry: Area<ScriptedAnswer> = {
  name: 'registry',
  share: 8,
  inputs: answers(fc.oneof({ weight: 5, arbitrary: list }, { weight: 1, arbitrary: jsonValue })),
  async run(answer, world) {
    const bytes = bytesOf(answer)
    world.registryAnswers(scripted(bytes, answer.end === 'reset' ? 'reset' : 'fin'))
    let size = 2 * bytes.length + plainBody(answer).length
    try {
      size += await sync(world)
    } finally {
      world.reset()
    }
    size += await sync(world)
    await world.pass(0)
    // Whatever it was told, it goes on with the right list.
    await benignTask(world, 0)
    return size
  },
}

async function sync({ url }: World): Promise<number> {
  const target = '/orchestrator/droplets'
  const request = head('GET', `${target}?refresh=true`, [['Host', 'localhost']])
  const { answers, bytes } = await exchange(url, [request])
  if (!answers[0]) throw new Error('the connection was closed without an answer')
  await expectProper(answers[0], { route: ['GET', target] })
  return bytes
}
