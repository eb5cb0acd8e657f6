import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { WaitQueue, type WaitingTask } from '../../src/delivery/wait-queue.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { turn } from '../support/fake-clock.ts'

allowRealTime()

const anyone = () => true
const waiting = (id: string, droplet: string, dueTick: number, isRetry = false): WaitingTask => ({
  id,
  droplet,
  dueTick,
  deadlineFrom: 0,
  deadlineTick: Infinity,
  timeoutMs: 1000,
  isRetry,
})

test('gives the oldest due one of all droplets, and none before its time', () => {
  const queue = new WaitQueue()
  queue.add(waiting('late', 'a', 30))
  queue.add(waiting('first', 'b', 10))
  queue.add(waiting('second', 'a', 20))
  expect(queue.take(5, anyone)).toBeUndefined()
  expect(queue.nextDueAfter(5)).toBe(10)
  expect(queue.take(25, anyone)?.id).toBe('first')
  expect(queue.take(25, anyone)?.id).toBe('second')
  expect(queue.take(25, anyone)).toBeUndefined()
  expect(queue.nextDueAfter(25)).toBe(30)
  expect(queue.nextDueAfter(30)).toBeNull()
  expect(queue.size).toBe(1)
})

test('passes over a droplet that may not run one', () => {
  const queue = new WaitQueue()
  queue.add(waiting('first', 'busy', 1))
  queue.add(waiting('second', 'free', 2))
  expect(queue.take(9, (droplet) => droplet !== 'busy')?.id).toBe('second')
  expect(queue.take(9, (droplet) => droplet !== 'busy')).toBeUndefined()
  expect(queue.take(9, anyone)?.id).toBe('first')
})

test('what is removed is gone at once, and may come back', () => {
  const queue = new WaitQueue()
  const task = waiting('one', 'a', 1, true)
  queue.add(task)
  queue.add(waiting('two', 'a', 2))
  expect([queue.size, queue.retries]).toEqual([2, 1])
  expect(queue.remove('one')).toBe(task)
  expect(queue.remove('one')).toBeUndefined()
  expect([queue.size, queue.retries]).toEqual([1, 0])
  expect(queue.nextDueAfter(0)).toBe(2)
  queue.add(waiting('one', 'a', 7, true))
  expect(queue.take(9, anyone)?.id).toBe('two')
  expect(queue.take(9, anyone)?.dueTick).toBe(7)
  expect(queue.take(9, anyone)).toBeUndefined()
  expect([queue.size, queue.retries]).toEqual([0, 0])
})

test('a task that is added again counts once, with its new time', () => {
  const queue = new WaitQueue()
  queue.add(waiting('one', 'a', 1, true))
  queue.add(waiting('one', 'a', 5))
  expect([queue.size, queue.retries]).toEqual([1, 0])
  expect(queue.take(4, anyone)).toBeUndefined()
  expect(queue.take(5, anyone)?.dueTick).toBe(5)
  expect([queue.size, queue.nextDueAfter(0)]).toEqual([0, null])
})

test('removed tasks take no memory, though one that is due earlier stays', async () => {
  const queue = new WaitQueue()
  queue.add(waiting('stays', 'a', 1))
  const removed: WeakRef<WaitingTask>[] = []
  for (let n = 0; n < 10_000; n++) {
    const task = waiting(`t${n}`, 'a', 1_000_000 - n)
    queue.add(task)
    queue.remove(task.id)
    removed.push(new WeakRef(task))
  }
  // A WeakRef keeps what it was made for until the turn ends; and a collection takes for used what
  // a register happens to point to, such as an older table of the queue's.
  await turn()
  await eventually('nearly all are collected', () => {
    Bun.gc(true)
    return removed.filter((each) => each.deref()).length < 200
  })
  expect(queue.take(1, anyone)?.id).toBe('stays')
  expect(queue.nextDueAfter(1)).toBeNull()
})

test('the order stays when most of them are removed', () => {
  const queue = new WaitQueue()
  // 7 and 1,009 have no common factor: each due time comes once.
  const tasks = Array.from({ length: 1009 }, (_, n) => waiting(`t${n}`, 'a', (n * 7) % 1009))
  for (const task of tasks) queue.add(task)
  const kept = tasks.filter(({ dueTick }) => dueTick % 10 === 3)
  for (const task of tasks) if (!kept.includes(task)) queue.remove(task.id)
  expect(queue.size).toBe(kept.length)
  const taken: (number | undefined)[] = []
  while (queue.size > 0) taken.push(queue.take(2000, anyone)?.dueTick)
  expect(taken).toEqual(kept.map(({ dueTick }) => dueTick).sort((a, b) => a - b))
})

