import { expect, test } from 'bun:test'
import { begin, conclude } from '../../src/delivery/lifecycle.ts'
import type { SentOutcome } from '../../src/delivery/outcome.ts'
import { EventBus, type AttemptResult } from '../../src/events.ts'
import type { LogLevel } from '../../src/log.ts'
import type { Task } from '../../src/task.ts'
import { logTasks } from '../../src/telemetry/task-log.ts'
import { traceIdOf } from '../../src/trace-context.ts'
import { recordingLog } from '../support/log.ts'
import { after, taskOf } from '../support/task-states.ts'
import { NOW, queued } from '../support/tasks.ts'

const TARGET = 'http://h/x?token=hush'
const COMMON = {
  ...{ request_id: 'r-1', task_id: 't-1', droplet: 'Echo', method: 'GET' },
  target: 'http://h/x?token=REDACTED',
  trace_id: traceIdOf({ id: 't-1', trace: null }),
}

/** What is logged at WARNING or above, and what in all; without the fields that are undefined. */
function logging(enabled: (level: LogLevel) => boolean = () => true) {
  const log = { ...recordingLog(), enabled }
  const events = new EventBus(log)
  logTasks(events, log, { now: () => NOW + 10 })
  const lines = () => JSON.parse(JSON.stringify(log.lines)) as unknown
  return { events, lines }
}

/** A task after an attempt of 4.6 ms that ended so. */
function attempted(outcome: SentOutcome, maxRetries = 1): { task: Task; result: AttemptResult } {
  const ids = { id: 't-1', requestId: 'r-1', dropletName: 'Echo', method: 'GET' } as const
  const task = begin(queued({ ...ids, maxRetries }), TARGET, NOW)
  const status = outcome.kind === 'answered' ? outcome.status : null
  const result = { outcome: outcome.kind, status, durationMs: 4.6 }
  return { task: conclude(task, outcome, 4.6, after(5)), result }
}

const answered = (status: number): SentOutcome => ({ kind: 'answered', status, body: '"hush"' })

test('an attempt that will be repeated', () => {
  const { events, lines } = logging()
  events.emit({ type: 'attempt ended', ...attempted(answered(503)) })
  const fields = { ...COMMON, attempt: 1, response_status: 503, error: 'HTTP 503', duration_ms: 5 }
  expect(lines()).toEqual([
    { level: 'WARNING', msg: 'attempt failed', fields: { ...fields, next_in_ms: 995 } },
  ])
})

test('the last attempt, and the end of its task', () => {
  const { events, lines } = logging()
  const error = `cannot connect to ${TARGET}`
  const ended = attempted({ kind: 'unreachable', error }, 0)
  events.emit({ type: 'attempt ended', ...ended })
  events.emit({ type: 'ended', task: ended.task })
  const shown = `cannot connect to ${COMMON.target}`
  expect(lines()).toEqual([
    {
      level: 'WARNING',
      msg: 'attempt failed',
      fields: { ...COMMON, attempt: 1, error: shown, duration_ms: 5 },
    },
    {
      level: 'WARNING',
      msg: 'task failed',
      fields: { ...COMMON, status: 'error', attempts: 1, error: shown, duration_ms: 5 },
    },
  ])
})

test('a refusal of the droplet fails the task', () => {
  const { events, lines } = logging()
  events.emit({ type: 'ended', task: attempted(answered(404)).task })
  expect(lines()).toMatchObject([
    { level: 'WARNING', fields: { response_status: 404, error: 'HTTP 404', attempts: 1 } },
  ])
})

test.each<[SentOutcome['kind'], SentOutcome]>([
  ['answered', answered(200)],
  ['cancelled', { kind: 'cancelled' }],
])('%s: only for DEBUG', (_, outcome) => {
  const { events, lines } = logging()
  const ended = attempted(outcome)
  events.emit({ type: 'attempt started', task: ended.task })
  events.emit({ type: 'attempt ended', ...ended })
  events.emit({ type: 'ended', task: ended.task })
  expect(lines()).toMatchObject([
    { level: 'DEBUG', msg: 'attempt started' },
    { level: 'DEBUG', msg: 'attempt ended' },
    { level: 'DEBUG', msg: 'task ended' },
  ])
  const warnings = logging((level) => level === 'WARNING' || level === 'ERROR')
  warnings.events.emit({ type: 'attempt started', task: ended.task })
  warnings.events.emit({ type: 'attempt ended', ...ended })
  warnings.events.emit({ type: 'ended', task: ended.task })
  expect(warnings.lines()).toEqual([])
})

test('an attempt that a stop of the service cut off is no failure; the task that ends by it is', () => {
  const { events, lines } = logging()
  const ended = attempted({ kind: 'interrupted' })
  events.emit({ type: 'attempt ended', ...ended })
  events.emit({ type: 'ended', task: { ...taskOf('error'), errorMessage: 'interrupted' } })
  expect(lines()).toMatchObject([
    { level: 'DEBUG' },
    { level: 'WARNING', msg: 'task failed', fields: { error: 'interrupted' } },
  ])
})
