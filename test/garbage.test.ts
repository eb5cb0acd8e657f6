/**
 * What a task leaves is collected soon. A Set or a Map through which all tasks go would keep it
 * until a full collection, which costs each task a part of its CPU: see `Bag`.
 */
import { edenGC } from 'bun:jsc'
import { expect, test } from 'bun:test'
import { RecordLimit } from '../src/delivery/record-limit.ts'
import { Run } from '../src/delivery/run.ts'
import { Runs } from '../src/delivery/runs.ts'
import { IdleLimit } from '../src/http/idle-limit.ts'
import { BodyBudget } from '../src/platform/body-budget.ts'
import { IdempotencyKeys } from '../src/tasks/idempotency.ts'
import { FakeClock } from './support/fake-clock.ts'

const ITEMS = 20_000
const AT_ONCE = 200
const BETWEEN_COLLECTIONS = 1000

/** What came, and a way to let it go. */
interface Held {
  item: object
  release(): void
}

/**
 * Tells whether a full collection has come since. Objects that no one holds any more, but which
 * have grown old: a short collection leaves them, a full one does not.
 */
async function watchForFullCollection(): Promise<() => boolean> {
  let held = Array.from({ length: 100 }, () => ({}))
  const old = held.map((each) => new WeakRef(each))
  // A WeakRef keeps what it was made for until the turn ends.
  await new Promise(setImmediate)
  edenGC()
  held = []
  return () => old.some((each) => each.deref() === undefined)
}

/**
 * How many of 20,000 items are there after the last short collection, of which 200 were held at
 * one time. Some always are: 200 are old after each collection.
 */
async function leftOnce(hold: (index: number) => Held | Promise<Held>): Promise<number> {
  const seen: WeakRef<object>[] = []
  const held: (() => void)[] = []
  for (let index = 0; index < ITEMS; index++) {
    const { item, release } = await hold(index)
    seen.push(new WeakRef(item))
    held.push(release)
    if (held.length > AT_ONCE) held.shift()!()
    if (index % BETWEEN_COLLECTIONS !== 0) continue
    // So does each of these.
    await new Promise(setImmediate)
    edenGC()
  }
  for (const release of held) release()
  await new Promise(setImmediate)
  edenGC()
  return seen.filter((each) => each.deref()).length
}

/**
 * `leftOnce`, without a full collection meanwhile: the runtime makes one whenever it wants to,
 * above all in a process that has run other tests, and after it nothing is left of anything.
 */
async function left(hold: (index: number) => Held | Promise<Held>): Promise<number> {
  for (let tries = 0; tries < 20; tries++) {
    const hasBeenFull = await watchForFullCollection()
    const kept = await leftOnce(hold)
    if (!hasBeenFull()) return kept
  }
  throw new Error('a full collection came each of 20 times')
}

const soon = 6000

test('a Set keeps most of what went through it', async () => {
  const all = new Set<object>()
  const kept = await left(() => {
    const item = {}
    all.add(item)
    return { item, release: () => void all.delete(item) }
  })
  expect(kept).toBeGreaterThan(2 * soon)
})

test('the tasks under way', async () => {
  const clock = new FakeClock()
  const runs = new Runs()
  const kept = await left((index) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const run = new Run(clock, String(index), 0)
    void runs.hold(run, () => promise)
    return { item: run, release: resolve }
  })
  expect(kept).toBeLessThan(soon)
})

test('those who wait for a record', async () => {
  const limit = new RecordLimit(new FakeClock())
  const kept = await left(() => {
    const waiter = { recordingSince: null, giveUp: () => {} }
    return { item: waiter, release: limit.add(waiter) }
  })
  limit.end()
  expect(kept).toBeLessThan(soon)
})

test('requests that take long', async () => {
  const clock = new FakeClock()
  const limit = new IdleLimit(clock)
  const server = { timeout: () => {} }
  const kept = await left(async (index) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    const request = new Request('http://localhost/')
    void limit.during({ request, server }, () => promise)
    // Now and then it looks, and lifts the limit of all.
    if (index % AT_ONCE === 0) await clock.advance(6000)
    return { item: request, release: resolve }
  })
  expect(kept).toBeLessThan(soon)
})

test('requests with an Idempotency-Key', async () => {
  const keys = new IdempotencyKeys(async () => null)
  const kept = await left(async (index) => {
    const fingerprint = { text: 'a', matches: () => true }
    const request = { taskId: 'a', dropletName: 'a', fingerprint, maySee: () => true }
    const use = await keys.use(String(index), request)
    if (use.kind !== 'first') throw new Error('it is new')
    return { item: fingerprint, release: use.release }
  })
  expect(kept).toBeLessThan(soon)
})

test('readers of bodies', async () => {
  const budget = new BodyBudget(1024)
  const kept = await left(() => {
    const { signal } = new AbortController()
    const share = budget.open(signal)
    return { item: share, release: share.release }
  })
  expect(kept).toBeLessThan(soon)
})
