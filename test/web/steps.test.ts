import { expect, test } from 'bun:test'
import {
  MILLISECONDS,
  niceMax,
  SECONDS,
  stepMax,
  timeTick,
  WHOLE,
} from '../../src/web/app/overview/steps.ts'

test.each([
  [0, 0],
  [0.4, 0.5],
  [1, 1.5],
  [9.9, 15],
  [70, 75],
  [180, 200],
])('an axis for %d ends at %d', (value, end) => {
  expect(niceMax(value)).toBeCloseTo(end)
})

test.each([
  [4, 5],
  [58, 60],
  [192, 240],
  [3500, 3600],
  [40_000, 43_200],
  [10_000_000, 10_368_000],
])('an axis for %d s ends at %d s', (value, end) => {
  expect(stepMax(value, SECONDS)).toBe(end)
  if (value < 10_000) expect(stepMax(value * 1000, MILLISECONDS)).toBe(end * 1000)
})

test.each([
  [3, 4],
  [7, 8],
  [9.9, 15],
  [26, 30],
  [119, 150],
  [9900, 15_000],
])('an axis for %d tasks ends at %d, and has whole numbers only', (value, end) => {
  expect(stepMax(value, WHOLE)).toBe(end)
  expect(WHOLE.every(Number.isInteger)).toBe(true)
})

test('times are short on an axis', () => {
  const times = [0, 0.2, 1, 50, 60, 90, 120, 3600, 5400, 7200, 86_400, 172_800]
  expect(times.map(timeTick).join(', ')).toBe(
    '0, 200 ms, 1 s, 50 s, 1 min, 90 s, 2 min, 60 min, 90 min, 2 h, 24 h, 2 d',
  )
})
