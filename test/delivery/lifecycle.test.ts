import { describe, expect, test } from 'bun:test'
import {
  accept,
  attemptLimit,
  begin,
  cancel,
  conclude,
  expire,
  fail,
  interrupt,
  isInterrupted,
  resume,
} from '../../src/delivery/lifecycle.ts'
import type { Outcome } from '../../src/delivery/outcome.ts'
import { INTERRUPTED, retryCount, type Task } from '../../src/task.ts'
import { newTask, NOW, queued, running } from '../support/tasks.ts'

const at = (elapsedMs: number) => ({ now: NOW + elapsedMs, elapsedMs })
const answer = (status: number, more: object = {}): Outcome => ({
  kind: 'answered',
  status,
  body: `"${status}"`,
  ...more,
})
const refused: Outcome = { kind: 'unreachable', error: 'ECONNREFUSED' }
const timeout: Outcome = { kind: 'timeout', error: 'no answer in 5 ms' }

/** The task after so many failed attempts, each followed by its wait. */
function afterFailures(count: number, task = running(), outcome = refused): Task {
  let current = task
  for (let n = 0; n < count; n++) {
    current = begin(conclude(current, outcome, 5, at(0)), current.targetUrl, NOW)
  }
  return current
}

const finished: Task[] = [
  conclude(running(), answer(200), 5, at(5)),
  conclude(running(), answer(404), 5, at(5)),
  conclude(running({ maxRetries: 0 }), timeout, 5, at(5)),
  conclude(running(), { kind: 'cancelled' }, 5, at(5)),
  interrupt(running(), at(5)),
]

