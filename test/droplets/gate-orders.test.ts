/** Orders of events at the gate that the simulator has found, each of which went wrong once. */
import { describe, expect, test } from 'bun:test'
import { Directory } from '../../src/droplets/directory.ts'
import type { Droplet } from '../../src/droplets/droplet.ts'
import type { Permit, Refusal } from '../../src/droplets/gate.ts'
import { MeshGate } from '../../src/droplets/mesh-gate.ts'
import type { AttemptResult } from '../../src/events.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'

const REFUSED: AttemptResult = { outcome: 'unreachable', status: null, durationMs: 1 }
const FINE: AttemptResult = { outcome: 'answered', status: 200, durationMs: 1 }
const GONE: AttemptResult = { outcome: 'answered', status: 503, durationMs: 1 }

const listed = (port: number) =>
  Directory.of([
    {
      ...{ id: null, name: 'a', url: `http://127.0.0.1:${port}`, version: null },
      ...{ status: 'active', steward: null },
    } satisfies Droplet,
  ])

/** A gate whose circuit the first failure opens. */
function touchyGate() {
  const clock = new FakeClock()
  const mesh = { directory: listed(1) }
  const looks: ((isThere: boolean) => void)[] = []
  const gate = new MeshGate({
    clock,
    log: recordingLog(),
    list: { directory: () => mesh.directory },
    ...{ maxConcurrency: 5, maxWaiting: 5, maxRunning: 100 },
    ...{ breakerThreshold: 1, breakerGraceMs: 30_000, patienceMs: 30_000 },
    look: () => new Promise((resolve) => looks.push(resolve)),
  })
  const enter = () => {
    const entrant = { droplet: 'a', isNew: true, timeoutMs: 30_000, leftMs: Infinity }
    return gate.enter(entrant, new AbortController().signal)
  }
  const admitted = (): Permit => {
    const entry = enter()
    if (entry instanceof Promise || !entry.admitted) throw new Error('it was not admitted')
    return entry
  }
  const isOpen = () => gate.of('a').circuit === 'open'
  return { gate, clock, mesh, looks, enter, admitted, isOpen }
}

describe('our own look at a droplet', () => {
  test('that ends after an attempt has closed the circuit is no failed attempt', async () => {
    const { clock, looks, enter, admitted, isOpen } = touchyGate()
    admitted().release(REFUSED)
    await clock.advance(1000)
    expect(looks).toHaveLength(1)
    const probe = enter()
    await clock.advance(1000)
    const entry = await probe
    if (entry.admitted) entry.release(FINE)
    expect(isOpen()).toBe(false)
    looks[0]!(false)
    await clock.settle()
    expect(isOpen()).toBe(false)
  })
})

describe('when the probe is due and its timer late', () => {
  test('who waits is the probe, and not who comes just then', async () => {
    const { clock, enter, admitted } = touchyGate()
    admitted().release(GONE)
    const order: string[] = []
    const note = (name: string) => (entry: Permit | Refusal) => {
      if (entry.admitted) order.push(name)
    }
    const first = Promise.resolve(enter()).then(note('first'))
    // The clock is at the moment of the probe before any of the timers for it has run.
    let second = Promise.resolve()
    const due = clock.monotonic() + 1000
    const { monotonic } = clock
    clock.monotonic = () => due
    second = Promise.resolve(enter()).then(note('second'))
    clock.monotonic = monotonic
    await clock.settle()
    expect(order).toEqual(['first'])
    await clock.advance(2500)
    await Promise.all([first, second])
  })
})

describe('when a place is free just as the time of who waits is over, and its timer late', () => {
  test('it is refused, and not admitted without any time to send', async () => {
    const { clock, enter, admitted, gate } = touchyGate()
    const [first] = Array.from({ length: 5 }, () => admitted())
    const waiter = enter()
    const { monotonic } = clock
    const end = clock.monotonic() + 30_000
    clock.monotonic = () => end
    first!.release(FINE)
    clock.monotonic = monotonic
    expect(await waiter).toMatchObject({ admitted: false, kind: 'overloaded' })
    expect(gate.of('a')).toMatchObject({ inFlight: 4, waiting: 0 })
  })
})

describe('when a droplet is listed no more, so that nobody can look whether it is back', () => {
  test('one asynchronous task tries when a probe is due, and no task waits for ever', async () => {
    const { gate, clock, mesh, looks, admitted } = touchyGate()
    let told = 0
    gate.onRoom(() => {
      if (gate.hasRoom('a')) told++
    })
    admitted().release(REFUSED)
    expect(gate.hasRoom('a')).toBe(false)
    await clock.advance(1000)
    expect([told, looks.length]).toEqual([0, 1])
    mesh.directory = Directory.of([])
    await clock.advance(1000)
    expect(told).toBe(1)
    // Nobody came: the next one may.
    expect(gate.hasRoom('a')).toBe(false)
    await clock.advance(1000)
    expect(told).toBe(2)
  })

  test('its answer closes the circuit', async () => {
    const { gate, clock, mesh, admitted, isOpen } = touchyGate()
    gate.onRoom(() => gate.hasRoom('a') && gate.enterNow('a', 30_000).release(FINE))
    admitted().release(REFUSED)
    mesh.directory = Directory.of([])
    expect(gate.hasRoom('a')).toBe(false)
    await clock.advance(1000)
    expect(isOpen()).toBe(false)
  })
})

describe('when a droplet has moved', () => {
  test('attempts that began before say nothing of where it is now', async () => {
    const { clock, mesh, admitted, gate, isOpen } = touchyGate()
    const before = admitted()
    await clock.advance(1)
    mesh.directory = listed(2)
    expect(gate.hasRoom('a')).toBe(true)
    before.release(REFUSED)
    expect(isOpen()).toBe(false)
    admitted().release(REFUSED)
    expect(isOpen()).toBe(true)
  })
})
