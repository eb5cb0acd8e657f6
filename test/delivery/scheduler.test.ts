import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Scheduler } from '../../src/delivery/scheduler.ts'
import type { Gate } from '../../src/droplets/gate.ts'
import { openGate } from '../support/open-gate.ts'
import type { WaitingTask } from '../../src/delivery/wait-queue.ts'
import { FakeClock, turn } from '../support/fake-clock.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

/** A scheduler whose tasks run until the test ends them. */
function scheduling(concurrency: number, gate = openGate) {
  const clock = new FakeClock()
  const inFlight = new Map<string, { droplet: string; end: () => void }>()
  const started: { id: string; at: number }[] = []
  const epoch = clock.monotonic()
  let maxInFlight = 0
  const scheduler = new Scheduler({
    clock,
    concurrency,
    gate,
    run: ({ id, droplet }) =>
      new Promise((end) => {
        started.push({ id, at: clock.monotonic() - epoch })
        inFlight.set(id, { droplet, end })
        maxInFlight = Math.max(maxInFlight, inFlight.size)
      }),
  })
  return {
    clock,
    scheduler,
    started,
    ids: () => started.map(({ id }) => id),
    inFlight,
    get maxInFlight() {
      return maxInFlight
    },
    add(id: string, droplet: string, dueMs = 0, deadlineMs = Infinity) {
      const due: WaitingTask = {
        id,
        droplet,
        dueTick: epoch + dueMs,
        deadlineFrom: epoch,
        deadlineTick: epoch + deadlineMs,
        timeoutMs: 1000,
        isRetry: false,
      }
      scheduler.add(due)
    },
    async end(id: string) {
      const run = inFlight.get(id)!
      inFlight.delete(id)
      run.end()
      await turn()
    },
  }
}

test('runs nothing before it is started, nor after it is stopped', async () => {
  const { scheduler, clock, add, ids, end } = scheduling(2)
  add('one', 'a')
  add('later', 'a', 500)
  await clock.advance(100)
  expect(ids()).toEqual([])
  scheduler.start()
  expect(ids()).toEqual(['one'])
  scheduler.stop()
  expect(clock.pending).toBe(0)
  await end('one')
  add('two', 'b')
  await clock.advance(1000)
  expect(ids()).toEqual(['one'])
  expect(scheduler.waiting).toBe(2)
})

test('more is wanted of a droplet that has its share, until half as many of it wait', () => {
  const { scheduler, add } = scheduling(16)
  scheduler.start()
  for (let n = 0; n < 12; n++) add(`a${n}`, 'a')
  for (let waiting = 0; waiting < 6; waiting++) {
    expect(scheduler.wanted).toEqual({ count: 16 - waiting, except: [] })
    add(`more ${waiting}`, 'a')
  }
  expect(scheduler.wanted).toEqual({ count: 16, except: ['a'] })
})

test('those that wait are told by their droplets, without those in flight', async () => {
  const { scheduler, add } = scheduling(1)
  const all = () => scheduler.of(() => true)
  expect(all()).toEqual({ size: 0, retries: 0, firstDue: null })
  add('first', 'a', 0)
  add('second', 'b', 20)
  add('third', 'b', 30)
  expect(all()).toMatchObject({ size: 3, retries: 0 })
  const ofB = scheduler.of((droplet) => droplet === 'b')
  expect(ofB.size).toBe(2)
  expect(ofB.firstDue! - all().firstDue!).toBe(20)
  scheduler.start()
  expect(all()).toEqual(ofB)
})

test('the oldest due comes first, whatever its droplet', async () => {
  const { scheduler, add, ids, clock, end } = scheduling(1)
  add('c', 'x', 30)
  add('a', 'y', 10)
  add('b', 'x', 20)
  await clock.advance(100)
  scheduler.start()
  for (const id of ['a', 'b', 'c']) await end(id)
  expect(ids()).toEqual(['a', 'b', 'c'])
})

test('wakes when the next task is due and not before; nothing ticks while it is idle', async () => {
  const { scheduler, clock, add, started, end } = scheduling(4)
  scheduler.start()
  expect(clock.pending).toBe(0)
  add('late', 'a', 60_000)
  add('soon', 'b', 1500)
  expect(clock.pending).toBe(1)
  await clock.advance(1499)
  expect(started).toEqual([])
  await clock.advance(1)
  expect(started).toEqual([{ id: 'soon', at: 1500 }])
  await clock.advance(3_600_000)
  expect(started[1]).toEqual({ id: 'late', at: 60_000 })
  await end('soon')
  await end('late')
  expect(clock.pending).toBe(0)
})

test('a task that is taken out of the line does not run', async () => {
  const { scheduler, clock, add, ids } = scheduling(1)
  scheduler.start()
  add('one', 'a', 100)
  expect(scheduler.remove('one')?.id).toBe('one')
  expect(scheduler.remove('one')).toBeUndefined()
  await clock.advance(1000)
  expect(ids()).toEqual([])
})

