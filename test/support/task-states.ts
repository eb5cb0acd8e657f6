/** A task in each of its states. */
import { cancel, conclude } from '../../src/delivery/lifecycle.ts'
import type { Task } from '../../src/task.ts'
import { NOW, queued, running } from './tasks.ts'

/** A moment so long after the acceptance. */
export const after = (elapsedMs: number) => ({ now: NOW + elapsedMs, elapsedMs })

export function taskOf(status: Task['status'], overrides: Parameters<typeof queued>[0] = {}): Task {
  const answered = (code: number) => ({ kind: 'answered' as const, status: code, body: '{}' })
  const timeout = { kind: 'timeout' as const, error: 'no answer' }
  switch (status) {
    case 'queued':
      return queued(overrides)
    case 'running':
      return running(overrides)
    case 'cancelled':
      return cancel(queued(overrides), after(1))
    case 'success':
      return conclude(running(overrides), answered(200), 5, after(5))
    case 'error':
      return conclude(running(overrides), answered(404), 5, after(5))
    case 'timeout':
      return conclude(running({ ...overrides, maxRetries: 0 }), timeout, 5, after(5))
  }
}
