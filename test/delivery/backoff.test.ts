import { expect, test } from 'bun:test'
import { waitBefore } from '../../src/delivery/backoff.ts'

test('the waits double from 1 s, at most 60 s', () => {
  const waits = Array.from({ length: 10 }, (_, retry) => waitBefore(retry) / 1000)
  expect(waits).toEqual([1, 2, 4, 8, 16, 32, 60, 60, 60, 60])
})

test('Retry-After lengthens a wait, never shortens it, up to 60 s', () => {
  expect(waitBefore(2, 3999)).toBe(4000)
  expect(waitBefore(2, 4001)).toBe(4001)
  expect(waitBefore(0, 60_000)).toBe(60_000)
  expect(waitBefore(0, 86_400_000)).toBe(60_000)
  expect(waitBefore(9, 1)).toBe(60_000)
})
