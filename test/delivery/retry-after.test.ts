import { expect, test } from 'bun:test'
import { retryAfterMs } from '../../src/delivery/retry-after.ts'

const now = Date.parse('2026-01-01T00:00:00Z')

test.each([
  [null, 0],
  ['', 0],
  ['0', 0],
  ['7', 7000],
  [' 7 ', 7000],
  ['120', 120_000],
  ['-5', 0],
  ['1.5', 0],
  ['5s', 0],
  ['soon', 0],
  ['2026-01-01T00:00:10Z', 0],
  ['Thu, 01 Jan 2026 00:00:10 GMT', 10_000],
  ['Thursday, 01-Jan-26 00:00:10 GMT', 10_000],
  ['Thu Jan  1 00:00:10 2026', 10_000],
  ['Wed, 31 Dec 2025 23:59:59 GMT', 0],
  ['Thu, 99 Foo 2026 00:00:10 GMT', 0],
])('%j is %p ms', (header, ms) => {
  expect(retryAfterMs(header, now)).toBe(ms)
})
