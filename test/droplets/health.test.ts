import { expect, test } from 'bun:test'
import { systemFetch } from '../../src/platform/fetch.ts'
import { Directory } from '../../src/droplets/directory.ts'
import type { Droplet } from '../../src/droplets/droplet.ts'
import { createReachability } from '../../src/droplets/health.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  deadUrl,
  endless,
  hang,
  json,
  malformed,
  reply,
  reset,
  scriptedServer,
  type Answer,
} from '../support/scripted-server.ts'
import { droplet } from '../registry/mesh.ts'

allowRealTime()

const INTERVAL_MS = 30_000
const UNKNOWN = { reachable: null, lastProbe: null, latencyMs: null }

function probesOf(list: readonly Droplet[], options: { intervalMs?: number } = {}) {
  const clock = new FakeClock()
  let directory = Directory.of(list)
  let asked = 0
  const reachability = createReachability({
    clock,
    fetch: (url, init) => {
      asked++
      return systemFetch(url, init)
    },
    intervalMs: options.intervalMs ?? INTERVAL_MS,
    droplets: () => directory.droplets,
  })
  return {
    clock,
    reachability,
    asked: () => asked,
    change(next: readonly Droplet[]) {
      directory = Directory.of(next)
    },
    /** All probes of droplets that are new, sent and answered. */
    async firstProbes(name: string) {
      await clock.advance(1000)
      await clock.settle(() => reachability.of(name).lastProbe !== null)
    },
    [Symbol.asyncDispose]: () => reachability.stop(),
  }
}

test('a droplet that answers is reachable; before the first probe nothing is known', async () => {
  await using far = scriptedServer(json({ status: 'active' }))
  await using probes = probesOf([droplet('one', { url: `${far.url}/base` })])
  const { reachability } = probes
  reachability.start()
  reachability.start()
  expect(reachability.of('one')).toEqual(UNKNOWN)
  await probes.firstProbes('ONE')
  expect(far.calls).toEqual(['GET /base/health'])
  expect(reachability.of('One')).toEqual({
    reachable: true,
    lastProbe: expect.any(Number),
    latencyMs: expect.any(Number),
  })
  expect(reachability.reachableCount()).toBe(1)
  expect(reachability.of('nobody')).toEqual(UNKNOWN)
})

test('the latency is the time to the answer, rounded; its time is when it came', async () => {
  const clock = new FakeClock()
  const list = [droplet('one')]
  const reachability = createReachability({
    clock,
    fetch: async () => {
      await clock.sleep(36.7)
      return new Response('')
    },
    intervalMs: INTERVAL_MS,
    droplets: () => list,
  })
  reachability.start()
  const begun = clock.now()
  await clock.advance(1000)
  const { reachable, lastProbe, latencyMs } = reachability.of('one')
  expect({ reachable, latencyMs }).toEqual({ reachable: true, latencyMs: 37 })
  expect(lastProbe).toBeGreaterThan(begun + 36)
  expect(lastProbe).toBeLessThan(begun + 600)
  await reachability.stop()
})

const answers: [string, Answer, boolean][] = [
  ['200 with an endless body', endless(), true],
  ['404', reply({ status: 404 }), true],
  ['302', reply({ status: 302, headers: { location: '/' } }), true],
  ['499', reply({ status: 499 }), true],
  ['500', reply({ status: 500 }), false],
  ['a reset', reset, false],
  ['no HTTP', malformed, false],
]
test.each(answers)('%s', async (_, answer, reachable) => {
  await using far = scriptedServer(answer)
  await using probes = probesOf([droplet('one', { url: far.url })])
  probes.reachability.start()
  await probes.firstProbes('one')
  expect(probes.reachability.of('one').reachable).toBe(reachable)
  expect(probes.reachability.reachableCount()).toBe(reachable ? 1 : 0)
})

test('the body is let go of unread, also when letting go fails', async () => {
  const clock = new FakeClock()
  const list = [droplet('one')]
  let cancelled = 0
  const body = () =>
    new ReadableStream({
      cancel() {
        cancelled++
        throw new Error('too late')
      },
    })
  const reachability = createReachability({
    clock,
    fetch: async () => new Response(body()),
    intervalMs: INTERVAL_MS,
    droplets: () => list,
  })
  reachability.start()
  await clock.advance(1000)
  expect(cancelled).toBe(1)
  expect(reachability.of('one').reachable).toBe(true)
  await reachability.stop()
})

test('nobody there', async () => {
  await using probes = probesOf([droplet('one', { url: await deadUrl() })])
  probes.reachability.start()
  await probes.firstProbes('one')
  expect(probes.reachability.of('one')).toMatchObject({ reachable: false, latencyMs: null })
})

test('one that hangs is given up after 2 s and holds up no other', async () => {
  await using hanging = scriptedServer(hang)
  await using far = scriptedServer()
  await using probes = probesOf([
    droplet('hangs', { url: hanging.url }),
    droplet('one', { url: far.url }),
  ])
  const { reachability, clock } = probes
  reachability.start()
  await probes.firstProbes('one')
  await hanging.received(1)
  expect(reachability.of('hangs')).toEqual(UNKNOWN)
  await clock.advance(2000)
  await clock.settle(() => reachability.of('hangs').lastProbe !== null)
  expect(reachability.of('hangs')).toMatchObject({ reachable: false, latencyMs: null })
  await clock.settle(() => hanging.connections === 0)
})

