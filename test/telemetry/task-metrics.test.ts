import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { EventBus } from '../../src/events.ts'
import { TaskMetrics } from '../../src/telemetry/task-metrics.ts'
import type { Task } from '../../src/task.ts'
import { recordingLog } from '../support/log.ts'
import { taskOf } from '../support/task-states.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const ended = (durationMs: number, status: Task['status'] = 'success'): Task => ({
  ...taskOf(status),
  durationMs,
})

/** Metrics, and a way to tell them of ends. */
function measuring() {
  const events = new EventBus(recordingLog())
  const metrics = new TaskMetrics(events)
  return { metrics, end: (task: Task) => events.emit({ type: 'ended', task }) }
}

test('what nothing has measured is null', () => {
  const { metrics, end } = measuring()
  expect(metrics).toMatchObject({ total: 0, successRatePercent: null, averageMs: null })
  expect(metrics.percentileMs(50)).toBeNull()
  end(ended(5, 'cancelled'))
  expect(metrics).toMatchObject({ total: 1, successRatePercent: null, averageMs: 5 })
})

test('counts by how tasks ended', () => {
  const { metrics, end } = measuring()
  for (const status of ['success', 'success', 'error', 'timeout', 'cancelled'] as const) {
    end(ended(10, status))
  }
  expect(metrics.ended).toEqual({ success: 2, error: 1, timeout: 1, cancelled: 1 })
  expect(metrics.total).toBe(5)
  expect(metrics.successRatePercent).toBe(50)
})

test('counts tasks that needed retries by how they ended', () => {
  const { metrics, end } = measuring()
  const retried = (status: Task['status']) => {
    const task = ended(10, status)
    const [attempt] = taskOf('success').attempts
    return { ...task, attempts: [attempt!, attempt!] }
  }
  for (const status of ['success', 'error', 'timeout', 'cancelled'] as const) {
    end(ended(1, status))
    end(retried(status))
  }
  expect(metrics).toMatchObject({ retriedToSuccess: 1, retriedInVain: 2 })
})

test('percentiles are within 1 % of the sorted list, over all tasks', () => {
  const duration = fc.oneof(fc.nat(50), fc.nat(5000), fc.nat(3_600_000))
  fc.assert(
    fc.property(fc.array(duration, { minLength: 1, maxLength: 300 }), (durations) => {
      const { metrics, end } = measuring()
      for (const each of durations) end(ended(each))
      const sorted = durations.toSorted((a, b) => a - b)
      for (const percent of [50, 95, 99]) {
        const exact = sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)]!
        expect(Math.abs(metrics.percentileMs(percent)! - exact)).toBeLessThanOrEqual(exact / 100)
      }
      const mean = durations.reduce((sum, each) => sum + each, 0) / durations.length
      expect(metrics.averageMs!).toBeCloseTo(mean, 1)
    }),
    { numRuns: 100 },
  )
})

test('a duration longer than any can be is still counted', () => {
  const { metrics, end } = measuring()
  end(ended(Number.MAX_SAFE_INTEGER))
  expect(metrics.total).toBe(1)
})
