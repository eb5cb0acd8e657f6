import { expect, test } from 'bun:test'
import { statusLine, stoppingLine } from '../../src/commands/status-line.ts'
import { FakeClock } from '../support/fake-clock.ts'

function service() {
  const clock = new FakeClock()
  const now = {
    total: 0,
    queued: 0,
    oldest: null as number | null,
    cache: 'active',
    down: 0,
    open: 0,
    fault: null as string | null,
  }
  const engine = {
    metrics: {
      get total() {
        return now.total
      },
    },
    tasks: {
      get queued() {
        return now.queued
      },
      draining: false,
      load: () => ({ queued: now.queued, running: 0, oldestAgeMs: now.oldest }),
    },
    registry: {
      cacheStatus: () => now.cache,
      errorDetails: () => ({ last_error: 'ECONNREFUSED: connection refused' }),
      usableForMs: () => 250_000,
    },
    health: { unreachableCount: () => now.down },
    gate: { stats: () => ({ openCircuits: now.open }) },
    store: {
      get fault() {
        return now.fault
      },
    },
  }
  return { clock, now, line: statusLine(engine as never, clock) }
}

test('the rate is of the last minute', async () => {
  const { clock, now, line } = service()
  expect(line()).toBe('0 tasks/min')
  for (let n = 1; n <= 12; n++) {
    await clock.advance(5_000)
    now.total += 10
    expect(line()).toBe(`${10 * n} tasks/min`)
  }
  for (let n = 11; n >= 0; n--) {
    await clock.advance(5_000)
    expect(line()).toBe(`${10 * n} tasks/min`)
  }
})

test('what stops tasks comes first, and what is well is not told', () => {
  const { now, line } = service()
  now.total = 412
  now.down = 2
  expect(line()).toBe('412 tasks/min, 2 droplets down')
  Object.assign(now, { down: 1, open: 1, queued: 7 })
  expect(line()).toBe('412 tasks/min, 7 queued, 1 droplet down, 1 circuit open')
  now.oldest = 180_000
  expect(line()).toStartWith('A task has waited for 3 min, 7 are queued; 412 tasks/min, 7 queued')
  Object.assign(now, { cache: 'unavailable', fault: 'database or disk is full', oldest: null })
  expect(line()).toStartWith(
    'Nothing can be written to disk: database or disk is full; There is no usable list of ' +
      'droplets: ECONNREFUSED: connection refused; 412 tasks/min, ',
  )
})

test('while it stops, only what that waits for', () => {
  expect(stoppingLine({ running: 3 })).toBe('stopping: 3 tasks running')
  expect(stoppingLine({ running: 1 })).toBe('stopping: 1 task running')
})
