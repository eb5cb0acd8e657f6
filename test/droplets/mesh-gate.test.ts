/** Bulkheads and circuits, without a task: who gets in, when, and what refuses the others. */
import { describe, expect, test } from 'bun:test'
import { Directory } from '../../src/droplets/directory.ts'
import type { Droplet } from '../../src/droplets/droplet.ts'
import type { Permit, Refusal } from '../../src/droplets/gate.ts'
import { MeshGate, type MeshGateOptions } from '../../src/droplets/mesh-gate.ts'
import type { AttemptResult } from '../../src/events.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'

const answered = (status: number): AttemptResult => ({ outcome: 'answered', status, durationMs: 1 })
const REFUSED: AttemptResult = { outcome: 'unreachable', status: null, durationMs: 1 }
const timeout = (durationMs: number): AttemptResult => ({
  outcome: 'timeout',
  status: null,
  durationMs,
})
const FINE = answered(200)

const droplet = (name: string, port = 1): Droplet => ({
  ...{ id: null, name, url: `http://127.0.0.1:${port}`, version: null },
  ...{ status: 'active', steward: null },
})

function gateWith(options: Partial<MeshGateOptions> = {}) {
  const clock = new FakeClock()
  const log = recordingLog()
  const looks: string[] = []
  const mesh = { directory: Directory.of([droplet('a'), droplet('b')]), isThere: false }
  const gate = new MeshGate({
    clock,
    log,
    list: { directory: () => mesh.directory },
    ...{ maxConcurrency: 2, maxWaiting: 2, maxRunning: 100 },
    ...{ breakerThreshold: 5, breakerGraceMs: 30_000, patienceMs: 30_000 },
    look: async (name) => (looks.push(name), mesh.isThere),
    ...options,
  })
  const stops: AbortController[] = []
  /** What an entrant has been told so far; null: it waits. */
  function enter(
    name = 'a',
    entrant: { isNew?: boolean; timeoutMs?: number; leftMs?: number } = {},
  ) {
    const stop = new AbortController()
    stops.push(stop)
    const told: { entry: Permit | Refusal | null; stop: AbortController } = { entry: null, stop }
    const given = { isNew: true, timeoutMs: 30_000, leftMs: Infinity, ...entrant }
    const entry = gate.enter({ droplet: name, ...given }, stop.signal)
    if (entry instanceof Promise) void entry.then((each) => (told.entry = each))
    else told.entry = entry
    return told
  }
  function admitted(name?: string): Permit {
    const { entry } = enter(name)
    if (!entry?.admitted) throw new Error(`not admitted: ${entry?.reason}`)
    return entry
  }
  /** So many attempts, each of which ends so. */
  function fail(result: AttemptResult, times = 5, name?: string): void {
    for (let n = 0; n < times; n++) admitted(name).release(result)
  }
  return { gate, clock, log, looks, mesh, enter, admitted, fail }
}

type Told = { entry: Permit | Refusal | null }

const kindOf = ({ entry }: Told): string | null =>
  entry === null ? null : entry.admitted ? 'admitted' : entry.kind
const kindsOf = (...told: Told[]) => told.map(kindOf)

