import { expect, test } from 'bun:test'
import { systemFetch } from '../../src/platform/fetch.ts'
import { Directory } from '../../src/droplets/directory.ts'
import type { Droplet } from '../../src/droplets/droplet.ts'
import { conclude } from '../../src/delivery/lifecycle.ts'
import { EventBus } from '../../src/events.ts'
import { createHealth } from '../../src/droplets/health.ts'
import { recordingLog } from '../support/log.ts'
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
import { NOW, running } from '../support/tasks.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const INTERVAL_MS = 30_000
const UNKNOWN = { reachable: null, lastProbe: null, latencyMs: null, lastFailure: null }

function probesOf(list: readonly Droplet[], options: { intervalMs?: number } = {}) {
  const clock = new FakeClock()
  let directory = Directory.of(list)
  let asked = 0
  const log = recordingLog()
  const events = new EventBus(log)
  const health = createHealth({
    clock,
    log,
    events,
    fetch: (url, init) => {
      asked++
      return systemFetch(url, init)
    },
    intervalMs: options.intervalMs ?? INTERVAL_MS,
    list: { directory: () => directory },
  })
  return {
    clock,
    log,
    health,
    events,
    asked: () => asked,
    change(next: readonly Droplet[]) {
      directory = Directory.of(next)
    },
    /** All probes of droplets that are new, sent and answered. */
    async firstProbes(name: string) {
      await clock.advance(1000)
      await clock.settle(() => health.of(name).lastProbe !== null)
    },
    [Symbol.asyncDispose]: () => health.stop(),
  }
}

test('a droplet that answers is reachable; before the first probe nothing is known', async () => {
  await using upstream = scriptedServer(json({ status: 'active' }))
  await using probes = probesOf([droplet('one', { url: `${upstream.url}/base` })])
  const { health } = probes
  health.start()
  health.start()
  expect(health.of('one')).toEqual(UNKNOWN)
  await probes.firstProbes('ONE')
  expect(upstream.calls).toEqual(['GET /base/health'])
  expect(health.of('One')).toEqual({
    reachable: true,
    lastProbe: expect.any(Number),
    latencyMs: expect.any(Number),
    lastFailure: null,
  })
  expect(health.reachableCount()).toBe(1)
  expect(health.of('nobody')).toEqual(UNKNOWN)
})

test('the latency is the time to the answer, rounded; its time is when it came', async () => {
  const clock = new FakeClock()
  const directory = Directory.of([droplet('one')])
  const health = createHealth({
    clock,
    log: recordingLog(),
    events: new EventBus(recordingLog()),
    fetch: async () => {
      await clock.sleep(36.7)
      return new Response('')
    },
    intervalMs: INTERVAL_MS,
    list: { directory: () => directory },
  })
  health.start()
  const startedAt = clock.now()
  await clock.advance(1000)
  const { reachable, lastProbe, latencyMs } = health.of('one')
  expect({ reachable, latencyMs }).toEqual({ reachable: true, latencyMs: 37 })
  expect(lastProbe).toBeGreaterThan(startedAt + 36)
  expect(lastProbe).toBeLessThan(startedAt + 600)
  await health.stop()
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
  await using upstream = scriptedServer(answer)
  await using probes = probesOf([droplet('one', { url: upstream.url })])
  probes.health.start()
  await probes.firstProbes('one')
  expect(probes.health.of('one').reachable).toBe(reachable)
  expect(probes.health.reachableCount()).toBe(reachable ? 1 : 0)
})

test('the body is let go of unread, also when letting go fails', async () => {
  const clock = new FakeClock()
  const directory = Directory.of([droplet('one')])
  let cancelled = 0
  const body = () =>
    new ReadableStream({
      cancel() {
        cancelled++
        throw new Error('too late')
      },
    })
  const health = createHealth({
    clock,
    log: recordingLog(),
    events: new EventBus(recordingLog()),
    fetch: async () => new Response(body()),
    intervalMs: INTERVAL_MS,
    list: { directory: () => directory },
  })
  health.start()
  await clock.advance(1000)
  expect(cancelled).toBe(1)
  expect(health.of('one').reachable).toBe(true)
  await health.stop()
})