test('does as a sorted list does, whatever happens', () => {
  const step = fc.oneof(
    fc.record({ add: fc.integer({ min: 0, max: 50 }), droplet: fc.constantFrom('a', 'b', 'c') }),
    fc.record({ take: fc.integer({ min: 0, max: 50 }), not: fc.constantFrom('a', 'b', null) }),
    fc.record({ remove: fc.nat(30) }),
  )
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      const queue = new WaitQueue()
      let model: WaitingTask[] = []
      steps.forEach((one, n) => {
        if ('add' in one) {
          const task = waiting(`t${n}`, one.droplet, one.add, one.add % 2 === 0)
          queue.add(task)
          model.push(task)
        } else if ('take' in one) {
          const due = model.filter((each) => each.dueTick <= one.take && each.droplet !== one.not)
          const oldest = Math.min(...due.map((each) => each.dueTick))
          const taken = queue.take(one.take, (droplet) => droplet !== one.not)
          // Of several that are due at the same time, any one.
          expect(taken?.dueTick).toBe(due.length > 0 ? oldest : undefined)
          if (taken) expect(due).toContain(taken)
          model = model.filter((each) => each !== taken)
        } else {
          const task = model.find((each) => each.id === `t${one.remove}`)
          expect(queue.remove(`t${one.remove}`)).toBe(task as WaitingTask)
          model = model.filter((each) => each !== task)
        }
        const later = model.map((each) => each.dueTick).filter((due) => due > 25)
        expect(queue.nextDueAfter(25)).toBe(firstDue(model, 25, later))
        const earliest = Math.min(...model.map((each) => each.dueTick))
        expect(queue.of(() => true)).toEqual({
          size: model.length,
          retries: model.filter((each) => each.isRetry).length,
          firstDue: model.length === 0 ? null : earliest,
        })
        expect(queue.size).toBe(model.length)
        expect(queue.retries).toBe(model.filter((each) => each.isRetry).length)
      })
    }),
    { numRuns: 500 },
  )
})

/** A droplet with a due task needs no timer: its tasks run when a slot becomes free. */
function firstDue(model: WaitingTask[], tick: number, later: number[]): number | null {
  const overdue = new Set(model.filter((each) => each.dueTick <= tick).map((each) => each.droplet))
  const awaited = model.filter((each) => each.dueTick > tick && !overdue.has(each.droplet))
  return later.length === 0 || awaited.length === 0
    ? null
    : Math.min(...awaited.map((each) => each.dueTick))
}

test('gives who is past its deadline, whether it is due or not, and nobody twice', () => {
  const queue = new WaitQueue()
  const until = (id: string, deadlineTick: number) => ({ ...waiting(id, 'a', 50), deadlineTick })
  queue.add(until('late', 30))
  queue.add(until('early', 10))
  queue.add(until('gone', 5))
  queue.add(waiting('without', 'a', 0))
  queue.remove('gone')
  expect(queue.nextDeadline).toBe(10)
  expect([9, 10, 10].map((tick) => queue.takeExpired(tick)?.id)).toEqual([
    undefined,
    'early',
    undefined,
  ])
  expect([queue.size, queue.nextDeadline]).toEqual([2, 30])
})

test('holds no more of those with a deadline than twice as many as wait', () => {
  const queue = new WaitQueue()
  for (let n = 0; n < 10_000; n++) {
    queue.add({ ...waiting(String(n), 'a', 0), deadlineTick: 1_000_000 - n })
    if (n > 0) queue.remove(String(n - 1))
  }
  expect(Bun.inspect(queue, { depth: 4 }).length).toBeLessThan(100_000)
  expect(queue.takeExpired(1_000_000)?.id).toBe('9999')
})

test('gives up all but the first of the droplets that are meant', () => {
  const queue = new WaitQueue()
  const add = (id: string, droplet: string, due: number) => queue.add(waiting(id, droplet, due))
  add('third', 'shut', 3)
  add('first', 'shut', 1)
  add('gone', 'shut', 0)
  add('second', 'shut', 2)
  add('alone', 'closed', 1)
  add('other', 'open', 1)
  queue.remove('gone')
  expect(queue.takeRest((droplet) => droplet !== 'open').sort()).toEqual(['second', 'third'])
  expect(queue.size).toBe(3)
  expect(queue.takeRest(anyone)).toEqual([])
  expect([queue.has('shut'), queue.has('nobody')]).toEqual([true, false])
  expect(queue.take(9, (droplet) => droplet === 'shut')?.id).toBe('first')
})