describe('a bulkhead', () => {
  test('lets so many in at once; the others wait in their order, one more is refused', async () => {
    const { enter, admitted, clock, gate } = gateWith()
    const [first] = [admitted(), admitted()]
    const [third, fourth, fifth] = [enter(), enter(), enter()]
    expect(kindsOf(third, fourth, fifth)).toEqual([null, null, 'overloaded'])
    expect(gate.of('A')).toEqual({ circuit: 'closed', inFlight: 2, waiting: 2 })
    first!.release(FINE)
    await clock.settle()
    expect(kindsOf(third, fourth)).toEqual(['admitted', null])
    expect(gate.of('a')).toEqual({ circuit: 'closed', inFlight: 2, waiting: 1 })
    expect(gate.stats().overloaded).toBe(1)
  })

  test('of one droplet holds up no other', () => {
    const { enter, admitted } = gateWith()
    admitted('a')
    admitted('a')
    expect(kindsOf(enter('a'), enter('b'), enter('B'), enter('b'))).toEqual([
      null,
      'admitted',
      'admitted',
      null,
    ])
  })

  test('a released permit frees one place, however often it is released', async () => {
    const { enter, admitted, clock, gate } = gateWith()
    const permit = admitted()
    admitted()
    const waiting = [enter(), enter()]
    permit.release(FINE)
    permit.release(FINE)
    permit.release(null)
    await clock.settle()
    expect(kindsOf(...waiting)).toEqual(['admitted', null])
    expect(gate.of('a').inFlight).toBe(2)
  })

  test('a new task whose time is over is overloaded; a later attempt is passed over', async () => {
    const { enter, admitted, clock } = gateWith()
    admitted()
    admitted()
    const timed = enter('a', { timeoutMs: 700 })
    const late = enter('a', { leftMs: 500 })
    const again = enter('a', { isNew: false, timeoutMs: 600 })
    await clock.advance(499)
    expect(kindsOf(timed, late, again)).toEqual([null, null, null])
    await clock.advance(201)
    expect(kindsOf(timed, late, again)).toEqual(['overloaded', 'overloaded', 'passed over'])
    expect(clock.pending).toBe(0)
  })

  test('later attempts wait, however many wait already', () => {
    const { enter, admitted } = gateWith()
    admitted()
    admitted()
    const later = Array.from({ length: 5 }, () => enter('a', { isNew: false }))
    expect(kindsOf(...later, enter())).toEqual([null, null, null, null, null, 'overloaded'])
  })

  test('who is aborted leaves the line, and takes no place', async () => {
    const { enter, admitted, clock, gate } = gateWith()
    const permit = admitted()
    admitted()
    const [gone, next] = [enter(), enter()]
    gone.stop.abort()
    await clock.settle()
    expect(kindsOf(gone, next)).toEqual(['refused', null])
    permit.release(null)
    await clock.settle()
    expect(kindOf(next)).toBe('admitted')
    expect(gate.of('a')).toEqual({ circuit: 'closed', inFlight: 2, waiting: 0 })
  })

  test('a place that comes when its time is over is none', async () => {
    const { enter, admitted, clock, gate } = gateWith()
    const [first] = [admitted(), admitted()]
    // Before the timer of the wait: under load, that may be late.
    clock.after(700, () => first!.release(FINE))
    const [timed, urgent] = [enter('a', { timeoutMs: 700 }), enter('a', { leftMs: 700 })]
    await clock.advance(700)
    expect(kindsOf(timed, urgent)).toEqual(['overloaded', 'overloaded'])
    expect(gate.of('a').inFlight).toBe(1)
  })

  test('asynchronous tasks and those that wait take turns, however many there are', async () => {
    const { gate, enter, admitted, clock } = gateWith({ maxWaiting: 6 })
    const permits = [admitted(), admitted()]
    const waiting = Array.from({ length: 6 }, () => enter())
    const turns: string[] = []
    gate.onRoom(() => {
      for (; gate.hasRoom('a'); turns.push('async')) permits.push(gate.enterNow('a', 1000))
    })
    expect(gate.hasRoom('a')).toBe(false)
    for (let n = 0; n < 6; n++) {
      permits.shift()!.release(FINE)
      await clock.settle()
      const next = waiting.findIndex(({ entry }) => entry !== null)
      if (next === -1) continue
      permits.push(waiting.splice(next, 1)[0]!.entry as Permit)
      turns.push('sync')
    }
    expect(turns).toEqual(['sync', 'async', 'sync', 'async', 'sync', 'async'])
  })

  test('asynchronous tasks take their turn among those that wait', async () => {
    const { gate, enter, admitted, clock } = gateWith()
    const permits = [admitted(), admitted()]
    const before = enter()
    let taken = 0
    gate.onRoom(() => {
      for (; gate.hasRoom('a'); taken++) permits.push(gate.enterNow('a', 1000))
    })
    expect(gate.hasRoom('a')).toBe(false)
    const after = enter()
    permits[0]!.release(FINE)
    await clock.settle()
    expect([kindsOf(before, after), taken]).toEqual([['admitted', null], 0])
    permits[1]!.release(FINE)
    await clock.settle()
    // Only the one whose turn it was, not all that wait in the queue.
    expect([kindsOf(before, after), taken]).toEqual([['admitted', null], 1])
    permits[2]!.release(FINE)
    await clock.settle()
    expect([kindOf(after), taken]).toEqual(['admitted', 1])
  })
})

