import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { isNearEnd, scrollTo, windowOf } from '../../src/web/app/tasks/window.ts'

const view = fc.record({
  scrollTop: fc.integer({ min: -50, max: 2_000_000 }),
  height: fc.integer({ min: 1, max: 3000 }),
  rowHeight: fc.integer({ min: 20, max: 80 }),
})

test('all rows that can be seen are made, and few others', () => {
  fc.assert(
    fc.property(view, fc.integer({ min: 0, max: 50_000 }), (view, count) => {
      const { from, to } = windowOf(view, count)
      const top = Math.max(0, view.scrollTop)
      const first = Math.min(count, Math.floor(top / view.rowHeight))
      const last = Math.min(count, Math.ceil((top + view.height) / view.rowHeight))
      expect(from).toBeLessThanOrEqual(first)
      expect(to).toBeGreaterThanOrEqual(Math.min(last, count))
      expect(to).toBeLessThanOrEqual(count)
      expect(from).toBeGreaterThanOrEqual(0)
      expect(to - from).toBeLessThan(view.height / view.rowHeight + 40)
    }),
  )
})

test('a row is scrolled to no further than it takes to see it', () => {
  const view = { scrollTop: 100, height: 100, rowHeight: 20 }
  expect(scrollTo(view, 6)).toBe(100)
  expect(scrollTo(view, 0)).toBe(0)
  expect(scrollTo(view, 10)).toBe(120)
})

test('the next page is wanted before the end is seen', () => {
  expect(isNearEnd({ scrollTop: 0, height: 500, rowHeight: 20 }, 100)).toBe(false)
  expect(isNearEnd({ scrollTop: 1100, height: 500, rowHeight: 20 }, 100)).toBe(true)
  expect(isNearEnd({ scrollTop: 0, height: 500, rowHeight: 20 }, 3)).toBe(true)
})