describe('the transitions', () => {
  test('→ queued, due at once or after its delay', () => {
    expect(accept(newTask(), NOW)).toMatchObject({
      status: 'queued',
      createdAt: NOW,
      dueAt: NOW,
      attempts: [],
      completedAt: null,
      durationMs: null,
      responseStatus: null,
      responseBody: null,
      errorMessage: null,
    })
    expect(accept(newTask({ delayMs: 5000 }), NOW).dueAt).toBe(NOW + 5000)
  })

  test('queued → running: an attempt in flight, to the target of now', () => {
    const task = begin(queued(), 'http://elsewhere/x', NOW + 7)
    expect(task).toMatchObject({ status: 'running', dueAt: null, targetUrl: 'http://elsewhere/x' })
    expect(task.attempts).toEqual([
      { attempt: 1, startedAt: NOW + 7, durationMs: null, responseStatus: null, error: null },
    ])
  })

  test('running → running: the next attempt due after its wait', () => {
    const task = conclude(running(), answer(500), 12.4, at(12))
    expect(task).toMatchObject({ status: 'running', dueAt: NOW + 12 + 1000, completedAt: null })
    expect(task.attempts).toEqual([
      { attempt: 1, startedAt: NOW, durationMs: 12, responseStatus: 500, error: 'HTTP 500' },
    ])
    expect(begin(task, task.targetUrl, NOW + 1012)).toMatchObject({ dueAt: null })
    expect(begin(task, task.targetUrl, NOW + 1012).attempts.map((each) => each.attempt)).toEqual([
      1, 2,
    ])
  })

  test.each<[string, Outcome, Partial<Task>]>([
    ['200', answer(200), { status: 'success', responseStatus: 200, errorMessage: null }],
    ['299', answer(299), { status: 'success', responseStatus: 299 }],
    ['301', answer(301), { status: 'error', responseStatus: 301, errorMessage: 'HTTP 301' }],
    ['404', answer(404), { status: 'error', responseStatus: 404, responseBody: '"404"' }],
    ['199', answer(199), { status: 'error' }],
    [
      'too large',
      answer(200, { truncated: true }),
      { status: 'error', responseStatus: 200, errorMessage: 'the answer was too large' },
    ],
    ['cancelled', { kind: 'cancelled' }, { status: 'cancelled', responseStatus: null }],
  ])('running → finished at once: %s', (_, outcome, expected) => {
    const task = conclude(running(), outcome, 5, at(9.6))
    expect(task).toMatchObject(expected)
    expect(task).toMatchObject({ completedAt: NOW + 9.6, durationMs: 10, dueAt: null })
  })

  test.each<[Outcome, Partial<Task>]>([
    [refused, { status: 'error', responseStatus: null, errorMessage: 'ECONNREFUSED' }],
    [timeout, { status: 'timeout', responseStatus: null, errorMessage: 'no answer in 5 ms' }],
    [answer(502), { status: 'error', responseStatus: 502, responseBody: '"502"' }],
  ])('running → finished after the last retry: %j', (outcome, expected) => {
    expect(conclude(afterFailures(2), outcome, 5, at(9)).status).toBe('running')
    const task = conclude(afterFailures(3), outcome, 5, at(9))
    expect(task).toMatchObject(expected)
    expect(retryCount(task)).toBe(3)
  })

  test('queued, running → cancelled', () => {
    const expected = { status: 'cancelled', completedAt: NOW + 3, durationMs: 3, dueAt: null }
    expect(cancel(queued(), at(3))).toMatchObject(expected)
    expect(cancel(conclude(running(), refused, 1, at(1)), at(3))).toMatchObject(expected)
  })

  test('queued → timeout, when its deadline passes before an attempt can start', () => {
    expect(expire(queued({ deadlineMs: 100 }), at(150))).toMatchObject({
      status: 'timeout',
      durationMs: 150,
      errorMessage: 'the deadline of 100 ms passed before the next attempt',
    })
  })

  test('queued, running → error, when it cannot be sent', () => {
    expect(fail(queued(), 'inactive', at(1))).toMatchObject({
      status: 'error',
      errorMessage: 'inactive',
      attempts: [],
    })
  })

  test('running → error, when its caller is gone; and → queued, when the caller is back', () => {
    const orphan = interrupt(running(), at(50))
    expect(orphan).toMatchObject({ status: 'error', errorMessage: INTERRUPTED, durationMs: 50 })
    expect(orphan.attempts).toMatchObject([{ error: INTERRUPTED, interrupted: true }])
    expect(isInterrupted(orphan)).toBe(true)

    const asked = { mode: 'sync', requestId: 'request-2', headers: { 'x-a': 'c' } } as const
    const again = resume(orphan, newTask({ ...asked, payload: '{"n": 1}' }), NOW + 9000)
    expect(again).toMatchObject({
      id: orphan.id,
      status: 'queued',
      requestId: 'request-2',
      headers: { 'x-a': 'c' },
      payload: '{"n": 1}',
      createdAt: NOW + 9000,
      completedAt: null,
      errorMessage: null,
    })
    expect(begin(again, again.targetUrl, NOW).attempts.map((each) => each.attempt)).toEqual([1, 2])
  })
})

describe('what is no transition', () => {
  test.each(finished)('$status stays as it is', (task) => {
    const moves = [
      () => begin(task, task.targetUrl, NOW),
      () => conclude(task, answer(200), 5, at(5)),
      () => conclude(task, refused, 5, at(5)),
      () => cancel(task, at(5)),
      () => expire(task, at(5)),
      () => fail(task, 'x', at(5)),
      () => interrupt(task, at(5)),
    ]
    for (const move of moves) expect(move).toThrow('has ended')
  })

  test('only an interrupted task is resumed', () => {
    for (const task of [...finished.slice(0, -1), queued(), running()]) {
      expect(() => resume(task, newTask(), NOW)).toThrow()
    }
  })

  test('a move makes a new task and leaves the old one alone', () => {
    const before = running()
    const copy = structuredClone(before)
    conclude(before, refused, 5, at(5))
    begin(before, 'http://elsewhere', NOW)
    interrupt(before, at(5))
    expect(before).toEqual(copy)
  })
})

