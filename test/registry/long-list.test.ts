/** Lists that are too long for one turn of the event loop: what counts is the work of a turn. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Directory } from '../../src/droplets/directory.ts'
import { SLICE } from '../../src/droplets/droplet.ts'
import { createHealth } from '../../src/droplets/health.ts'
import { EventBus } from '../../src/events.ts'
import { jsonPieces } from '../../src/http/droplets-view.ts'
import { atOnce, type Work } from '../../src/platform/turns.ts'
import { fromCache, toCache } from '../../src/registry/cached-snapshot.ts'
import { fileCache, storedText } from '../../src/registry/disk-cache.ts'
import { parseDropletList } from '../../src/registry/droplet-list.ts'
import { parseList } from '../../src/registry/parse-list.ts'
import type { Registry } from '../../src/registry/registry.ts'
import { afterFailure, afterList, unknownMesh } from '../../src/registry/snapshot.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { memoryCache } from '../support/memory-cache.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { json, reply, scriptedServer } from '../support/scripted-server.ts'
import { droplet, meshAt, names } from './mesh.ts'

allowRealTime()

const COUNT = 5 * SLICE
const NAMES = Array.from({ length: COUNT }, (_, n) => `droplet-${String(n).padStart(5, '0')}`)
const DROPLETS = NAMES.map((name) => droplet(name))
const WIRE = {
  droplets: [...DROPLETS.map((each) => ({ ...each, metadata: { version: '1' } })), { name: 'bad' }],
}

class CountingClock extends FakeClock {
  turns = 0
  override soon = (callback: () => void): void => {
    this.turns++
    setImmediate(callback)
  }
}

function turnsOf(work: Work<unknown>): number {
  let turns = 1
  while (!work.next().done) turns++
  return turns
}

describe('a long list', () => {
  test('becomes a directory slice by slice; a short one at once', () => {
    expect(turnsOf(Directory.build(DROPLETS))).toBe(COUNT / SLICE + 1)
    expect(turnsOf(Directory.build(DROPLETS.slice(0, SLICE - 1)))).toBe(1)
    const shuffled = Directory.of(DROPLETS.toSorted((a, b) => (a.url < b.url ? 1 : -1)))
    expect(turnsOf(shuffled.firstNames())).toBe(1)
    expect(atOnce(shuffled.firstNames())).toEqual(NAMES.slice(0, 100))
    const isEven = (name: string) => Number(name.slice(-1)) % 2 === 0
    expect(turnsOf(shuffled.firstNames(isEven))).toBe(COUNT / SLICE + 1)
    expect(atOnce(shuffled.firstNames(isEven))).toEqual(NAMES.filter(isEven).slice(0, 100))
  })

  test('is kept slice by slice when the Registry has restarted', () => {
    const own = { id: 1, registeredAt: 1 }
    const rules = { expiryMs: 1000, forgets: true, registersSelf: true }
    const sync = (before: typeof unknownMesh, directory: Directory, now: number) =>
      afterList(before, { directory, own: { ...own, id: now }, startedAt: now }, at(now), rules)
    const at = (now: number) => ({ wall: now, monotonic: now })
    const before = atOnce(sync(unknownMesh, Directory.of(DROPLETS), 1)).snapshot
    const few = Directory.of(DROPLETS.slice(0, 2))
    // To look through it, and to build it again.
    expect(turnsOf(sync(before, few, 2))).toBeGreaterThanOrEqual((2 * COUNT) / SLICE)
    const { snapshot: after, change } = atOnce(sync(before, few, 2))
    expect([after.directory.size, after.unlisted.size]).toEqual([COUNT, COUNT - 2])
    expect(change.added).toBe(COUNT - 2)
    const stored = atOnce(toCache(after, at(3)))!
    expect(turnsOf(toCache(after, at(3)))).toBe(COUNT / SLICE)
    // The marks, and the droplets.
    expect([...storedText(stored)].length).toBeGreaterThanOrEqual((2 * COUNT) / SLICE)
    // The marks, the droplets, and the directory.
    expect(turnsOf(fromCache(stored, at(4)))).toBeGreaterThanOrEqual((3 * COUNT) / SLICE - 1)
    // To look through it, also when all stay; when none does, there is little to build.
    expect(turnsOf(afterFailure(after, at(5), 1000))).toBeGreaterThanOrEqual(COUNT / SLICE)
    expect(turnsOf(afterFailure(after, at(1002), 1000))).toBeGreaterThanOrEqual(COUNT / SLICE)
    const late = atOnce(afterFailure(after, at(1002), 1000))
    expect([late.snapshot.directory.size, late.change.dropped]).toEqual([2, COUNT - 2])
  })

  test('comes in turns from the Registry, the same as a short one would', async () => {
    await using upstream = scriptedServer(json(WIRE))
    const clock = new CountingClock()
    await using mesh = meshAt(upstream.url, { clock })
    await mesh.registry.refresh()
    expect(names(mesh.registry)).toEqual(NAMES)
    expect(mesh.registry.directory().droplets).toEqual(parseDropletList(WIRE)!.droplets)
    expect(clock.turns).toBeGreaterThanOrEqual(COUNT / SLICE)
    expect(mesh.warnings()[0]?.fields).toMatchObject({ skipped: 1 })
  })

  test('that is none is a failed sync, with the reason', async () => {
    const long = 'x'.repeat(1e6)
    await using upstream = scriptedServer(json({ long }))
    await using mesh = meshAt(upstream.url)
    const { registry } = mesh
    await registry.refresh()
    expect(registry.errorDetails().last_error).toBe('its answer is no list of droplets')
    upstream.script(reply({ body: long }))
    await registry.refresh()
    expect(registry.errorDetails().last_error).toBe('its answer is not JSON')
  })

  test('is not waited for when the service stops', async () => {
    const stop = new AbortController()
    const parsing = parseList(new TextEncoder().encode(JSON.stringify(WIRE)), stop.signal)
    stop.abort()
    expect(await parsing.catch(String)).toContain('stopped')
  })

  test('goes out in pieces', async () => {
    const mesh = Object.fromEntries(NAMES.map((name) => [name, `http://${name}.example`]))
    await using service = await startOrchestrator({ mesh })
    const headers = { 'x-request-id': 'r1' }
    const { json: shown, headers: told } = await service.get('/orchestrator/droplets', headers)
    expect(shown.droplets.map(({ name }: { name: string }) => name)).toEqual(NAMES)
    expect(shown).toMatchObject({ cache_status: 'active', served_from: 'registry' })
    expect(told.get('content-type')).toStartWith('application/json')
    expect(told.get('x-request-id')).toBe('r1')
    const { engine } = service
    const pieces = [...jsonPieces(engine, engine.registry.directory().droplets)]
    expect(pieces).toHaveLength(COUNT / SLICE + 3)
    expect((await service.call('HEAD', '/orchestrator/droplets')).status).toBe(200)
  })
})

describe('a stop between two turns', () => {
  const unlisted = NAMES.map((name) => ({ name, since: 1e15 }))
  const stored = { syncedAt: 1e15, droplets: DROPLETS, unlisted }

  /** A Registry that has restarted; it is stopped in the first turn for which `isTime`. */
  function stoppedWhen(url: string, isTime: (registry: Registry) => boolean) {
    const clock = new CountingClock()
    const cache = memoryCache(stored)
    const mesh = meshAt(url, { clock, cache })
    const stopped = Promise.withResolvers<void>()
    let isStopping = false
    const { soon } = clock
    clock.soon = (callback) => {
      if (!isStopping && isTime(mesh.registry)) {
        isStopping = true
        mesh.registry.stop().then(stopped.resolve, stopped.reject)
      }
      soon(callback)
    }
    return { ...mesh, clock, cache, stopped: stopped.promise }
  }

  test('of a failed sync leaves no line, no count and no timer', async () => {
    await using upstream = scriptedServer(reply({ status: 500 }))
    const mesh = stoppedWhen(upstream.url, (registry) => registry.directory().size === COUNT)
    await mesh.registry.start()
    await mesh.stopped
    await mesh.clock.settle()
    expect(mesh.log.lines).toEqual([])
    expect(mesh.registry.stats().syncsTotal).toBe(0)
    expect(mesh.clock.pending).toBe(0)
  })

  test('of a sync whose list is used already waits until that is in the cache', async () => {
    await using upstream = scriptedServer(json({ droplets: [droplet('new')] }))
    const mesh = stoppedWhen(upstream.url, (registry) => registry.stats().syncsSuccess === 1)
    const { write } = mesh.cache
    mesh.cache.write = async (list) => {
      await mesh.clock.settle()
      await write.call(mesh.cache, list)
    }
    await mesh.registry.start()
    await mesh.stopped
    expect(mesh.cache.list?.droplets).toHaveLength(COUNT + 1)
    expect(mesh.clock.pending).toBe(0)
  })
})

