import { expect, test } from 'bun:test'
import { Circuit } from '../../src/droplets/circuit.ts'
import { SlidingRate } from '../../src/droplets/sliding-rate.ts'

const GRACE_MS = 30_000

function circuit(threshold = 5, jitter = 0) {
  return new Circuit({ threshold, graceMs: GRACE_MS, jitter: () => jitter })
}

/** Counts so many failures, without an answer. */
function fail(one: Circuit, times: number, now: number): boolean[] {
  return Array.from({ length: times }, () => one.count(true, false, now))
}

test('opens with the fifth failure in a row', () => {
  const one = circuit()
  expect(fail(one, 4, 0)).toEqual([false, false, false, false])
  one.count(false, true, 0)
  expect(fail(one, 4, 0)).toEqual([false, false, false, false])
  expect(one.count(true, false, 0)).toBe(true)
  expect(one.isOpen).toBe(true)
})

test('opens when half of at least ten within 30 s failed, and not of older ones', () => {
  const one = circuit()
  for (let n = 0; n < 4; n++) {
    one.count(true, false, n * 1000)
    one.count(false, true, n * 1000)
  }
  one.count(true, false, 4000)
  expect(one.isOpen).toBe(false)
  one.count(false, true, 4000)
  // The tenth was none that failed: what opens it is a failure.
  expect(one.isOpen).toBe(false)
  expect(one.count(true, false, 5000)).toBe(true)

  const slow = circuit()
  for (let n = 0; n < 20; n++) {
    slow.count(true, false, n * 4000)
    slow.count(false, true, n * 4000)
  }
  expect(slow.isOpen).toBe(true)
  const slower = circuit()
  for (let n = 0; n < 20; n++) {
    slower.count(true, false, n * 8000)
    slower.count(false, true, n * 8000)
  }
  expect(slower.isOpen).toBe(false)
})

test('with a threshold of 0 it never opens', () => {
  const one = circuit(0)
  expect(fail(one, 100, 0)).not.toContain(true)
})

test('knows whether an answer opened it', () => {
  const [refused, answered] = [circuit(1), circuit(1)]
  refused.count(true, false, 0)
  answered.count(true, true, 0)
  expect([refused.openedByAnswer, answered.openedByAnswer]).toEqual([false, true])
})

test('is probed each second within the grace, then after 2, 4, … 60 s', () => {
  const one = circuit(1)
  one.count(true, false, 0)
  const ticks: number[] = []
  for (let n = 0; n < 38; n++) {
    const tick = one.nextProbeTick
    expect([one.isProbeDue(tick - 1), one.isProbeDue(tick)]).toEqual([false, true])
    one.startProbe(tick)
    ticks.push(tick / 1000)
  }
  expect(ticks.slice(0, 30)).toEqual(Array.from({ length: 30 }, (_, n) => n + 1))
  expect(ticks.slice(30)).toEqual([32, 36, 44, 60, 92, 152, 212, 272])
})

test('jitter makes the late waits shorter, by a quarter at most', () => {
  const one = circuit(1, 1)
  one.count(true, false, 0)
  one.startProbe(GRACE_MS)
  expect(one.nextProbeTick).toBe(GRACE_MS + 1500)
})

test('begins anew once it has closed', () => {
  const one = circuit()
  fail(one, 5, 0)
  expect([one.isWithinGrace(29_999), one.isWithinGrace(30_000)]).toEqual([true, false])
  one.close()
  expect([one.isOpen, one.openMs(50_000)]).toEqual([false, 0])
  expect(fail(one, 5, 50_000)).toEqual([false, false, false, false, true])
  expect([one.isWithinGrace(79_999), one.nextProbeTick]).toEqual([true, 51_000])
})

test('a rate forgets what is older than 30 s, second by second', () => {
  const rate = new SlidingRate()
  rate.count(true, 500)
  rate.count(false, 1500)
  expect(rate.within(29_999)).toEqual({ all: 2, failed: 1 })
  expect(rate.within(30_000)).toEqual({ all: 1, failed: 0 })
  expect(rate.within(31_000)).toEqual({ all: 0, failed: 0 })
  rate.count(true, 90_000)
  expect(rate.within(1_000_000)).toEqual({ all: 0, failed: 0 })
})