describe('the limit of all together', () => {
  test('counts synchronous tasks until they end', () => {
    const { gate } = gateWith({ maxRunning: 2 })
    const leave = gate.admit()
    gate.admit()
    expect(gate.admit()).toBeNull()
    leave!()
    expect(gate.admit()).not.toBeNull()
    expect(gate.stats().overloaded).toBe(1)
  })

  test('counts asynchronous attempts, which are told when there is room again', () => {
    const { gate } = gateWith({ maxRunning: 2 })
    let asked = 0
    gate.onRoom(() => void asked++)
    const permit = gate.enterNow('a', 1000)
    const leave = gate.admit()
    expect([gate.hasRoom('b'), gate.admit()]).toEqual([false, null])
    permit.release(FINE)
    permit.release(FINE)
    expect([asked, gate.hasRoom('b')]).toEqual([1, true])
    gate.admit()
    expect(gate.admit()).toBeNull()
    leave!()
    // Nobody has asked in vain since then.
    expect(asked).toBe(1)
  })
})

describe('a circuit opens', () => {
  test.each([
    ['no connection', REFUSED],
    ['502', answered(502)],
    ['503', answered(503)],
    ['504', answered(504)],
    ['no answer in 5 s', timeout(5000)],
  ])('after five times %s, and says so', (_, result) => {
    const { gate, fail, log } = gateWith({ patienceMs: 5000 })
    fail(result, 4)
    expect(gate.of('a').circuit).toBe('closed')
    fail(result, 1)
    expect([gate.of('a').circuit, gate.of('b').circuit]).toEqual(['open', 'closed'])
    expect(gate.stats().openCircuits).toBe(1)
    expect(log.lines).toEqual([
      { level: 'INFO', msg: 'a circuit has opened', fields: { droplet: 'a' } },
    ])
  })

  test.each([
    ['500', answered(500)],
    ['404', answered(404)],
    ['no answer in less than 5 s', timeout(4000)],
    ['what was cancelled', { outcome: 'cancelled', status: null, durationMs: 9000 } as const],
    [
      'what a shutdown cut off',
      { outcome: 'interrupted', status: null, durationMs: 9000 } as const,
    ],
    ['what failed here', { ...REFUSED, isOurs: true } as const],
    ['what was not sent', null],
  ])('never after %s', (_, result) => {
    const { gate, admitted } = gateWith({ patienceMs: 5000 })
    for (let n = 0; n < 50; n++) admitted().release(result)
    expect(gate.of('a').circuit).toBe('closed')
  })

  test('not where a caller has less than 5 s of patience, or a deadline has cut it', () => {
    const { gate, enter } = gateWith()
    for (let n = 0; n < 20; n++) {
      const { entry } = enter('a', { timeoutMs: n % 2 ? 4000 : 30_000, leftMs: 6000 })
      if (entry?.admitted) entry.release(timeout(n % 2 ? 4000 : 6000))
    }
    expect(gate.of('a').circuit).toBe('closed')
  })

  test('when attempts with a long limit have had no answer for TASK_TIMEOUT', async () => {
    const { gate, enter, clock } = gateWith({ maxConcurrency: 10, patienceMs: 6000 })
    const permits = Array.from({ length: 5 }, () => enter('a', { timeoutMs: 600_000 }).entry)
    // A slow disk may keep them from going out: that is no fault of the droplet's.
    await clock.advance(60_000)
    for (const permit of permits) if (permit!.admitted) permit!.sending()
    await clock.advance(5999)
    expect(gate.of('a').circuit).toBe('closed')
    await clock.advance(1)
    expect(gate.of('a').circuit).toBe('open')
    // It was only slow: its answer says that it is there.
    if (permits[0]!.admitted) permits[0]!.release({ ...FINE, durationMs: 7000 })
    expect(gate.of('a').circuit).toBe('closed')
  })
})

