import { expect, test } from 'bun:test'
import { crashTest } from './crash.ts'

test('three kills under load: nothing is lost, nothing is sent twice that should not be', async () => {
  const result = await crashTest(3, 4711)
  expect(result.faults).toEqual([])
  expect(result.accepted).toBeGreaterThan(0)
  expect(result.answered).toBeGreaterThan(0)
  expect(result.unanswered).toBeGreaterThan(0)
}, 120_000)
