import { describe, expect, test } from 'bun:test'
import { begin, cancel, conclude, interrupt, resume } from '../../src/delivery/lifecycle.ts'
import type { SentOutcome } from '../../src/delivery/outcome.ts'
import { EventBus } from '../../src/events.ts'
import type { FinishedSpan } from '../../src/spans.ts'
import type { Task } from '../../src/task.ts'
import { traceTasks } from '../../src/telemetry/task-spans.ts'
import { spanIdOf } from '../../src/trace-context.ts'
import { recordingLog } from '../support/log.ts'
import { after } from '../support/task-states.ts'
import { newTask, NOW, queued, running } from '../support/tasks.ts'

const ID = '01a217ac-e591-74de-b6eb-3051c990e88b'
const TARGET = 'http://[::1]:9001/x?token=hush'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const caller = (flags: string) => ({
  parent: `00-${TRACE}-b7ad6b7169203331-${flags}`,
  state: 'a=1',
})

function tracing(room = 1) {
  const events = new EventBus(recordingLog())
  const spans: FinishedSpan[] = []
  const sink = { takes: () => room > 0, add: (span: FinishedSpan) => void spans.push(span) }
  traceTasks(events, { ...sink, stop: async () => {} }, 1)
  return { events, spans }
}

/** The spans of an attempt that ended so after 4.5 ms, and of its task if that has ended. */
function spansOf(outcome: SentOutcome, task: Task = queued({ id: ID, maxRetries: 0 })) {
  const { events, spans } = tracing()
  const ended = conclude(begin(task, TARGET, NOW + 2), outcome, 4.5, after(7))
  const status = outcome.kind === 'answered' ? outcome.status : null
  const result = { outcome: outcome.kind, status, durationMs: 4.5 }
  events.emit({ type: 'attempt ended', task: ended, result })
  if (ended.completedAt !== null) events.emit({ type: 'ended', task: ended })
  return spans
}

const answered = (status: number): SentOutcome => ({ kind: 'answered', status, body: '"hush"' })

test('an attempt, and the task around it', () => {
  const [attempt, task] = spansOf(answered(200))
  const about = { 'orchestrator.task_id': ID, 'orchestrator.droplet': 'Echo' }
  const common = { traceId: ID.replaceAll('-', ''), flags: 1, state: null, failure: null }
  expect(attempt).toEqual({
    ...common,
    name: 'POST',
    kind: 'client',
    spanId: spanIdOf(ID, 1),
    parentSpanId: spanIdOf(ID),
    isParentRemote: false,
    startMs: NOW + 2,
    endMs: NOW + 6.5,
    attributes: {
      ...about,
      'http.request.method': 'POST',
      'http.response.status_code': 200,
      'url.full': 'http://[::1]:9001/x?token=REDACTED',
      'server.address': '::1',
      'server.port': 9001,
    },
  })
  expect(task).toEqual({
    ...common,
    name: 'POST Echo',
    kind: 'consumer',
    spanId: spanIdOf(ID),
    parentSpanId: null,
    isParentRemote: true,
    startMs: NOW,
    endMs: NOW + 7,
    attributes: {
      ...about,
      'orchestrator.mode': 'async',
      'orchestrator.status': 'success',
      'orchestrator.request_id': 'request-1',
    },
  })
})

test("a caller's trace, of a task that it waits for", () => {
  const [attempt, task] = spansOf(answered(200), queued({ mode: 'sync', trace: caller('03') }))
  const inTrace = { traceId: TRACE, flags: 3, state: 'a=1' }
  expect(attempt).toMatchObject({ ...inTrace, parentSpanId: task!.spanId })
  expect(task).toMatchObject({ ...inTrace, kind: 'server', parentSpanId: 'b7ad6b7169203331' })
})

test('a trace that nobody keeps is told to nobody', () => {
  expect(spansOf(answered(500), queued({ maxRetries: 0, trace: caller('00') }))).toEqual([])
})

describe('a failure', () => {
  test.each<[SentOutcome, string, string, string]>([
    [answered(503), '503', '503', 'HTTP 503'],
    [answered(404), '404', '404', 'HTTP 404'],
    [answered(302), '302', '302', 'HTTP 302'],
    [{ kind: 'timeout', error: 'no answer in 5 ms' }, 'timeout', 'timeout', 'no answer in 5 ms'],
    [
      { kind: 'unreachable', error: `cannot connect to ${TARGET}` },
      ...(['unreachable', 'error'] as const),
      'cannot connect to http://[::1]:9001/x?token=REDACTED',
    ],
    [
      { kind: 'answered', status: 200, body: '{}', truncated: true },
      ...(['answer_too_large', 'error'] as const),
      'the answer was too large',
    ],
  ])('%p', (outcome, ofAttempt, ofTask, failure) => {
    const [attempt, task] = spansOf(outcome)
    expect(attempt).toMatchObject({ failure, attributes: { 'error.type': ofAttempt } })
    expect(task).toMatchObject({ failure, attributes: { 'error.type': ofTask } })
    expect(JSON.stringify([attempt, task])).not.toContain('hush')
  })

  test('that is repeated: only the attempt, and how often it was sent before', () => {
    const first = spansOf(answered(503), queued({ id: ID }))
    expect(first).toHaveLength(1)
    expect(first[0]!.attributes).not.toHaveProperty('http.request.resend_count')
    const once = conclude(running({ id: ID }), answered(503), 1, after(1))
    const [second] = spansOf(answered(200), once)
    expect(second!.attributes['http.request.resend_count']).toBe(1)
    expect(second!.spanId).not.toBe(first[0]!.spanId)
  })
})

test('what somebody cancelled is no failure', () => {
  const [attempt, task] = spansOf({ kind: 'cancelled' })
  expect(attempt).toMatchObject({ failure: null, attributes: { 'error.type': 'cancelled' } })
  expect(task).toMatchObject({ failure: null, attributes: { 'orchestrator.status': 'cancelled' } })
  const { events, spans } = tracing()
  events.emit({ type: 'ended', task: cancel(queued(), after(1)) })
  expect(spans.map(({ failure }) => failure)).toEqual([null])
})

test('an attempt that a restart cut off is told with the end of its task, and only once', () => {
  const { events, spans } = tracing()
  const orphan = interrupt(running({ id: ID }), after(5))
  events.emit({ type: 'ended', task: orphan })
  const cut = { attributes: { 'error.type': 'interrupted' }, failure: 'interrupted by a restart' }
  expect(spans).toMatchObject([
    { ...cut, spanId: spanIdOf(ID, 1), endMs: NOW },
    { name: 'POST Echo' },
  ])
  spans.length = 0
  const again = begin(resume(orphan, newTask(), NOW + 50), TARGET, NOW + 51)
  events.emit({ type: 'ended', task: conclude(again, answered(200), 1, after(60)) })
  expect(spans.map(({ name }) => name)).toEqual(['POST Echo'])
})

test('where there is no room, none is made', () => {
  const { events, spans } = tracing(0)
  const task = running({ id: ID })
  // Without attempts a span of it could not be made.
  const broken = {
    ...task,
    get targetUrl(): string {
      throw new Error('it was made')
    },
  }
  events.emit({
    type: 'attempt ended',
    task: broken,
    result: { outcome: 'answered', status: 200, durationMs: 1 },
  })
  expect(spans).toEqual([])
})
