import { describe, expect, test } from 'bun:test'
import { BodyBudget, FREE_BYTES, type BodyShare } from '../../src/platform/body-budget.ts'
import { turn } from '../support/fake-clock.ts'

const { signal } = new AbortController()

/** Who has taken all that does not count. */
function reader(budget: BodyBudget, ends: AbortSignal = signal): BodyShare {
  const share = budget.open(ends)
  expect(share.take(FREE_BYTES)).toBeUndefined()
  return share
}

/** Whether each can go on. */
async function settled(...waits: (Promise<void> | undefined)[]): Promise<boolean[]> {
  const done = waits.map(() => false)
  waits.forEach((wait, at) => void Promise.resolve(wait).then(() => (done[at] = true)))
  await turn()
  return done
}

describe('beyond the budget', () => {
  test('a reader waits, and the oldest goes on', async () => {
    const budget = new BodyBudget(10)
    const [a, b, c] = [reader(budget), reader(budget), reader(budget)]
    expect([a.take(4), b.take(4), c.take(2)]).toEqual([undefined, undefined, undefined])
    expect(a.take(100)).toBeUndefined()
    const [forB, forC] = [b.take(1), c.take(1)]
    expect(await settled(forB, forC)).toEqual([false, false])
    a.release()
    expect(await settled(forB, forC)).toEqual([true, true])
    const again = c.take(8)
    // Safe twice: nothing is given back that others hold.
    a.release()
    expect(await settled(again)).toEqual([false])
    b.release()
    expect(await settled(again)).toEqual([true])
  })

  test('nobody overtakes an older reader that waits', async () => {
    const budget = new BodyBudget(10)
    const [a, b, c, d] = [reader(budget), reader(budget), reader(budget), reader(budget)]
    a.take(5)
    c.take(2)
    const forB = b.take(6)
    // There is room for these.
    const [forC, forD] = [c.take(1), d.take(1)]
    expect(await settled(forB, forC, forD)).toEqual([false, false, false])
    a.give(2)
    expect(await settled(forB, forC, forD)).toEqual([false, false, false])
    a.give(1)
    expect(await settled(forB, forC, forD)).toEqual([true, false, false])
    b.give(2)
    expect(await settled(forC, forD)).toEqual([true, true])
  })

  test('an older reader need not wait for a younger one', async () => {
    const budget = new BodyBudget(10)
    const [a, b, c] = [reader(budget), reader(budget), reader(budget)]
    a.take(5)
    const forC = c.take(6)
    expect([b.take(5), ...(await settled(forC))]).toEqual([undefined, false])
  })

  test('a small answer has what it needs, coded or not, however many wait', async () => {
    const budget = new BodyBudget(10)
    const [a, b, small] = [reader(budget), reader(budget), budget.open(signal)]
    a.take(10)
    const forB = b.take(1)
    // Its text, and what its decoder keeps.
    expect([small.take(60_000), small.take(60_000)]).toEqual([undefined, undefined])
    const beyond = small.take(60_000)
    expect(await settled(forB, beyond)).toEqual([false, false])
    small.release()
    b.release()
    // Not counted: given back, it makes no room.
    const c = reader(budget)
    expect(await settled(c.take(1))).toEqual([false])
  })
})

test('what is given back is there for others', async () => {
  const budget = new BodyBudget(10)
  const [a, b] = [reader(budget), reader(budget)]
  expect(a.take(10)).toBeUndefined()
  const forB = b.take(4)
  a.give(5)
  expect(await settled(forB)).toEqual([true])
  a.release()
  expect(b.take(6)).toBeUndefined()
})

test('a wait ends when its request does, takes nothing, and lets the next go on', async () => {
  const budget = new BodyBudget(10)
  const request = new AbortController()
  const [oldest, gone, next] = [reader(budget), reader(budget, request.signal), reader(budget)]
  oldest.take(8)
  const wait = gone.take(5)
  const forNext = next.take(2)
  expect(await settled(forNext)).toEqual([false])
  request.abort()
  await expect(wait).rejects.toThrow()
  expect(await settled(forNext)).toEqual([true])
  gone.release()
  oldest.release()
  expect(next.take(8)).toBeUndefined()
})

test('one reader can wait for several things, and ends with all of them', async () => {
  const budget = new BodyBudget(10)
  const [oldest, both] = [reader(budget), reader(budget)]
  oldest.take(10)
  const [one, two] = [both.take(5), both.take(6)]
  expect(await settled(one, two)).toEqual([false, false])
  both.release()
  expect(await settled(one, two)).toEqual([true, true])
  // After its end it takes nothing.
  expect(both.take(1000)).toBeUndefined()
  both.give(500)
  oldest.give(5)
  const other = reader(budget)
  expect(other.take(5)).toBeUndefined()
  expect(await settled(other.take(1))).toEqual([false])
})
