/** Three rounds of `bun run crash`, and the proof that its audit sees what is wrong. */
import { describe, expect, test } from 'bun:test'
import { audit, type Remembered } from './audit.ts'
import { crash } from './crash.ts'
import type { Delivery } from './droplet.ts'
import { secretOf, type Order } from './load.ts'
import { crashNodes } from './nodes.ts'
import { allowRealTime } from '../support/eventually.ts'
import { hasPostgres, withPostgres } from '../support/postgres.ts'

allowRealTime()

test('killed at any moment, it loses nothing and sends nothing twice', async () => {
  const seed = Date.now() % 1_000_000
  const { faults, counts } = await crash(3, seed)
  expect({ seed, faults }).toEqual({ seed, faults: [] })
  expect(counts['tasks ended in success']).toBeGreaterThan(20)
})

test.skipIf(!hasPostgres)(
  `three nodes over a Postgres, all killed at any moment, lose nothing${withPostgres}`,
  async () => {
    const seed = Date.now() % 1_000_000
    const { faults, counts } = await crashNodes(3, 3, seed)
    expect({ seed, faults }).toEqual({ seed, faults: [] })
    expect(counts['tasks ended in success']).toBeGreaterThan(20)
  },
)

describe('the audit', () => {
  const order = (change: Partial<Order> = {}): Order => ({
    number: 1,
    mode: 'sync',
    key: null,
    path: '/work',
    round: 0,
    ids: new Set(['a']),
    told: 'success',
    ...change,
  })
  const task = (change: Partial<Remembered> = {}): Remembered => ({
    id: 'a',
    status: 'success',
    error_message: null,
    meta: { number: 1 },
    attempts: [{ attempt: 1 }, { attempt: 2 }],
    ...change,
  })
  const sent = (change: Partial<Delivery> = {}): Delivery => ({
    taskId: 'a',
    attempt: 1,
    authorization: secretOf(1),
    round: 0,
    from: 0,
    until: 1,
    status: 200,
    ...change,
  })
  const interrupted = task({ status: 'error', error_message: 'interrupted by a restart' })

  test('finds nothing where all is well', () => {
    expect(audit([order()], [sent()], [task()])).toEqual([])
    const cutOff = sent({ status: null })
    const nothing = order({ told: 'nothing', ids: new Set() })
    expect(audit([nothing], [cutOff], [interrupted])).toEqual([])
    expect(audit([nothing], [], [])).toEqual([])
    const again = sent({ attempt: 2, round: 1, from: 1, until: 2 })
    expect(audit([order({ mode: 'async', told: 'accepted' })], [cutOff, again], [task()])).toEqual(
      [],
    )
  })

  test('excuses what overlaps where a node stood still, and nothing else', () => {
    const accepted = order({ mode: 'async', told: 'accepted' })
    const deliveries = [sent({ until: 3 }), sent({ attempt: 2, from: 1, until: 2 })]
    const stoodStill = ({ attempt }: Delivery) => attempt === 1
    expect(audit([accepted], deliveries, [task()])).toHaveLength(1)
    expect(audit([accepted], deliveries, [task()], stoodStill)).toEqual([])
    expect(audit([accepted], deliveries, [interrupted], stoodStill)).toHaveLength(1)
  })

  const again = sent({ attempt: 2, round: 1, from: 1, until: 2 })
  test.each([
    ['an accepted one that is lost', order({ mode: 'async', told: 'accepted' }), [], []],
    ['an accepted one not delivered', order({ mode: 'async', told: 'accepted' }), [], [task()]],
    ['an answer that is not recorded', order(), [sent()], [interrupted]],
    ['one sent twice', order(), [sent(), again], [task()]],
    [
      'one told twice, as two',
      order({ ids: new Set(['a', 'b']) }),
      [sent()],
      [task(), task({ id: 'b' })],
    ],
    [
      'one sent again unasked',
      order({ told: 'nothing' }),
      [sent({ status: null }), again],
      [interrupted],
    ],
    ['an attempt counted twice', order({ key: 'k' }), [sent(), { ...again, attempt: 1 }], [task()]],
    ['an overlap', order({ key: 'k' }), [sent({ until: 1.5 }), again], [task()]],
    ['one sent, but not recorded', order({ told: 'nothing', ids: new Set() }), [sent()], []],
    ['a history that miscounts', order(), [sent()], [task({ attempts: [{ attempt: 2 }] })]],
    ['a secret header lost', order(), [sent({ authorization: undefined })], [task()]],
    ['one refused, and sent', order({ told: 'refused', ids: new Set() }), [sent()], [interrupted]],
    ['a key never answered', order({ key: 'k', told: 'nothing' }), [sent()], [task()]],
  ])('sees %s', (_, given, deliveries, tasks) => {
    expect(audit([given], deliveries, tasks)).not.toEqual([])
  })
})
