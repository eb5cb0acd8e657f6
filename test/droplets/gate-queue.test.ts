import { expect, test } from 'bun:test'
import fc from 'fast-check'
import type { Permit, Refusal } from '../../src/droplets/gate.ts'
import { GateQueue } from '../../src/droplets/gate-queue.ts'
import { FakeClock } from '../support/fake-clock.ts'

const PERMIT: Permit = { admitted: true, sending() {}, release() {} }
const LATE: Refusal = { admitted: false, kind: 'overloaded', reason: 'late' }

function queueOf(clock = new FakeClock()) {
  const queue = new GateQueue(clock, () => LATE)
  const ends = new Map<number, Permit | Refusal>()
  const stops: AbortController[] = []
  const wait = (timeoutMs = 1000) => {
    const n = stops.push(new AbortController()) - 1
    const entrant = { droplet: String(n), isNew: true, timeoutMs, leftMs: Infinity }
    void queue.wait(entrant, stops[n]!.signal, timeoutMs).then((entry) => ends.set(n, entry))
  }
  return { queue, clock, ends, stops, wait }
}

test('is in the order of arrival, whoever leaves and whenever', () => {
  const steps = fc.array(fc.oneof(fc.constant('wait'), fc.constant('next'), fc.nat(200)), {
    maxLength: 400,
  })
  fc.assert(
    fc.property(steps, (given) => {
      const { queue, stops, wait } = queueOf()
      const model: number[] = []
      for (const step of given) {
        if (step === 'wait') model.push(stops.length)
        if (step === 'wait') wait()
        else if (step === 'next') {
          expect(queue.first()?.entrant.droplet).toBe(
            model[0] === undefined ? undefined! : String(model[0]),
          )
          queue.first()?.settle(PERMIT)
          model.shift()
        } else if (model.length > 0) {
          const [gone] = model.splice(step % model.length, 1)
          stops[gone!]!.abort()
        }
        expect(queue.all().map(({ entrant }) => Number(entrant.droplet))).toEqual(model)
        expect(queue.size).toBe(model.length)
      }
    }),
  )
})

test('a wait ends once, by whatever comes first, and leaves no timer', async () => {
  const { queue, clock, ends, stops, wait } = queueOf()
  for (const timeoutMs of [100, 200, 300]) wait(timeoutMs)
  queue.first()!.settle(PERMIT)
  stops[0]!.abort()
  stops[1]!.abort()
  await clock.advance(300)
  expect([...ends.values()]).toEqual([
    PERMIT,
    { admitted: false, kind: 'refused', reason: 'stopped' },
    LATE,
  ])
  expect([queue.size, clock.pending]).toEqual([0, 0])
})

test('a limit that is set later takes the place of the first, and lasts no longer than it may wait', async () => {
  const { queue, clock, ends, wait } = queueOf()
  wait(1000)
  queue.first()!.limit(10)
  queue.first()!.limit(Infinity)
  await clock.advance(999)
  expect(ends.size).toBe(0)
  queue.first()!.limit(10)
  await clock.advance(1)
  expect(ends.get(0)).toBe(LATE)
  expect(clock.pending).toBe(0)
})

test('who is stopped already does not wait', async () => {
  const { queue, clock } = queueOf()
  const entrant = { droplet: 'a', isNew: true, timeoutMs: 1000, leftMs: Infinity }
  const entry = await queue.wait(entrant, AbortSignal.abort(), 1000)
  expect([entry.admitted, queue.size, clock.pending]).toEqual([false, 0, 0])
})