test('each droplet is asked once per interval, not all at the same time', async () => {
  const list = Array.from({ length: 60 }, (_, n) => droplet(`d${n}`, { url: 'http://unused' }))
  const clock = new FakeClock()
  const directory = Directory.of(list)
  const asked: number[] = []
  const reachability = createReachability({
    clock,
    fetch: async () => {
      asked.push(clock.monotonic())
      return new Response('')
    },
    intervalMs: INTERVAL_MS,
    droplets: () => directory.droplets,
  })
  reachability.start()
  await clock.advance(1000)
  expect(asked).toHaveLength(60)
  // By now each droplet has its place in the interval.
  await clock.advance(2 * INTERVAL_MS)
  asked.length = 0
  const begun = clock.monotonic()
  await clock.advance(INTERVAL_MS)
  expect(asked).toHaveLength(60)
  const thirds = [0, 0, 0]
  for (const at of asked) thirds[Math.min(2, Math.floor((3 * (at - begun)) / INTERVAL_MS))]!++
  for (const third of thirds) expect(third).toBeGreaterThan(8)
  expect(new Set(asked).size).toBeGreaterThan(50)
  await reachability.stop()
  expect(clock.pending).toBe(0)
})

test('many that hang take at most 64 places at once', async () => {
  const clock = new FakeClock()
  const list = Array.from({ length: 200 }, (_, n) => droplet(`d${n}`))
  let open = 0
  let most = 0
  const reachability = createReachability({
    clock,
    fetch: (_, { signal }) => {
      most = Math.max(most, ++open)
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          open--
          reject(new Error('aborted'))
        }),
      )
    },
    intervalMs: INTERVAL_MS,
    droplets: () => list,
  })
  reachability.start()
  await clock.advance(10_000)
  expect(most).toBe(64)
  expect(list.every(({ name }) => reachability.of(name).reachable === false)).toBe(true)
  await reachability.stop()
  expect(clock.pending).toBe(0)
  expect(open).toBe(0)
})

test('the list may change: new droplets are asked soon, removed ones forgotten, moved ones asked anew', async () => {
  await using far = scriptedServer()
  await using moved = scriptedServer(hang)
  const one = droplet('one', { url: far.url })
  const two = droplet('two', { url: far.url })
  await using probes = probesOf([one, two])
  const { reachability, clock } = probes
  reachability.start()
  await probes.firstProbes('one')
  await probes.firstProbes('two')
  probes.change([{ ...one, url: moved.url }, droplet('new', { url: far.url })])
  expect(reachability.of('two')).toEqual(UNKNOWN)
  expect(reachability.of('one')).toEqual(UNKNOWN)
  expect(reachability.reachableCount()).toBe(0)
  await probes.firstProbes('new')
  await moved.received(1)
  expect(reachability.of('new').reachable).toBe(true)
  probes.change([])
  const asked = probes.asked()
  await clock.advance(3 * INTERVAL_MS)
  expect(probes.asked()).toBe(asked)
  expect(moved.requests).toHaveLength(1)
  expect(reachability.of('new')).toEqual(UNKNOWN)
})

test('a list that is merely read again changes nothing', async () => {
  await using far = scriptedServer()
  const one = droplet('one', { url: far.url })
  await using probes = probesOf([one])
  probes.reachability.start()
  await probes.firstProbes('one')
  probes.change([{ ...one, version: '2' }])
  await probes.clock.advance(2000)
  expect(probes.reachability.of('one').reachable).toBe(true)
  expect(far.requests).toHaveLength(1)
})

test('what a task found counts like a probe, and probes need not be on', async () => {
  await using probes = probesOf([droplet('one')], { intervalMs: 0 })
  const { reachability, clock } = probes
  reachability.start()
  reachability.note('ONE', true, 12.4)
  expect(reachability.of('one')).toEqual({
    reachable: true,
    lastProbe: clock.now(),
    latencyMs: 12,
  })
  expect(reachability.reachableCount()).toBe(1)
  reachability.note('one', false, null)
  reachability.note('unlisted', true, 1)
  expect(reachability.of('one')).toMatchObject({ reachable: false, latencyMs: null })
  expect(reachability.of('unlisted')).toEqual(UNKNOWN)
  expect(reachability.reachableCount()).toBe(0)
  await clock.advance(10 * INTERVAL_MS)
  expect(probes.asked()).toBe(0)
  expect(clock.pending).toBe(0)
})

test('a list read before the start is probed after it', async () => {
  await using far = scriptedServer()
  await using probes = probesOf([droplet('one', { url: far.url })])
  expect(probes.reachability.reachableCount()).toBe(0)
  probes.reachability.start()
  await probes.firstProbes('one')
  expect(far.requests).toHaveLength(1)
})

test('stop is safe twice and unstarted, ends what is in flight and leaves nothing behind', async () => {
  await using far = scriptedServer(hang)
  const { reachability, clock } = probesOf([droplet('one', { url: far.url })])
  reachability.start()
  await clock.advance(1000)
  await far.received(1)
  await reachability.stop()
  await reachability.stop()
  reachability.start()
  expect(clock.pending).toBe(0)
  await clock.settle(() => far.connections === 0)
  await probesOf([droplet('one')]).reachability.stop()
})
