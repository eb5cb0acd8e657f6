import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { WaitQueue, type WaitingTask } from '../../src/delivery/wait-queue.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const anyone = () => true
const waiting = (id: string, droplet: string, dueTick: number, isRetry = false): WaitingTask => ({
  id,
  droplet,
  dueTick,
  deadlineFrom: 0,
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
