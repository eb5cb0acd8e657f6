import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { BURST_SECONDS, MAX_CLIENTS, RateLimit } from '../../src/access/rate-limit.ts'

/** Only a clock that can be set. */
function limitOf(perSecond: number) {
  const time = { now: 1000 }
  const limit = new RateLimit({ monotonic: () => time.now }, perSecond, 'seed')
  return { limit, time }
}

const allowedOf = (limit: RateLimit, client: string, requests: number) =>
  Array.from({ length: requests }, () => limit.take(client)).filter(({ isAllowed }) => isAllowed)
    .length

test('two seconds’ worth at once, then what the rate gives', () => {
  const { limit, time } = limitOf(5)
  const taken = Array.from({ length: 11 }, () => limit.take('a'))
  expect(taken.map(({ remaining }) => remaining)).toEqual([9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0])
  expect(taken[0]).toEqual({ isAllowed: true, remaining: 9, resetSeconds: 1 })
  expect(taken[9]).toEqual({ isAllowed: true, remaining: 0, resetSeconds: 2 })
  expect(taken[10]).toEqual({ isAllowed: false, remaining: 0, resetSeconds: 1 })
  time.now += 199
  expect(limit.take('a').isAllowed).toBe(false)
  time.now += 1
  expect(limit.take('a').isAllowed).toBe(true)
  expect(limit.take('b').remaining).toBe(9)
  time.now += 100_000
  expect(allowedOf(limit, 'a', 20)).toBe(10)
})

test('never more than the burst and what the rate gives, in any stretch of time', () => {
  const steps = fc.array(fc.tuple(fc.nat(2500), fc.nat(3), fc.nat(30)), { maxLength: 60 })
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 20 }), steps, (perSecond, sent) => {
      const { limit, time } = limitOf(perSecond)
      const ticks = new Map<number, number[]>()
      for (const [wait, client, requests] of sent) {
        time.now += wait
        const allowed = allowedOf(limit, String(client), requests)
        const known = ticks.get(client) ?? []
        ticks.set(client, known.concat(Array<number>(allowed).fill(time.now)))
      }
      for (const each of ticks.values()) {
        for (const [first, from] of each.entries()) {
          for (const [last, to] of each.entries()) {
            const most = perSecond * (BURST_SECONDS + (to - from) / 1000)
            if (last >= first) expect(last - first + 1).toBeLessThanOrEqual(most + 1e-6)
          }
        }
      }
    }),
    { seed: 8, numRuns: 200 },
  )
})

test('nobody is refused who keeps to the rate', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 50 }), fc.array(fc.nat(3000)), (perSecond, waits) => {
      const { limit, time } = limitOf(perSecond)
      for (const wait of waits) {
        time.now += 1000 / perSecond + wait + 1e-6
        expect(limit.take('a').isAllowed).toBe(true)
      }
    }),
    { seed: 8 },
  )
})

test('a client that is idle is forgotten, and no earlier than its bucket is full', () => {
  const { limit, time } = limitOf(1)
  for (let client = 0; client < 100; client++) limit.take(String(client))
  expect(limit.size).toBe(100)
  time.now += 2000
  limit.take('other')
  expect(limit.size).toBe(101)
  time.now += 2000
  limit.take('other')
  expect(limit.size).toBe(1)
})

test('10,000 clients at most; those who come then reset nobody, and are not locked out', () => {
  const { limit, time } = limitOf(5)
  expect(allowedOf(limit, 'spent', 10)).toBe(10)
  for (let client = 0; client < 50_000; client++) limit.take(`crowd ${client}`)
  expect(limit.size).toBe(MAX_CLIENTS)
  expect(limit.take('spent').isAllowed).toBe(false)
  time.now += 1999
  expect(limit.take('late').isAllowed).toBe(true)
  // What shares a bucket is limited, too.
  expect(allowedOf(limit, 'late', 100)).toBeLessThan(11)
  expect(limit.size).toBe(MAX_CLIENTS)
})