test('nobody there', async () => {
  await using probes = probesOf([droplet('one', { url: await deadUrl() })])
  probes.health.start()
  await probes.firstProbes('one')
  expect(probes.health.of('one')).toMatchObject({ reachable: false, latencyMs: null })
})

test('one that hangs is given up after 2 s and holds up no other', async () => {
  await using hanging = scriptedServer(hang)
  await using upstream = scriptedServer()
  await using probes = probesOf([
    droplet('hangs', { url: hanging.url }),
    droplet('one', { url: upstream.url }),
  ])
  const { health, clock } = probes
  health.start()
  await probes.firstProbes('one')
  await hanging.received(1)
  expect(health.of('hangs')).toEqual(UNKNOWN)
  await clock.advance(2000)
  await clock.settle(() => health.of('hangs').lastProbe !== null)
  expect(health.of('hangs')).toMatchObject({ reachable: false, latencyMs: null })
  await clock.settle(() => hanging.connections === 0)
})

test('each droplet is asked once per interval, not all at the same time', async () => {
  const list = Array.from({ length: 60 }, (_, n) => droplet(`d${n}`, { url: 'http://unused' }))
  const clock = new FakeClock()
  const directory = Directory.of(list)
  const asked: number[] = []
  const health = createHealth({
    clock,
    log: recordingLog(),
    events: new EventBus(recordingLog()),
    fetch: async () => {
      asked.push(clock.monotonic())
      return new Response('')
    },
    intervalMs: INTERVAL_MS,
    list: { directory: () => directory },
  })
  health.start()
  await clock.advance(1000)
  expect(asked).toHaveLength(60)
  // By now each droplet has its place in the interval.
  await clock.advance(2 * INTERVAL_MS)
  asked.length = 0
  const startedAt = clock.monotonic()
  await clock.advance(INTERVAL_MS)
  expect(asked).toHaveLength(60)
  const thirds = [0, 0, 0]
  for (const at of asked) thirds[Math.min(2, Math.floor((3 * (at - startedAt)) / INTERVAL_MS))]!++
  for (const third of thirds) expect(third).toBeGreaterThan(8)
  expect(new Set(asked).size).toBeGreaterThan(50)
  await health.stop()
  expect(clock.pending).toBe(0)
})

test('many that hang take at maxOpen 64 places at once', async () => {
  const clock = new FakeClock()
  const list = Array.from({ length: 200 }, (_, n) => droplet(`d${n}`))
  const directory = Directory.of(list)
  let open = 0
  let maxOpen = 0
  const health = createHealth({
    clock,
    log: recordingLog(),
    events: new EventBus(recordingLog()),
    fetch: (_, { signal }) => {
      maxOpen = Math.max(maxOpen, ++open)
      return new Promise((_resolve, reject) =>
        signal.addEventListener('abort', () => {
          open--
          reject(new Error('aborted'))
        }),
      )
    },
    intervalMs: INTERVAL_MS,
    list: { directory: () => directory },
  })
  health.start()
  await clock.advance(10_000)
  expect(maxOpen).toBe(64)
  expect(list.every(({ name }) => health.of(name).reachable === false)).toBe(true)
  await health.stop()
  expect(clock.pending).toBe(0)
  expect(open).toBe(0)
})

test('the list may change: new droplets are asked soon, removed ones forgotten, moved ones asked anew', async () => {
  await using upstream = scriptedServer()
  await using moved = scriptedServer(hang)
  const one = droplet('one', { url: upstream.url })
  const two = droplet('two', { url: upstream.url })
  await using probes = probesOf([one, two])
  const { health, clock } = probes
  health.start()
  await probes.firstProbes('one')
  await probes.firstProbes('two')
  probes.change([{ ...one, url: moved.url }, droplet('new', { url: upstream.url })])
  expect(health.of('two')).toEqual(UNKNOWN)
  expect(health.of('one')).toEqual(UNKNOWN)
  expect(health.reachableCount()).toBe(0)
  await probes.firstProbes('new')
  await moved.received(1)
  expect(health.of('new').reachable).toBe(true)
  probes.change([])
  const asked = probes.asked()
  await clock.advance(3 * INTERVAL_MS)
  expect(probes.asked()).toBe(asked)
  expect(moved.requests).toHaveLength(1)
  expect(health.of('new')).toEqual(UNKNOWN)
})

