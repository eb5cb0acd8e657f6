import { expect, test } from 'bun:test'
import { bytes, duration, longDuration, relativeTime } from '../../src/web/app/ui/format.ts'

test.each([
  [0, '0 ms'],
  [12.4, '12 ms'],
  [999, '999 ms'],
  [1000, '1 s'],
  [59_900, '59.9 s'],
  [59_990, '1 min'],
  [3_599_900, '1 h'],
  [250_000, '4 min 10 s'],
  [90_000_000, '1 d 1 h'],
])('%d ms: %s', (ms, words) => {
  expect(duration(ms).replace(',', '.')).toBe(words)
})

test('a duration in whole seconds does not flicker', () => {
  expect([0, 0.9, 59.9, 60, 3661].map(longDuration)).toEqual([
    '0 s',
    '0 s',
    '59 s',
    '1 min',
    '1 h 1 min',
  ])
})

test('a time is told from now', () => {
  expect(relativeTime(100, 100.4)).toBe('now')
  expect(relativeTime(100, 112)).toBe('12 s ago')
  expect(relativeTime(112, 100)).toBe('in 12 s')
})

test('sizes', () => {
  expect([0, 999, 1000, 2_000_000].map(bytes)).toEqual(['0 B', '999 B', '1 kB', '2 MB'])
})
