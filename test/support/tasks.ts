/** Tasks as the pure parts see them. */
import { accept, begin, type NewTask } from '../../src/delivery/lifecycle.ts'
import type { Task } from '../../src/task.ts'

/** Wall clock, ms. */
export const NOW = Date.parse('2026-01-01T00:00:00Z')

export function newTask(overrides: Partial<NewTask> = {}): NewTask {
  return {
    // As the service makes them: a store may rely on their order.
    id: Bun.randomUUIDv7(),
    mode: 'async',
    requestId: 'request-1',
    hops: 0,
    trace: null,
    dropletName: 'Echo',
    method: 'POST',
    path: '/x',
    targetUrl: 'http://echo.example/x',
    payload: '{"n":1}',
    meta: null,
    headers: { 'x-a': 'b' },
    secretHeaders: null,
    timeoutMs: 30_000,
    deadlineMs: null,
    maxRetries: 3,
    delayMs: 0,
    idempotencyKey: null,
    fingerprint: null,
    replayOf: null,
    ...overrides,
  }
}

export function queued(overrides: Partial<NewTask> = {}, now = NOW): Task {
  return accept(newTask(overrides), now)
}

/** Its first attempt in flight. */
export function running(overrides: Partial<NewTask> = {}, now = NOW): Task {
  const task = queued(overrides, now)
  return begin(task, task.targetUrl, now)
}
