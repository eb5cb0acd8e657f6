import { expect, test } from 'bun:test'
import { Run } from '../../src/delivery/run.ts'
import { Runs } from '../../src/delivery/runs.ts'
import { FakeClock } from '../support/fake-clock.ts'

/** A run that is held until `end`. */
function heldIn(runs: Runs, id: string) {
  const run = new Run(new FakeClock(), id, 0)
  const { promise, resolve } = Promise.withResolvers<void>()
  const held = runs.hold(run, () => promise)
  return { run, end: () => (resolve(), held) }
}

test('a run is found as long as it is held', async () => {
  const runs = new Runs()
  const [a, b] = [heldIn(runs, 'a'), heldIn(runs, 'b')]
  expect([runs.get('a'), runs.get('b'), runs.get('c')]).toEqual([a.run, b.run, undefined])
  await a.end()
  expect([runs.get('a'), runs.get('b'), runs.size]).toEqual([undefined, b.run, 1])
})

test('of two runs of a task the one that goes on is found, and stays when the other ends', async () => {
  const runs = new Runs()
  const first = heldIn(runs, 'a')
  first.run.abort('given up')
  expect(runs.get('a')).toBe(first.run)
  const again = heldIn(runs, 'a')
  expect(runs.get('a')).toBe(again.run)
  await first.end()
  expect(runs.get('a')).toBe(again.run)
})

test('a run whose work fails is held no longer', async () => {
  const runs = new Runs()
  const run = new Run(new FakeClock(), 'a', 0)
  const held = runs.hold(run, () => Promise.reject(new Error('no')))
  expect(held).rejects.toThrow('no')
  await held.catch(() => {})
  expect(runs.size).toBe(0)
})
