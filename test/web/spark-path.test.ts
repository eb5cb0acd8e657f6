import { expect, test } from 'bun:test'
import { sparkPath } from '../../src/web/app/droplets/spark-path.ts'

test('a line from value to value, the largest at the top', () => {
  expect(sparkPath([0, 10, 20])).toBe('M0 23L60 12L120 1')
})

test('a gap where nothing was sent, a dot where there is one value alone', () => {
  expect(sparkPath([20, null, 20, 20, null])).toBe('M0 1m-1 0h2M60 1L90 1')
  expect(sparkPath([null, null])).toBe('')
  expect(sparkPath([])).toBe('')
})

test('small values stay low', () => {
  expect(sparkPath([1, 1])).toBe('M0 18.6L120 18.6')
})
