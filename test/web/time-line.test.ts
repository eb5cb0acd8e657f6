import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { ticksOf, timeLineOf, type Attempt } from '../../src/web/app/task/time-line.ts'

const attempt = (n: number, started_at: number, more: Partial<Attempt> = {}): Attempt => ({
  attempt: n,
  started_at,
  duration_ms: 100,
  response_status: 200,
  error: null,
  ...more,
})
const ended = {
  status: 'success' as const,
  created_at: 1000,
  completed_at: 1004,
  due_at: null,
  attempts: [attempt(1, 1000), attempt(2, 1001.1), attempt(3, 1003.2, { duration_ms: 800 })],
}

test('attempts and the waits between them are to scale', () => {
  const { lines, totalMs, nowLeft } = timeLineOf(ended, 5000)
  expect([totalMs, nowLeft]).toEqual([4000, null])
  expect(lines.map(({ bar }) => bar!.ms)).toEqual([100, 100, 800])
  expect(lines.map(({ wait }) => wait?.ms ?? null)).toEqual([null, 1000, 2000])
  expect(lines[1]!.wait!.left).toBeCloseTo(2.5)
  expect(lines[1]!.bar!.left).toBeCloseTo(27.5)
  expect(lines[2]!.bar!.left + lines[2]!.bar!.width).toBeCloseTo(100)
})

test('it goes on while the task runs', () => {
  const running = {
    ...ended,
    status: 'running' as const,
    completed_at: null,
    attempts: [attempt(1, 1000), attempt(2, 1001.1, { duration_ms: null, response_status: null })],
  }
  const { lines, totalMs, nowLeft } = timeLineOf(running, 1003.1)
  expect(totalMs).toBeCloseTo(3100)
  expect(lines).toHaveLength(2)
  expect(lines[1]).toMatchObject({ isRunning: true, bar: { ms: 2000 } })
  expect(nowLeft).toBeCloseTo(100)
})

test('a wait before the next attempt reaches to when that is due', () => {
  const waiting = { ...ended, status: 'running' as const, completed_at: null, due_at: 1002.1 }
  const { lines, totalMs, nowLeft } = timeLineOf(
    { ...waiting, attempts: [attempt(1, 1000)] },
    1001.05,
  )
  expect(totalMs).toBeCloseTo(2100)
  expect(lines[1]).toMatchObject({ attempt: null, bar: null, wait: { ms: 2000 } })
  expect(nowLeft).toBeCloseTo(50)
  // It was due, and waits on for a place.
  const late = timeLineOf({ ...waiting, attempts: [attempt(1, 1000)] }, 1009)
  expect(late.totalMs).toBeCloseTo(9000)
})

test('a task that was cancelled before anything was sent has only waited', () => {
  const { lines } = timeLineOf({ ...ended, status: 'cancelled', attempts: [] }, 5000)
  expect(lines).toMatchObject([{ attempt: null, wait: { left: 0, width: 100, ms: 4000 } }])
  const refused = { ...ended, status: 'error' as const, completed_at: 1000, attempts: [] }
  expect(timeLineOf(refused, 5000).lines).toEqual([])
})

test('an attempt that a restart cut off ends before the next begins', () => {
  const cut = [attempt(1, 1000, { duration_ms: null }), attempt(2, 1003)]
  const { lines } = timeLineOf({ ...ended, completed_at: 1003.1, attempts: cut }, 5000)
  expect(lines.map(({ bar }) => bar!.ms)).toEqual([3000, 100])
  expect(lines[0]!.isRunning).toBe(false)
})

test('whatever the clocks say, all is within the whole', () => {
  const time = fc.double({ min: 999, max: 1100, noNaN: true })
  const attempts = fc.array(fc.record({ at: time, ms: fc.option(fc.nat(50_000)) }), {
    maxLength: 11,
  })
  fc.assert(
    fc.property(attempts, fc.option(time), time, (all, completed_at, now) => {
      const sent = all.map(({ at, ms }, i) => attempt(i + 1, at, { duration_ms: ms }))
      const status = completed_at === null ? 'running' : 'error'
      const line = timeLineOf({ ...ended, status, completed_at, attempts: sent }, now)
      for (const { wait, bar } of line.lines) {
        for (const one of [wait, bar].filter((each) => each !== null)) {
          expect(one.left).toBeGreaterThanOrEqual(0)
          expect(one.left + one.width).toBeLessThan(100.001)
          expect(one.ms).toBeGreaterThanOrEqual(0)
        }
      }
    }),
  )
})

test('ticks are at round numbers, and few', () => {
  expect(ticksOf(4000).map(({ ms }) => ms)).toEqual([0, 1000, 2000, 3000, 4000])
  expect(ticksOf(7).map(({ ms }) => ms)).toEqual([0, 2, 4, 6])
  expect(ticksOf(90_000).map(({ ms }) => ms)).toEqual([
    0, 15_000, 30_000, 45_000, 60_000, 75_000, 90_000,
  ])
  fc.assert(
    fc.property(fc.double({ min: 1, max: 600_000_000, noNaN: true }), (totalMs) => {
      expect(ticksOf(totalMs).length).toBeLessThanOrEqual(7)
    }),
  )
})
