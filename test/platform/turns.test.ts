import { expect, test } from 'bun:test'
import { systemClock } from '../../src/platform/clock.ts'
import { inTurns, nextTurn, SharedTurns, type Work } from '../../src/platform/turns.ts'
import { turn } from '../support/fake-clock.ts'

test('a turn that is shared has one slice of one work, each work in its turn', async () => {
  const done: string[][] = [[]]
  const counted = (callback: () => void) =>
    systemClock.soon(() => {
      done.push([])
      callback()
    })
  const turns = new SharedTurns({ soon: counted })
  const run = async (name: string, slices: number) => {
    const work = function* (): Work<void> {
      for (let slice = 0; slice < slices; slice++) {
        done.at(-1)!.push(name)
        yield
      }
    }
    await nextTurn(turns)
    await inTurns(work(), turns)
  }
  const first = run('a', 4)
  const second = run('b', 2)
  await turn()
  await Promise.all([first, second, run('c', 1)])
  expect(done.every((names) => names.length <= 1)).toBe(true)
  expect(done.flat().join('')).toBe('abacbaa')
  // Who comes when nobody waits any more need not wait either.
  await run('d', 1)
  expect(done.flat().at(-1)).toBe('d')
})

test('work ends between two slices when its signal aborts', async () => {
  const stop = new AbortController()
  let slices = 0
  const work = function* (): Work<void> {
    for (;;) {
      if (++slices === 3) stop.abort()
      yield
    }
  }
  await expect(inTurns(work(), systemClock, stop.signal)).rejects.toThrow()
  expect(slices).toBe(3)
})