test('one droplet that hangs does not hold up the others', async () => {
  const { scheduler, add, ids, inFlight, end } = scheduling(8)
  scheduler.start()
  for (let n = 0; n < 100; n++) add(`hang${n}`, 'hanging')
  expect(inFlight.size).toBeGreaterThan(1)
  expect(inFlight.size).toBeLessThan(8)
  for (let n = 0; n < 20; n++) {
    add(`ok${n}`, 'fine')
    expect(ids().at(-1)).toBe(`ok${n}`)
    await end(`ok${n}`)
  }
})

test.each([2, 3, 10])('nor do %p droplets that hang', async (hanging) => {
  const { scheduler, add, ids, end } = scheduling(16)
  scheduler.start()
  for (let n = 0; n < 100; n++) add(`hang${n}`, `hanging${n % hanging}`)
  await turn()
  for (let n = 0; n < 20; n++) {
    add(`ok${n}`, 'fine')
    expect(ids().at(-1)).toBe(`ok${n}`)
    await end(`ok${n}`)
  }
})

test('one slot is one slot', async () => {
  const { scheduler, clock, add, ids, end } = scheduling(1)
  scheduler.start()
  for (let n = 0; n < 5; n++) add(`t${n}`, `droplet${n % 2}`, n / 10)
  for (let n = 1; n <= 5; n++) {
    expect(ids()).toHaveLength(n)
    await end(ids().at(-1)!)
    await clock.advance(1)
  }
})

test('no more than the concurrency ever runs, and everything runs once', async () => {
  const task = fc.record({
    droplet: fc.constantFrom('a', 'b', 'c', 'd'),
    dueMs: fc.nat(200),
    lengthMs: fc.nat(300),
  })
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 1, max: 6 }), fc.array(task, { maxLength: 30 }), run),
    { numRuns: 60 },
  )

  async function run(
    concurrency: number,
    tasks: { droplet: string; dueMs: number; lengthMs: number }[],
  ) {
    const clock = new FakeClock()
    const epoch = clock.monotonic()
    const started = new Map<string, number>()
    const startedIds: string[] = []
    let running = 0
    let maxInFlight = 0
    const scheduler = new Scheduler({
      clock,
      concurrency,
      gate: openGate,
      async run({ id }) {
        maxInFlight = Math.max(maxInFlight, ++running)
        startedIds.push(id)
        started.set(id, clock.monotonic() - epoch)
        await clock.sleep(tasks[Number(id)]!.lengthMs)
        running--
      },
    })
    scheduler.start()
    for (const [n, { droplet, dueMs }] of tasks.entries()) {
      scheduler.add({
        id: String(n),
        droplet,
        dueTick: epoch + dueMs,
        deadlineFrom: 0,
        deadlineTick: Infinity,
        timeoutMs: 1000,
        isRetry: false,
      })
    }
    await clock.advance(30 * 300 + 200)
    expect(maxInFlight).toBeLessThanOrEqual(concurrency)
    expect(startedIds).toHaveLength(tasks.length)
    expect(started.size).toBe(tasks.length)
    for (const [id, at] of started) expect(at).toBeGreaterThanOrEqual(tasks[Number(id)]!.dueMs)
    expect(clock.pending).toBe(0)
  }
})

test('takes no slot twice where the gate tells of room while it is asked', async () => {
  let tell = () => {}
  let hasTold = false
  const gate: Gate = {
    ...openGate,
    onRoom: (callback) => void (tell = callback),
    // It finds out that `b` has moved, so that all may try again.
    hasRoom(droplet) {
      if (droplet !== 'b' || hasTold) return true
      hasTold = true
      tell()
      return false
    },
  }
  const { scheduler, add, clock, end, ids, ...seen } = scheduling(1, gate)
  scheduler.start()
  add('b1', 'b', 100)
  add('a1', 'a', 200)
  add('a2', 'a', 300)
  scheduler.stop()
  await clock.advance(500)
  scheduler.start()
  expect(seen.inFlight.size).toBe(1)
  for (let n = 0; n < 3; n++) await end(ids().at(-1)!)
  expect(ids().toSorted()).toEqual(['a1', 'a2', 'b1'])
})

test('ends what has expired a part at a time, without a slot', async () => {
  const none: Gate = { ...openGate, hasRoom: () => false }
  const { scheduler, clock, add, ids, inFlight, end } = scheduling(1, none)
  for (let n = 0; n < 200; n++) add(`task ${n}`, 'echo', 0, 50)
  scheduler.start()
  expect(ids()).toEqual([])
  await clock.advance(50)
  expect(inFlight.size).toBe(64)
  expect(clock.pending).toBe(0)
  for (const id of ids()) {
    await end(id)
    expect(inFlight.size).toBeLessThanOrEqual(64)
  }
  while (inFlight.size > 0) await end([...inFlight.keys()][0]!)
  expect(new Set(ids()).size).toBe(200)
  expect(scheduler.waiting).toBe(0)
})
