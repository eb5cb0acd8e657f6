/** That the verdict of `bun run soak` sees a leak, and none where there is none. */
import { describe, expect, test } from 'bun:test'
import type { Sample } from './sample.ts'
import { leaks, lostTasks, type SoakRun } from './verdict.ts'

const sample = (at: number, change: Partial<Sample> = {}): Sample => ({
  ...{ at, rssMb: 120, sockets: 10, descriptors: 30, threads: 12, walMb: 4 },
  ...change,
})
const loadOf = (change: (at: number) => Partial<Sample>) =>
  Array.from({ length: 300 }, (_, at) => sample(at, change(at)))
const busy = loadOf((at) => ({ sockets: 80, descriptors: 100, rssMb: Math.min(120 + at, 180) }))
const run = (change: Partial<SoakRun> = {}): SoakRun => ({
  ...{ start: sample(0), load: busy, end: sample(300), idleCpuMs: [10, 12], minutes: 5 },
  ...change,
})

describe('leaks', () => {
  test('none, when all is as before', () => {
    expect(leaks(run())).toEqual([])
    const wave = loadOf((at) => ({ rssMb: 150 + 20 * (at % 7) }))
    expect(leaks(run({ load: wave }))).toEqual([])
  })

  test.each([
    ['sockets', run({ end: sample(300, { sockets: 16 }) })],
    ['file descriptors', run({ end: sample(300, { descriptors: 36 }) })],
    ['threads', run({ end: sample(300, { threads: 40 }) })],
    ['WAL', run({ end: sample(300, { walMb: 100 }) })],
    ['CPU', run({ idleCpuMs: [10, 100] })],
    ['memory', run({ load: loadOf((at) => ({ rssMb: 120 + at })) })],
  ])('of %s', (what, given) => {
    expect(leaks(given).join()).toContain(what)
  })

  test('memory is not judged while all is being compiled', () => {
    const load = loadOf((at) => ({ rssMb: 120 + at }))
    expect(leaks(run({ load, minutes: 0.3 }))).toEqual([])
  })
})

describe('lost tasks', () => {
  const ended = (id: string) => ({ id, status: 'success', completed_at: 1 })

  test('none, when each has ended once', () => {
    expect(lostTasks(new Set(['a']), [ended('a'), ended('b')], 2)).toEqual([])
  })

  test.each([
    ['one that is gone', new Set(['a']), [ended('b')], 1],
    ['one that is there twice', new Set(['a']), [ended('a'), ended('a')], 2],
    ['one without an end', new Set(['a']), [{ ...ended('a'), completed_at: null }], 1],
    ['an end that was counted twice', new Set(['a']), [ended('a')], 2],
  ])('%s', (_, accepted, history, counted) => {
    expect(lostTasks(accepted, history, counted)).not.toEqual([])
  })
})
