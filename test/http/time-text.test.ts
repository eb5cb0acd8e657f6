import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { readTime } from '../../src/http/time-text.ts'

test.each<[string, number]>([
  ['0', 0],
  ['1764000000', 1_764_000_000_000],
  ['1764000000.5', 1_764_000_000_500],
  ['1764000000.129', 1_764_000_000_129],
  // The first whole ms that is not before it.
  ['1764000000.129000001', 1_764_000_000_130],
  ['1970-01-01T00:00:00Z', 0],
  ['1970-01-01t00:00:01.0005z', 1001],
  ['1970-01-01 02:00:00+02:00', 0],
  ['1970-01-01T02:00:00 02:00', 0],
  ['1969-12-31T23:30:00-00:30', 0],
  ['2016-12-31T23:59:60Z', Date.parse('2017-01-01T00:00:00Z')],
  ['2028-02-29T12:00:00Z', Date.parse('2028-02-29T12:00:00Z')],
])('%s', (text, ms) => {
  expect(readTime(text)).toBe(ms)
})

test.each([
  ...['', ' 1', '1.', '.5', '-1', '+1', '1e3', '0x1', '123456789012', 'NaN', 'now'],
  ...['2026-01-01', '2026-01-01T00:00:00', '2026-01-01T00:00Z', '2026-1-1T00:00:00Z'],
  ...['2026-02-29T00:00:00Z', '2026-04-31T00:00:00Z', '2026-13-01T00:00:00Z'],
  ...['2026-01-01T24:00:00Z', '2026-01-01T00:60:00Z', '2026-01-01T00:00:61Z'],
  ...['2026-01-01T00:00:00+24:00', '2026-01-01T00:00:00+01', '2026-01-01T00:00:00Z '],
])('%p is no time', (text) => {
  expect(readTime(text)).toBeNull()
})

test('what the service shows of a time is read as the same ms', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 4_000_000_000_000 }), (ms) => {
      expect(readTime(String(ms / 1000))).toBe(ms)
      expect(readTime(new Date(ms).toISOString())).toBe(ms)
    }),
  )
})