describe('waits', () => {
  test('are 1, 2, 4 … s from the end of the attempt', () => {
    const waits = [0, 1, 2].map((n) => conclude(afterFailures(n), refused, 5, at(70)).dueAt! - NOW)
    expect(waits).toEqual([1070, 2070, 4070])
  })

  test("are lengthened by the droplet's Retry-After", () => {
    const task = conclude(running(), answer(503, { retryAfterMs: 7000 }), 5, at(0))
    expect(task.dueAt! - NOW).toBe(7000)
  })

  test('that would reach the deadline end the task at once, with the last answer', () => {
    const task = running({ deadlineMs: 2000 })
    expect(conclude(task, answer(500), 5, at(999)).status).toBe('running')
    expect(conclude(task, answer(500), 5, at(1000))).toMatchObject({
      status: 'error',
      responseStatus: 500,
      durationMs: 1000,
    })
    expect(conclude(task, timeout, 5, at(1500)).status).toBe('timeout')
    expect(conclude(task, answer(503, { retryAfterMs: 2000 }), 5, at(0)).status).toBe('error')
  })
})

test('an attempt may take its own limit, or what is left until the deadline', () => {
  expect(attemptLimit(running({ timeoutMs: 500 }), 99_999)).toBe(500)
  expect(
    [0, 499.2, 500, 501].map((waited) => attemptLimit(running({ timeoutMs: 500 }), 0, waited)),
  ).toEqual([500, 1, 1, 1])
  const task = running({ timeoutMs: 500, deadlineMs: 1000 })
  expect([0, 500, 702.6, 1000, 1200].map((elapsed) => attemptLimit(task, elapsed))).toEqual([
    500, 500, 297, 0, 0,
  ])
})

describe('an attempt that a stop cut off', () => {
  const interrupted: Outcome = { kind: 'interrupted' }

  test('leaves an asynchronous task running and due; a synchronous one ends', () => {
    const task = conclude(running({ mode: 'async' }), interrupted, 5, at(5))
    expect(task).toMatchObject({ status: 'running', dueAt: NOW + 5, completedAt: null })
    expect(task.attempts).toMatchObject([{ interrupted: true, error: INTERRUPTED, durationMs: 5 }])
    const orphan = conclude(running({ mode: 'sync' }), interrupted, 5, at(5))
    expect(isInterrupted(orphan)).toBe(true)
  })

  test('counts on in X-Attempt, but uses up neither a retry nor a wait', () => {
    let task = conclude(running({ maxRetries: 1 }), interrupted, 5, at(5))
    for (let n = 0; n < 3; n++) {
      task = conclude(begin(task, task.targetUrl, NOW), interrupted, 5, at(5))
    }
    task = conclude(begin(task, task.targetUrl, NOW), refused, 5, at(5))
    expect(task).toMatchObject({ status: 'running', dueAt: NOW + 5 + 1000 })
    task = conclude(begin(task, task.targetUrl, NOW), refused, 5, at(5))
    expect(task).toMatchObject({ status: 'error' })
    expect(task.attempts.map(({ attempt }) => attempt)).toEqual([1, 2, 3, 4, 5, 6])
  })

  test('is closed by the next one when a crash left it open', () => {
    const crashed = running()
    const [first] = begin(crashed, crashed.targetUrl, NOW).attempts
    expect(first).toMatchObject({ durationMs: null, error: INTERRUPTED, interrupted: true })
  })
})

describe('an attempt that was never sent', () => {
  test.each<Outcome>([
    { kind: 'cancelled', unsent: true },
    { kind: 'interrupted', unsent: true },
    { kind: 'timeout', error: 'too late', unsent: true },
  ])('%j is not counted', (outcome) => {
    const task = conclude(afterFailures(1), outcome, 0, at(5))
    expect(task.attempts).toHaveLength(1)
    expect(retryCount(task)).toBe(0)
  })
})

describe('a droplet that answered once', () => {
  test.each<[string, Outcome]>([
    ['unreachable', refused],
    ['timeout', timeout],
  ])('has answered, though the last attempt is %s', (_, last) => {
    const tried = afterFailures(1, running({ maxRetries: 1 }), answer(502))
    expect(conclude(tried, last, 5, at(5))).toMatchObject({
      status: 'error',
      responseStatus: 502,
      responseBody: '"502"',
    })
  })

  test('but a cancelled or interrupted task has no result', () => {
    const tried = afterFailures(1, running(), answer(502))
    for (const task of [cancel(tried, at(5)), interrupt(tried, at(5))]) {
      expect(task).toMatchObject({ responseStatus: null, responseBody: null })
    }
  })
})