describe('in the cache', () => {
  let dir = ''
  beforeEach(async () => {
    dir = await mkdtemp(join(tmpdir(), 'registry-'))
  })
  afterEach(() => rm(dir, { recursive: true, force: true }))

  test('a long list is kept, too', async () => {
    const log = recordingLog()
    const cache = fileCache(dir, log, () => 'id')
    const unlisted = NAMES.map((name, n) => ({ name, since: n * 1000 }))
    const list = { syncedAt: 17_000, droplets: DROPLETS, unlisted }
    await cache.write(list)
    expect(await cache.read()).toEqual(list)
    expect(log.lines).toEqual([])
  })
})

test('the health of very many is found out in turns, at a bounded rate, with one timer', async () => {
  const clock = new CountingClock()
  let directory = Directory.of(DROPLETS)
  const asked = new Map<string, number>()
  const health = createHealth({
    clock,
    log: recordingLog(),
    events: new EventBus(recordingLog()),
    fetch: async (url) => {
      asked.set(url, (asked.get(url) ?? 0) + 1)
      return new Response('')
    },
    intervalMs: 30_000,
    list: { directory: () => directory },
  })
  health.start()
  await clock.settle(() => clock.turns >= COUNT / SLICE)
  // The next look at the list, and the next probe.
  expect(clock.pending).toBe(2)
  await clock.advance(1000)
  expect(asked.size).toBeGreaterThan(400)
  expect(asked.size).toBeLessThanOrEqual(600)
  expect(health.reachableCount()).toBe(asked.size)
  await clock.advance(10_000)
  expect(asked.size).toBe(COUNT)
  expect(health.reachableCount()).toBe(COUNT)
  directory = Directory.of(DROPLETS.slice(0, 10))
  health.reachableCount()
  const { turns } = clock
  await clock.settle(() => clock.turns >= turns + 4)
  await clock.settle()
  expect(health.reachableCount()).toBe(10)
  expect(health.of(NAMES[10]!).reachable).toBeNull()
  await health.stop()
  expect(clock.pending).toBe(0)
})