describe('an open circuit', () => {
  test('within the grace, an attempt waits for the next probe, and goes when that succeeds', async () => {
    const { gate, enter, fail, clock, log } = gateWith()
    fail(REFUSED)
    const [probe, waiting] = [enter(), enter()]
    await clock.advance(999)
    expect(kindsOf(probe, waiting)).toEqual([null, null])
    await clock.advance(1)
    expect(kindsOf(probe, waiting)).toEqual(['admitted', null])
    if (probe.entry?.admitted) probe.entry.release(FINE)
    await clock.settle()
    expect([kindOf(waiting), gate.of('a').circuit]).toEqual(['admitted', 'closed'])
    expect(log.lines.at(-1)).toEqual({
      ...{ level: 'INFO', msg: 'a circuit has closed' },
      fields: { droplet: 'a', open_ms: 1000 },
    })
  })

  test('within the grace, who waited for a probe in vain is passed over', async () => {
    const { enter, fail, clock } = gateWith({ maxConcurrency: 5 })
    fail(REFUSED)
    const [probe, waiting, again] = [enter(), enter(), enter('a', { isNew: false })]
    await clock.advance(1000)
    if (probe.entry?.admitted) probe.entry.release(REFUSED)
    await clock.settle()
    expect(kindsOf(waiting, again)).toEqual(['passed over', 'passed over'])
  })

  test('a probe that hangs holds up nobody, nor the next probe', async () => {
    const { enter, fail, clock, gate } = gateWith({ maxConcurrency: 5, maxWaiting: 5 })
    fail(REFUSED)
    const [hanging, waiting] = [enter(), enter()]
    await clock.advance(1499)
    expect(kindsOf(hanging, waiting)).toEqual(['admitted', null])
    await clock.advance(1)
    expect(kindOf(waiting)).toBe('passed over')
    const next = enter()
    await clock.advance(500)
    expect(kindOf(next)).toBe('admitted')
    if (next.entry?.admitted) next.entry.release(FINE)
    expect(gate.of('a').circuit).toBe('closed')
  })

  test('who waits for a place when it opens waits a second and a half more at most', async () => {
    const { enter, admitted, clock } = gateWith({ breakerThreshold: 1 })
    const permit = admitted()
    admitted()
    const waiting = enter()
    permit.release(REFUSED)
    await clock.settle()
    // The place is free, but not for one who would go to a droplet that is not there.
    expect(kindOf(waiting)).toBeNull()
    await clock.advance(1000)
    expect(kindOf(waiting)).toBe('admitted')
  })

  test('who waited for a probe waits on for a place once it has closed', async () => {
    const { enter, fail, clock, gate } = gateWith({ maxConcurrency: 1 })
    fail(REFUSED)
    const [probe, next, last] = [enter(), enter(), enter('a', { timeoutMs: 4000 })]
    await clock.advance(1000)
    if (probe.entry?.admitted) probe.entry.release(FINE)
    await clock.advance(2999)
    expect(kindsOf(next, last)).toEqual(['admitted', null])
    await clock.advance(1)
    expect([kindOf(last), gate.of('a').circuit]).toEqual(['overloaded', 'closed'])
  })

  test('nobody waits for a probe longer than for an answer', async () => {
    const { enter, admitted, clock } = gateWith({ breakerThreshold: 1 })
    const permit = admitted()
    admitted()
    const before = enter('a', { timeoutMs: 300 })
    permit.release(REFUSED)
    const after = enter('a', { timeoutMs: 200 })
    await clock.advance(300)
    expect(kindsOf(before, after)).toEqual(['passed over', 'passed over'])
  })

  test('after the grace, a new task is refused at once and told when to come back', async () => {
    const { enter, fail, clock, gate } = gateWith()
    fail(REFUSED)
    await clock.advance(30_500)
    expect(enter().entry).toEqual({
      admitted: false,
      kind: 'circuit open',
      reason: 'circuit open: the droplet has not been there for 31 s',
      retryAfterMs: expect.any(Number),
    })
    expect(kindOf(enter('a', { isNew: false }))).toBe('passed over')
    expect(gate.stats().circuitOpen).toBe(1)
  })

  test('that no answer opened is closed by the health of its droplet', async () => {
    const { enter, fail, clock, gate, looks, mesh } = gateWith()
    fail(REFUSED)
    await clock.advance(3000)
    expect(looks).toEqual(['a', 'a', 'a'])
    await clock.advance(3_600_000)
    expect(kindOf(enter())).toBe('circuit open')
    // For an hour: 30 in the grace, and then one a minute or a little more often.
    expect(looks.length).toBeWithin(90, 120)
    mesh.isThere = true
    await clock.advance(60_000)
    expect([gate.of('a').circuit, kindOf(enter())]).toEqual(['closed', 'admitted'])
    expect(clock.pending).toBe(0)
  })

  test('that an answer opened is closed by the next attempt only, when a probe is due', async () => {
    const { enter, fail, clock, gate, looks } = gateWith()
    fail(answered(503))
    await clock.advance(40_000)
    const probe = enter()
    expect(kindsOf(probe, enter())).toEqual(['admitted', 'circuit open'])
    if (probe.entry?.admitted) probe.entry.release(answered(503))
    expect(kindOf(enter())).toBe('circuit open')
    await clock.advance(60_000)
    const second = enter()
    if (second.entry?.admitted) second.entry.release(answered(500))
    expect([gate.of('a').circuit, looks]).toEqual(['closed', []])
  })

  test('asynchronous tasks wait, and are told when it closes', async () => {
    const { gate, fail, clock, mesh } = gateWith()
    let asked = 0
    gate.onRoom(() => void asked++)
    fail(REFUSED)
    expect(gate.hasRoom('a')).toBe(false)
    await clock.advance(3_600_000)
    expect([asked, gate.hasRoom('a')]).toEqual([0, false])
    mesh.isThere = true
    await clock.advance(60_000)
    expect([asked, gate.hasRoom('a')]).toEqual([1, true])
  })

  test('that an answer opened lets one asynchronous task try when a probe is due', async () => {
    const { gate, fail, clock } = gateWith()
    fail(answered(502))
    const permits: Permit[] = []
    gate.onRoom(() => {
      while (gate.hasRoom('a')) permits.push(gate.enterNow('a', 1000))
    })
    expect(gate.hasRoom('a')).toBe(false)
    await clock.advance(1000)
    expect(permits.length).toBe(1)
    permits[0]!.release(FINE)
    expect([gate.of('a').circuit, permits.length]).toEqual(['closed', 3])
  })

  test('an attempt from before says nothing any more', () => {
    const { gate, admitted, fail } = gateWith({ maxConcurrency: 10 })
    const before = [admitted(), admitted()]
    fail(REFUSED)
    before[0]!.release(FINE)
    before[1]!.release(REFUSED)
    expect(gate.of('a')).toEqual({ circuit: 'open', inFlight: 0, waiting: 0 })
  })

  test('is not opened again by attempts from before it closed', async () => {
    const { gate, admitted, fail, mesh, enter, clock } = gateWith({ maxConcurrency: 20 })
    const hung = Array.from({ length: 6 }, () => admitted())
    fail(REFUSED)
    await clock.advance(1)
    mesh.directory = Directory.of([droplet('a', 2)])
    expect(kindOf(enter())).toBe('admitted')
    for (const each of hung) each.release(REFUSED)
    expect(gate.of('a').circuit).toBe('closed')
    fail(REFUSED)
    expect(gate.of('a').circuit).toBe('open')
  })

  test('has no place for a probe: after the grace, nobody waits for one', async () => {
    const { admitted, fail, clock, enter } = gateWith({ breakerGraceMs: 0 })
    admitted()
    fail(answered(503))
    await clock.advance(60_000)
    expect(kindOf(enter())).toBe('admitted')
    await clock.advance(60_000)
    expect(kindsOf(enter(), enter('a', { isNew: false }))).toEqual(['circuit open', 'passed over'])
  })

  test('closes when its droplet is listed elsewhere, and not when it is listed no more', () => {
    const { gate, fail, mesh, enter } = gateWith({ breakerGraceMs: 0 })
    fail(REFUSED)
    mesh.directory = Directory.of([droplet('b')])
    expect(kindOf(enter())).toBe('circuit open')
    mesh.directory = Directory.of([droplet('a', 1)])
    expect(kindOf(enter())).toBe('circuit open')
    mesh.directory = Directory.of([droplet('a', 2)])
    expect(kindOf(enter())).toBe('admitted')
    expect(gate.of('a').circuit).toBe('closed')
  })

  test('sets no timer once the gate has stopped, not even when a look ends then', async () => {
    const look = Promise.withResolvers<boolean>()
    const { gate, fail, clock } = gateWith({ look: () => look.promise })
    fail(REFUSED)
    await clock.advance(1000)
    gate.stop()
    look.resolve(false)
    await clock.settle()
    expect(clock.pending).toBe(0)
  })
})

test('droplets that are listed no more are forgotten, unless they are in use', () => {
  const { gate, mesh, admitted } = gateWith({ maxConcurrency: 10 })
  mesh.directory = Directory.empty
  const kept = admitted('kept')
  for (let n = 0; n < 5000; n++) admitted(`gone-${n}`).release(FINE)
  expect(gate.size).toBeLessThan(1100)
  expect(gate.of('kept').inFlight).toBe(1)
  kept.release(FINE)
})

test('so are those whose circuits are open, unless asynchronous tasks wait for them', () => {
  const { gate, mesh, fail, clock } = gateWith({ maxConcurrency: 10 })
  mesh.directory = Directory.empty
  fail(REFUSED, 5, 'kept')
  expect(gate.hasRoom('kept')).toBe(false)
  for (let n = 0; n < 2000; n++) fail(REFUSED, 5, `gone-${n}`)
  expect(gate.size).toBeLessThan(1100)
  expect(gate.stats().openCircuits).toBe(gate.size)
  expect(clock.pending).toBe(gate.size)
  expect(gate.of('kept').circuit).toBe('open')
})
