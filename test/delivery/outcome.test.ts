import { expect, test } from 'bun:test'
import { isRetryable, type Outcome } from '../../src/delivery/outcome.ts'

const answered = (status: number): Outcome => ({ kind: 'answered', status, body: null })

test('5xx is tried again, no other answer is', () => {
  const retried = Array.from({ length: 500 }, (_, n) => n + 100).filter((status) =>
    isRetryable(answered(status)),
  )
  expect(retried).toEqual(Array.from({ length: 100 }, (_, n) => n + 500))
})

test.each<[Outcome, boolean]>([
  [{ kind: 'timeout', error: 'x' }, true],
  [{ kind: 'unreachable', error: 'x' }, true],
  [{ kind: 'answered', status: 503, body: null, truncated: true }, false],
  [{ kind: 'refused', error: 'x', unsent: true }, false],
  [{ kind: 'cancelled' }, false],
  [{ kind: 'interrupted' }, false],
])('%j: %p', (outcome, again) => {
  expect(isRetryable(outcome)).toBe(again)
})