test('a list that is merely read again changes nothing', async () => {
  await using upstream = scriptedServer()
  const one = droplet('one', { url: upstream.url })
  await using probes = probesOf([one])
  probes.health.start()
  await probes.firstProbes('one')
  probes.change([{ ...one, version: '2' }])
  await probes.clock.advance(2000)
  expect(probes.health.of('one').reachable).toBe(true)
  expect(upstream.requests).toHaveLength(1)
})

/** An attempt that was answered with that status, or not at all. */
function attempted(dropletName: string, status: number | null, durationMs: number) {
  const outcome =
    status === null
      ? ({ kind: 'unreachable', error: 'refused' } as const)
      : ({ kind: 'answered', status, body: null } as const)
  const at = { now: NOW, elapsedMs: durationMs }
  const task = conclude(running({ dropletName }), outcome, durationMs, at)
  const result = { outcome: outcome.kind, status, durationMs }
  return { type: 'attempt ended', task, result } as const
}

test('what a task found counts like a probe, and probes need not be on', async () => {
  await using probes = probesOf([droplet('one')], { intervalMs: 0 })
  const { health, clock, events } = probes
  health.start()
  events.emit(attempted('ONE', 200, 12.4))
  expect(health.of('one')).toEqual({
    reachable: true,
    lastProbe: clock.now(),
    latencyMs: 12,
    lastFailure: null,
  })
  expect(health.reachableCount()).toBe(1)
  events.emit(attempted('one', 503, 7))
  expect(health.of('one')).toMatchObject({ reachable: false, latencyMs: 7 })
  events.emit(attempted('one', 404, 7))
  for (const outcome of ['cancelled', 'interrupted'] as const) {
    events.emit({ ...attempted('one', null, 7), result: { outcome, status: null, durationMs: 1 } })
  }
  // It is remembered, with its time, when all is well again.
  const lastFailure = { at: clock.now(), status: 503, error: 'HTTP 503' }
  expect(health.of('one')).toMatchObject({ reachable: true, lastFailure })
  expect(health.unreachableCount()).toBe(0)
  events.emit(attempted('one', null, 7))
  events.emit(attempted('unlisted', 200, 1))
  expect(health.of('one')).toMatchObject({ reachable: false, latencyMs: null })
  expect(health.of('unlisted')).toEqual(UNKNOWN)
  expect([health.reachableCount(), health.unreachableCount()]).toEqual([0, 1])
  await clock.advance(10 * INTERVAL_MS)
  expect(probes.asked()).toBe(0)
  expect(clock.pending).toBe(0)
})

test('a list read before the start is probed after it', async () => {
  await using upstream = scriptedServer()
  await using probes = probesOf([droplet('one', { url: upstream.url })])
  expect(probes.health.reachableCount()).toBe(0)
  probes.health.start()
  await probes.firstProbes('one')
  expect(upstream.requests).toHaveLength(1)
})

test('stop is safe twice and unstarted, ends what is in flight and leaves nothing behind', async () => {
  await using upstream = scriptedServer(hang)
  const { health, clock } = probesOf([droplet('one', { url: upstream.url })])
  health.start()
  await clock.advance(1000)
  await upstream.received(1)
  await health.stop()
  await health.stop()
  health.start()
  expect(clock.pending).toBe(0)
  await clock.settle(() => upstream.connections === 0)
  await probesOf([droplet('one')]).health.stop()
})

test.each<[string, Answer, boolean]>([
  ['200', json({}), true],
  ['404', reply({ status: 404 }), true],
  ['500', reply({ status: 500 }), true],
  ['502', reply({ status: 502 }), false],
  ['503', reply({ status: 503 }), false],
  ['504', reply({ status: 504 }), false],
  ['nothing', reset, false],
])(
  'a look that is answered with %s says whether the droplet is there',
  async (_, answer, isThere) => {
    await using server = scriptedServer(answer)
    const { health } = probesOf([droplet('a', { url: server.url })], { intervalMs: 0 })
    expect(await health.lookAt('A')).toBe(isThere)
    expect(await health.lookAt('unknown')).toBe(false)
    await health.stop()
    expect(await health.lookAt('a')).toBe(false)
  },
)
