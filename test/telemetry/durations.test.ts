import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { Durations } from '../../src/telemetry/durations.ts'

test('nothing recorded, nothing known', () => {
  const durations = new Durations()
  expect(durations.percentile(50)).toBeNull()
  durations.record(5)
  durations.clear()
  expect(durations.percentile(99)).toBeNull()
})

test('each percentile is at most 2.3 % from the true one', () => {
  const ms = fc.oneof(fc.nat(20), fc.nat(2000), fc.nat(3_600_000))
  const percent = fc.constantFrom(1, 50, 95, 99, 100)
  fc.assert(
    fc.property(fc.array(ms, { minLength: 1, maxLength: 200 }), percent, (all, asked) => {
      const durations = new Durations()
      for (const each of all) durations.record(each)
      const sorted = all.toSorted((one, other) => one - other)
      const exact = sorted[Math.max(0, Math.ceil((asked / 100) * sorted.length) - 1)]!
      const found = durations.percentile(asked)!
      // Below 100 ms it is told to a tenth, above to one.
      const rounding = found < 100 ? 0.05 : 0.5
      expect(Math.abs(found - exact)).toBeLessThanOrEqual(exact * 0.023 + rounding)
    }),
  )
})

test('a duration beyond all measure is the longest', () => {
  const durations = new Durations()
  durations.record(1e15)
  expect(durations.percentile(50)).toBeGreaterThan(12 * 24 * 3_600_000)
})
