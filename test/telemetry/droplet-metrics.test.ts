import { expect, test } from 'bun:test'
import { Directory } from '../../src/droplets/directory.ts'
import { EventBus, type AttemptResult } from '../../src/events.ts'
import { atOnce } from '../../src/platform/turns.ts'
import { DropletMetrics, MAX_HISTOGRAMS } from '../../src/telemetry/droplet-metrics.ts'
import { droplet } from '../registry/mesh.ts'
import { recordingLog } from '../support/log.ts'
import { taskOf } from '../support/task-states.ts'

const ANSWER: AttemptResult = { outcome: 'answered', status: 200, durationMs: 30 }

/** Metrics, and ways to tell them of what has happened. */
function counting(maxNamed: number) {
  const events = new EventBus(recordingLog())
  const metrics = new DropletMetrics(events, maxNamed)
  return {
    metrics,
    end(dropletName: string, status: 'success' | 'error' = 'success', durationMs = 10) {
      events.emit({ type: 'ended', task: { ...taskOf(status), dropletName, durationMs } })
    },
    attempt(dropletName: string, result: Partial<AttemptResult> = {}) {
      const task = { ...taskOf('running'), dropletName }
      events.emit({ type: 'attempt ended', task, result: { ...ANSWER, ...result } })
    },
    list: (...names: string[]) => {
      atOnce(metrics.follow(Directory.of(names.map((name) => droplet(name)))))
    },
    labels: () => [...metrics.named].map(({ label }) => label),
    /** How many tasks of each have ended well. */
    ends: () =>
      Object.fromEntries(
        [...metrics.named, metrics.other].map(({ label, tasks }) => [label, tasks.success]),
      ),
  }
}

test('counts tasks and attempts by how they ended, whatever the case of the name', () => {
  const { metrics, end, attempt } = counting(5)
  end('Echo')
  end('echo', 'error', 2500)
  attempt('ECHO')
  attempt('Echo', { status: 404 })
  attempt('Echo', { status: 503 })
  for (const outcome of ['timeout', 'unreachable', 'cancelled', 'interrupted'] as const) {
    attempt('Echo', { outcome, status: null })
  }
  const { label, tasks, attempts, durations } = metrics.of('echO')
  expect([label, [...metrics.named].length]).toEqual(['Echo', 1])
  expect(tasks).toEqual({ success: 1, error: 1, timeout: 0, cancelled: 0 })
  expect(attempts).toEqual({
    success: 2,
    error: 1,
    timeout: 1,
    unreachable: 1,
    cancelled: 1,
    interrupted: 1,
  })
  expect(durations.attempts.count).toBe(7)
  expect(durations.attempts.sum).toBeCloseTo(0.21, 9)
  expect(durations.tasks.sum).toBeCloseTo(2.51, 9)
})

test('beyond the limit, droplets are among the others', () => {
  const { end, ends } = counting(2)
  for (const name of ['a', 'b', 'c', 'd', 'a', 'c']) end(name)
  expect(ends()).toEqual({ a: 2, b: 1, other: 3 })
})

test('with a limit of 0 all are', () => {
  const { end, ends, list } = counting(0)
  list('a', 'b')
  end('a')
  expect(ends()).toEqual({ other: 1 })
})

test('what is listed has a name before any task, while there is room', () => {
  const { list, labels } = counting(3)
  list('a', 'b')
  expect(labels()).toEqual(['a', 'b'])
  list('b', 'c', 'd')
  // a is gone, but d needs its place.
  expect(labels()).toEqual(['b', 'c', 'd'])
})

test('who has a name keeps it while it is listed, and beyond while nobody needs the place', () => {
  const { end, list, ends } = counting(2)
  list('a', 'b', 'c')
  for (const name of ['a', 'b', 'c']) end(name)
  list('c', 'b', 'a')
  expect(ends()).toEqual({ a: 1, b: 1, other: 1 })
  list('a')
  expect(ends()).toEqual({ a: 1, b: 1, other: 1 })
  list('a', 'c')
  end('c')
  end('b')
  // What c did before stays with the others, as does what b does from now on.
  expect(ends()).toEqual({ a: 1, c: 1, other: 2 })
})

test('who cannot have a name takes no place from those that can', () => {
  const { list, labels } = counting(1)
  list('a')
  list('other', 'b')
  expect(labels()).toEqual(['b'])
})

test('droplets that come and go for ever never are more than the limit', () => {
  const { list, end, labels, metrics } = counting(10)
  for (let n = 0; n < 1000; n += 5) {
    const names = Array.from({ length: 8 }, (_, index) => `d${n + index}`)
    list(...names)
    for (const name of names) end(name)
    end('never listed')
    expect(labels().length).toBeLessThanOrEqual(10)
    for (const name of names.slice(3)) expect(metrics.of(name)).not.toBe(metrics.other)
  }
})

test.each(['other', 'Other', 'a\0b', '\ud800x'])(
  'a droplet that is called %j is one of the others',
  (name) => {
    const { list, end, ends } = counting(5)
    list(name, 'a')
    end(name)
    expect(ends()).toEqual({ a: 0, other: 1 })
  },
)

test('beyond some hundred droplets, their durations are those of the others', () => {
  const { metrics, end, list } = counting(10_000)
  const names = Array.from({ length: MAX_HISTOGRAMS + 50 }, (_, n) => `d${n}`)
  for (const name of names) end(name)
  expect([...metrics.named].length).toBe(names.length)
  expect(metrics.other.durations.tasks.count).toBe(50)
  expect(metrics.of('d249').tasks.success).toBe(1)
  // The places of those that are gone are free again.
  const later = Array.from({ length: 9990 }, (_, n) => `e${n}`)
  list(...names.slice(10), ...later)
  for (const name of later) end(name)
  expect(metrics.other.durations.tasks.count).toBe(50 + later.length - 10)
})
