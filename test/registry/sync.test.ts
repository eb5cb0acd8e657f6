import { $ } from 'bun'
import { describe, expect, test } from 'bun:test'
import { mkdtemp, rm, symlink, truncate } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createRouter } from '../../src/droplets/router.ts'
import { fileCache } from '../../src/registry/disk-cache.ts'
import { MAX_REPLY_BYTES } from '../../src/registry/client.ts'
import type { LookUp, Registry } from '../../src/registry/registry.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { memoryCache } from '../support/memory-cache.ts'
import {
  deadUrl,
  endless,
  hang,
  hangAfterHeaders,
  held,
  html,
  json,
  malformed,
  reply,
  reset,
  resetMidBody,
  scriptedServer,
  trickle,
  truncated,
  type Answer,
} from '../support/scripted-server.ts'
import {
  droplet,
  EXPIRY_MS,
  INTERVAL_MS,
  listOf,
  meshAt,
  names,
  statuses,
  TIMEOUT_MS,
} from './mesh.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const newId = () => crypto.randomUUID()

const NOT_LISTED = { kind: 'not listed' } as const

const foundDroplet = (result: LookUp) => (result.kind === 'found' ? result.droplet : undefined)

describe('a sync', () => {
  test('brings the list, at start and every interval after the end of the one before', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    expect(registry.cacheStatus()).toBe('unavailable')
    expect(registry.cacheAgeSeconds()).toBeNull()
    expect(registry.stats().lastSyncAt).toBeNull()

    await registry.start()
    await registry.refresh()
    expect(upstream.calls).toEqual(['GET /droplets'])
    expect(upstream.requests[0]?.headers['user-agent']).toMatch(/^orchestrator\/\d/)
    expect(registry.find('ONE')).toEqual(droplet('one'))
    expect(registry.cacheStatus()).toBe('active')
    expect(registry.servedFrom()).toBe('registry')
    expect(registry.cacheAgeSeconds()).toBe(0)
    expect(registry.stats()).toMatchObject({ syncsTotal: 1, syncsSuccess: 1, syncsError: 0 })
    expect(registry.stats().lastSyncAt).toBe(clock.now())

    await clock.advance(INTERVAL_MS - 1)
    expect(upstream.calls).toHaveLength(1)
    expect(registry.cacheAgeSeconds()).toBe(59)
    upstream.script(json(listOf('one', 'two')))
    await clock.advance(1)
    await clock.settle(() => registry.stats().syncsTotal === 2)
    expect(names(registry)).toEqual(['one', 'two'])

    // A refresh in between moves the next one.
    await clock.advance(INTERVAL_MS - 1)
    await registry.refresh()
    await clock.advance(INTERVAL_MS - 1)
    expect(registry.stats().syncsTotal).toBe(3)
  })

  test('replaces the directory whole: who holds the old one sees no change', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    const before = mesh.registry.directory()
    upstream.script(json(listOf('two')))
    await mesh.registry.refresh()
    expect(before.droplets).toEqual([droplet('one')])
    expect(names(mesh.registry)).toEqual(['two'])
  })

  test('is one for all who wait', async () => {
    const gate = Promise.withResolvers<void>()
    await using upstream = scriptedServer(held(gate.promise, json(listOf('one'))))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.start()
    const waiters = Array.from({ length: 50 }, () => mesh.registry.refresh())
    await upstream.received(1)
    gate.resolve()
    await Promise.all(waiters)
    expect(upstream.calls).toHaveLength(1)
  })

  test('skips invalid entries with one warning, not one each time', async () => {
    const invalid = { droplets: [{ name: 'bad' }, ...listOf('good').droplets, 7] }
    await using upstream = scriptedServer(json(invalid))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    await mesh.registry.refresh()
    expect(names(mesh.registry)).toEqual(['good'])
    expect(mesh.warnings()).toEqual([
      {
        level: 'WARNING',
        msg: 'droplets that are not valid were skipped',
        fields: { skipped: 2, first: 'entry 0: endpoint or url is missing' },
      },
    ])
    upstream.script(json({ droplets: [7] }), json(listOf('good')), json(invalid))
    for (let n = 0; n < 3; n++) await mesh.registry.refresh()
    expect(mesh.log.messages('WARNING')).toContain('the sync with the Registry failed')
    const skips = mesh.warnings().filter(({ fields }) => 'skipped' in fields)
    expect(skips.map(({ fields }) => fields.skipped)).toEqual([2, 1, 2])
  })
})

describe('an odd reply is a failed sync: the list stays', () => {
  const odd: [string, Answer][] = [
    ['HTML', html()],
    ['HTML with 502', html(502)],
    ['500 with a list', json(listOf('evil'), 500)],
    ['201 with a list', json(listOf('evil'), 201)],
    ['a redirect', reply({ status: 302, headers: { location: '/elsewhere' } })],
    ['nothing', reply()],
    ['null', json(null)],
    ['a string', json('droplets')],
    ['another shape', json({ items: [] })],
    ['droplets of the wrong kind', json({ droplets: {} })],
    ['cut JSON', reply({ body: '{"droplets":[' })],
    ['a broken gzip', reply({ headers: { 'content-encoding': 'gzip' }, body: 'not gzip' })],
    ['a reset', reset],
    ['a reset mid-body', resetMidBody],
    ['a truncated body', truncated],
    ['no HTTP', malformed],
    ['an endless body', endless()],
  ]
  test.each(odd)('%s', async (_, answer) => {
    await using upstream = scriptedServer(json(listOf('kept')))
    await using mesh = meshAt(upstream.url)
    const { registry } = mesh
    await registry.refresh()
    upstream.script(answer)
    await registry.refresh()
    expect(names(registry)).toEqual(['kept'])
    expect(registry.cacheStatus()).toBe('stale')
    expect(registry.servedFrom()).toBe('cache')
    expect(registry.stats()).toMatchObject({ syncsTotal: 2, syncsSuccess: 1, syncsError: 1 })
    expect(registry.find('kept')).toBeDefined()
    await registry.refresh()
    expect(mesh.log.messages('WARNING')).toEqual(['the sync with the Registry failed'])
    upstream.script(json(listOf('new')))
    await registry.refresh()
    expect(registry.cacheStatus()).toBe('active')
    expect(names(registry)).toEqual(['new'])
    expect(mesh.log.messages('INFO')).toHaveLength(2)
  })

  const slow: [string, Answer, string][] = [
    ['before the headers', hang, 'no answer within 5000 ms'],
    ['after the headers', hangAfterHeaders, 'no answer within 5000 ms'],
    ['dripping headers', trickle(), 'no answer within 5000 ms'],
  ]
  test.each(slow)('a hang: %s', async (_, answer, error) => {
    await using upstream = scriptedServer(answer)
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.start()
    await upstream.received(1)
    await clock.advance(TIMEOUT_MS - 1)
    expect(registry.stats().syncsTotal).toBe(0)
    await clock.advance(1)
    await clock.settle(() => registry.stats().syncsTotal === 1)
    expect(registry.stats()).toMatchObject({ syncsError: 1, lastSyncDurationMs: TIMEOUT_MS })
    expect(mesh.warnings()[0]?.fields.error).toBe(error)
    await clock.settle(() => upstream.connections === 0)
    upstream.script(json(listOf('one')))
    await mesh.nextSync()
    expect(registry.cacheStatus()).toBe('active')
  })

  test('nobody there', async () => {
    await using mesh = meshAt(await deadUrl())
    await mesh.registry.start()
    await mesh.registry.refresh()
    expect(mesh.registry.stats().syncsError).toBe(1)
  })

  test('an endless body is cut at the cap, and the connection with it', async () => {
    await using upstream = scriptedServer(endless())
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    expect(mesh.warnings()[0]?.fields.error).toBe(
      `the answer is larger than ${MAX_REPLY_BYTES} bytes`,
    )
    await mesh.clock.settle(() => upstream.connections === 0)
  })
})

describe('the age of a list', () => {
  test('counts from the last successful sync; older than the expiry it is not used', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.refresh()
    const lastSyncAt = registry.stats().lastSyncAt
    upstream.script(html(500))
    await clock.advance(EXPIRY_MS - 1)
    expect(registry.cacheStatus()).toBe('active')
    await registry.refresh()
    expect(registry.cacheStatus()).toBe('stale')
    expect(registry.cacheAgeSeconds()).toBe(299)
    expect(registry.find('one')).toBeDefined()
    await clock.advance(1)
    expect(registry.cacheStatus()).toBe('unavailable')
    expect(registry.cacheAgeSeconds()).toBe(300)
    expect(registry.find('one')).toBeUndefined()
    expect(registry.stats().lastSyncAt).toBe(lastSyncAt)
  })

  test('is told in the log when it makes the list useless, once, and when that is over', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock, log } = mesh
    const errors = () => log.lines.filter(({ level }) => level === 'ERROR')
    await registry.refresh()
    const { lastSyncAt } = registry.stats()
    upstream.script(html(500))
    await clock.advance(EXPIRY_MS - 1000)
    await registry.refresh()
    expect(registry.usableForMs()).toBe(1000)
    await clock.advance(999)
    expect(errors()).toEqual([])
    await clock.advance(1)
    const fields = { url: upstream.url, error: 'it answered 500', expiry_seconds: 300 }
    const msg = 'the list of droplets has expired: no task can be routed'
    expect(errors()).toEqual([{ level: 'ERROR', msg, fields }])
    expect(registry.errorDetails()).toEqual({
      registry_url: upstream.url,
      last_sync: lastSyncAt! / 1000,
      last_error: 'it answered 500',
    })
    await registry.refresh()
    await clock.advance(EXPIRY_MS)
    expect(errors()).toHaveLength(1)
    upstream.script(json(listOf('one')), html(500))
    await registry.refresh()
    expect(log.messages('INFO').at(-1)).toBe('synced with the Registry')
    await clock.advance(EXPIRY_MS)
    await registry.refresh()
    expect(errors()).toHaveLength(2)
  })

  test('goes on across restarts', async () => {
    const cache = memoryCache()
    const clock = new FakeClock()
    const url = await deadUrl()
    {
      await using upstream = scriptedServer(json(listOf('one')))
      await using first = meshAt(upstream.url, { cache, clock })
      await first.registry.refresh()
    }
    // The machine was off: another monotonic clock, a later wall clock.
    for (const [later, status, age] of [
      [EXPIRY_MS - 1000, 'stale', 299],
      [EXPIRY_MS, 'unavailable', 300],
    ] as const) {
      await using next = meshAt(url, { cache, clock: new FakeClock(clock.now() + later) })
      await next.registry.start()
      expect(next.registry.cacheStatus()).toBe(status)
      await next.registry.refresh()
      expect(next.registry.cacheStatus()).toBe(status)
      expect(next.registry.cacheAgeSeconds()).toBe(age)
      expect(next.registry.servedFrom()).toBe('cache')
      expect(next.registry.stats().lastSyncAt).toBe(clock.now())
      expect(names(next.registry)).toEqual(['one'])
    }
  })

  test('a wall clock that jumps changes nothing while we run', async () => {
    await using upstream = scriptedServer(json(listOf('one')), {})
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.refresh()
    upstream.script(reset)
    await registry.refresh()
    clock.jump(-10 * EXPIRY_MS)
    await clock.advance(10_000)
    expect(registry.cacheAgeSeconds()).toBe(10)
    clock.jump(20 * EXPIRY_MS)
    expect(registry.cacheStatus()).toBe('stale')
  })

  test('a list from the future is new, not younger than that', async () => {
    const clock = new FakeClock()
    const cache = memoryCache({ syncedAt: clock.now() + 1e9, droplets: [droplet('one')] })
    await using mesh = meshAt(await deadUrl(), { cache, clock })
    await mesh.registry.start()
    expect(mesh.registry.cacheAgeSeconds()).toBe(0)
    await mesh.registry.refresh()
    await clock.advance(EXPIRY_MS)
    expect(mesh.registry.cacheStatus()).toBe('unavailable')
  })

  test('with expiry 0 it never expires', async () => {
    const cache = memoryCache({ syncedAt: 0, droplets: [droplet('one')] })
    await using mesh = meshAt(await deadUrl(), { cache, cacheExpiryMs: 0 })
    await mesh.registry.start()
    await mesh.registry.refresh()
    expect(mesh.registry.cacheStatus()).toBe('stale')
    expect(mesh.registry.find('one')).toBeDefined()
  })
})

describe('a Registry that comes back empty', () => {
  const empty = json({ droplets: [], total: 0 })

  test('is believed only after it has been empty for the expiry', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.start()
    await registry.refresh()
    upstream.script(empty)
    for (let minute = 1; minute <= 5; minute++) {
      await mesh.nextSync()
      expect(registry.cacheStatus()).toBe('stale')
      expect(registry.find('one')).toBeDefined()
      expect(registry.servedFrom()).toBe('cache')
    }
    // The list is older than the expiry by now, but the Registry has been empty for less.
    expect(registry.cacheAgeSeconds()).toBe(300)
    await clock.advance(INTERVAL_MS - 1)
    expect(registry.cacheStatus()).toBe('stale')
    await clock.advance(1)
    await clock.settle(() => registry.stats().syncsTotal === 7)
    expect(registry.cacheStatus()).toBe('active')
    expect(names(registry)).toEqual([])
    expect(registry.stats()).toMatchObject({ syncsSuccess: 2, syncsError: 5 })
    expect(mesh.warnings().map(({ fields }) => fields.error)).toEqual([
      'it lists no droplets: keeping the list from before',
    ])
  })

  test('and then fills again: who is not back yet stays, for as long', async () => {
    await using upstream = scriptedServer(json(listOf('one', 'two')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.refresh()
    upstream.script(empty, json(listOf('two')))
    await registry.refresh()
    await clock.advance(EXPIRY_MS - 1)
    await registry.refresh()
    expect(registry.cacheStatus()).toBe('active')
    expect(registry.servedFrom()).toBe('registry')
    expect(statuses(registry)).toEqual({ one: 'unlisted', two: 'active' })
    await clock.advance(1)
    await registry.refresh()
    expect(statuses(registry)).toEqual({ two: 'active' })
    expect(mesh.warnings().map(({ msg }) => msg)).toEqual([
      'the sync with the Registry failed',
      'the Registry has restarted: droplets that it has lost are kept for now',
      'droplets that the Registry lost did not register again: dropped',
    ])
  })

  test('and restarts again before all are back wipes nothing', async () => {
    await using upstream = scriptedServer(json(listOf('one', 'two', 'three')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.refresh()
    upstream.script(empty, json(listOf('one')), empty, json(listOf('two')))
    for (let n = 0; n < 4; n++) {
      await registry.refresh()
      await clock.advance(1000)
    }
    expect(statuses(registry)).toEqual({ one: 'unlisted', three: 'unlisted', two: 'active' })
    // Since the first restart, and since the second.
    await clock.advance(EXPIRY_MS - 4000)
    await registry.refresh()
    expect(statuses(registry)).toEqual({ one: 'unlisted', two: 'active' })
    await clock.advance(2000)
    await registry.refresh()
    expect(statuses(registry)).toEqual({ two: 'active' })
  })

  test('a restart of ours during that loses and forgets nothing', async () => {
    await using upstream = scriptedServer(json(listOf('one', 'two')))
    const cache = memoryCache()
    const clock = new FakeClock()
    {
      await using first = meshAt(upstream.url, { cache, clock })
      await first.registry.refresh()
      upstream.script(empty, json(listOf('two')))
      await first.registry.refresh()
      await first.registry.refresh()
    }
    for (const [later, expected] of [
      [EXPIRY_MS - 1000, { one: 'unlisted', two: 'active' }],
      [EXPIRY_MS, { two: 'active' }],
    ] as const) {
      await using next = meshAt(upstream.url, { cache, clock: new FakeClock(clock.now() + later) })
      await next.registry.start()
      await next.registry.refresh()
      expect(statuses(next.registry)).toEqual(expected)
    }
  })

  test('and tasks go to those that it has lost', async () => {
    await using upstream = scriptedServer(json(listOf('one', 'two')))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    upstream.script(empty, json(listOf('two')))
    await mesh.registry.refresh()
    await mesh.registry.refresh()
    const task = { dropletName: 'one', path: '/x', targetUrl: 'http://before/x' }
    const url = 'http://one.example/x'
    expect(createRouter(mesh.registry).route(task)).toEqual({ ok: true, url })
  })

  test('does not wipe the list of a run before, nor the one on disk', async () => {
    const cache = memoryCache({ syncedAt: 0, droplets: [droplet('one')] })
    await using upstream = scriptedServer(empty)
    await using mesh = meshAt(upstream.url, { cache })
    await mesh.registry.start()
    expect(mesh.registry.cacheStatus()).toBe('unavailable')
    await mesh.registry.refresh()
    expect(mesh.registry.cacheStatus()).toBe('stale')
    expect(mesh.registry.find('one')).toBeDefined()
    expect(cache.writes).toBe(0)
  })

  test('with expiry 0 never wipes it', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url, { cacheExpiryMs: 0 })
    await mesh.registry.refresh()
    upstream.script(empty)
    await mesh.registry.refresh()
    await mesh.clock.advance(1e9)
    await mesh.registry.refresh()
    expect(mesh.registry.cacheStatus()).toBe('stale')
    expect(names(mesh.registry)).toEqual(['one'])
  })

  test('entries that are all invalid count as none', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    upstream.script(json([{ name: 'one', url: 'http://u:p@h' }]))
    await mesh.registry.refresh()
    expect(names(mesh.registry)).toEqual(['one'])
  })

  test('from the very first is an empty mesh, and no trouble', async () => {
    await using upstream = scriptedServer(empty)
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    expect(mesh.registry.cacheStatus()).toBe('active')
    expect(mesh.registry.cacheAgeSeconds()).toBe(0)
    expect(await mesh.registry.lookUp('x')).toEqual({ kind: 'not listed' })
    expect(mesh.warnings()).toEqual([])
  })
})

describe('an unknown name', () => {
  test('asks the Registry once for all who wait, and finds what is new there', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    const gate = Promise.withResolvers<void>()
    upstream.script(held(gate.promise, json(listOf('one', 'new'))))
    const found = Array.from({ length: 100 }, () => mesh.registry.lookUp('NEW'))
    await upstream.received(2)
    gate.resolve()
    expect((await Promise.all(found)).map((result) => foundDroplet(result)?.name)).toEqual(
      Array(100).fill('new'),
    )
    expect(upstream.calls).toHaveLength(2)
  })

  test('asks at most once a second: who asks within it waits for the next sync', async () => {
    await using upstream = scriptedServer(json(listOf('Zed', 'beta')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.refresh()
    expect(await registry.lookUp('nobody')).toEqual(NOT_LISTED)
    expect(upstream.calls).toHaveLength(2)
    upstream.script(json(listOf('Zed', 'beta', 'new')))
    const waiting = Array.from({ length: 10 }, (_, n) => registry.lookUp(`nobody ${n}`))
    const found = registry.lookUp('new')
    await clock.advance(999)
    expect(upstream.calls).toHaveLength(2)
    await clock.advance(1)
    for (const result of await Promise.all(waiting)) expect(result).toEqual(NOT_LISTED)
    expect(foundDroplet(await found)?.name).toBe('new')
    expect(upstream.calls).toHaveLength(3)
  })

  test('during a sync that began before waits for the next one', async () => {
    const gate = Promise.withResolvers<void>()
    await using upstream = scriptedServer(held(gate.promise, json(listOf('one'))))
    await using mesh = meshAt(upstream.url)
    const { registry } = mesh
    void registry.refresh()
    await upstream.received(1)
    upstream.script(json(listOf('one', 'new')))
    const found = [registry.lookUp('new'), registry.lookUp('one'), registry.lookUp('nobody')]
    gate.resolve()
    const results = await Promise.all(found)
    expect(results.map((result) => foundDroplet(result)?.name)).toEqual(['new', 'one', undefined])
    expect(upstream.calls).toHaveLength(2)
  })

  test('a periodic sync serves those who waited for one', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    const { registry } = mesh
    await registry.lookUp('nobody')
    upstream.script(json(listOf('one', 'new')))
    const found = registry.lookUp('new')
    await registry.refresh()
    expect(foundDroplet(await found)?.name).toBe('new')
    await mesh.clock.advance(2000)
    expect(upstream.calls).toHaveLength(2)
  })

  test('a flood of unknown names is one sync a second', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.lookUp('nobody')
    const asked: Promise<LookUp>[] = []
    for (let tenth = 0; tenth < 100; tenth++) {
      for (let n = 0; n < 20; n++) asked.push(registry.lookUp(`nobody ${tenth} ${n}`))
      await clock.advance(100)
      const syncs = upstream.calls.length
      await clock.settle(() => registry.stats().syncsTotal >= syncs)
    }
    await clock.advance(1000)
    expect((await Promise.all(asked)).every(({ kind }) => kind === 'not listed')).toBe(true)
    expect(upstream.calls.length).toBeLessThanOrEqual(12)
  })

  test('nobody waits once the service is about to stop', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    const { registry } = mesh
    await registry.lookUp('nobody')
    const waiting = registry.lookUp('nobody')
    upstream.script(hang)
    void registry.refresh()
    const during = registry.lookUp('nobody')
    registry.releaseLookUps()
    for (const asked of [waiting, during, registry.lookUp('nobody')]) {
      expect(await asked).toEqual({ kind: 'stopping' })
    }
    expect(foundDroplet(await registry.lookUp('one'))?.name).toBe('one')
  })

  test('a known name never asks', async () => {
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url)
    await mesh.registry.refresh()
    upstream.script(hang)
    void mesh.registry.refresh()
    expect(foundDroplet(await mesh.registry.lookUp('one'))?.name).toBe('one')
    expect(mesh.registry.find('One')?.name).toBe('one')
  })

  test('is told of all others, sorted', async () => {
    const many = Array.from({ length: 150 }, (_, n) => `d${String(n).padStart(3, '0')}`)
    await using upstream = scriptedServer(json(listOf(...many.toReversed())))
    await using mesh = meshAt(upstream.url)
    expect(await mesh.registry.lookUp('x')).toEqual({ kind: 'not listed' })
    expect(names(mesh.registry)).toEqual(many)
  })

  test('without a usable list there is nothing to find, after another try, until one succeeds', async () => {
    await using upstream = scriptedServer(html(503))
    await using mesh = meshAt(upstream.url)
    const { registry, clock } = mesh
    await registry.start()
    await registry.refresh()
    const noList = { kind: 'no list' } as const
    expect(await registry.lookUp('one')).toEqual(noList)
    expect(upstream.calls).toHaveLength(2)
    expect(registry.errorDetails()).toEqual({
      registry_url: upstream.url,
      last_sync: null,
      last_error: 'it answered 503',
    })
    const again = registry.lookUp('one')
    await clock.advance(1000)
    expect(await again).toEqual(noList)
    expect(upstream.calls).toHaveLength(3)
    upstream.script(json(listOf('one')))
    const found = registry.lookUp('one')
    await clock.advance(1000)
    expect(foundDroplet(await found)?.name).toBe('one')
  })

  test('of an expired list is looked up anew', async () => {
    const cache = memoryCache({ syncedAt: 0, droplets: [droplet('one', { url: 'http://old' })] })
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url, { cache })
    await mesh.registry.start()
    expect(mesh.registry.find('one')).toBeUndefined()
    expect(foundDroplet(await mesh.registry.lookUp('one'))?.url).toBe('http://one.example')
  })
})

describe('start and stop', () => {
  test('a Registry that hangs does not hold up the start', async () => {
    await using upstream = scriptedServer(hang)
    const cache = memoryCache({ syncedAt: 1e15, droplets: [droplet('one')] })
    await using mesh = meshAt(upstream.url, { cache })
    await mesh.registry.start()
    expect(mesh.registry.cacheStatus()).toBe('stale')
    expect(mesh.registry.find('one')).toBeDefined()
  })

  test('what the Registry said before the start is not undone by the disk', async () => {
    await using upstream = scriptedServer(json(listOf('new')))
    const cache = memoryCache({ syncedAt: 1e15, droplets: [droplet('old')] })
    const unwritable = { read: () => cache.read(), write: async () => {} }
    await using mesh = meshAt(upstream.url, { cache: unwritable })
    await mesh.registry.refresh()
    await mesh.registry.start()
    expect(names(mesh.registry)).toEqual(['new'])
  })

  test('stop is safe twice and unstarted, ends what is in flight and leaves nothing behind', async () => {
    await using upstream = scriptedServer(hangAfterHeaders)
    const { registry, clock } = meshAt(upstream.url)
    await registry.start()
    await upstream.received(1)
    const waiting = registry.lookUp('x')
    await registry.stop()
    await registry.stop()
    expect((await waiting).kind).toBe('stopping')
    expect(clock.pending).toBe(0)
    await clock.settle(() => upstream.connections === 0)
    await registry.refresh()
    await registry.start()
    await clock.advance(10 * INTERVAL_MS)
    expect(upstream.calls).toHaveLength(1)
    expect(registry.stats().syncsTotal).toBe(0)

    const unstarted = meshAt(upstream.url)
    await unstarted.registry.stop()
    await unstarted.registry.start()
    expect(unstarted.clock.pending).toBe(0)
  })
})

describe('with a cache on disk', () => {
  async function withDirectory(run: (dir: string) => Promise<void>): Promise<void> {
    const dir = await mkdtemp(join(tmpdir(), 'registry-'))
    try {
      await run(dir)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }

  test('a restart without a Registry goes on with the list from before', () =>
    withDirectory(async (dir) => {
      const log = recordingLog()
      const clock = new FakeClock()
      const first = await scriptedServer(json(listOf('one')))
      await using before = meshAt(first.url, { cache: fileCache(dir, log, newId), clock })
      await before.registry.refresh()
      await before.registry.stop()
      await first.stop()
      await using after = meshAt(first.url, { cache: fileCache(dir, log, newId), clock })
      await after.registry.start()
      expect(after.registry.find('one')).toEqual(droplet('one'))
      await after.registry.refresh()
      expect(after.registry.cacheStatus()).toBe('stale')
      expect(log.lines).toEqual([])
    }))

  test('that is damaged or cannot be written, it starts and syncs all the same', () =>
    withDirectory(async (dir) => {
      const log = recordingLog()
      await Bun.write(join(dir, 'orchestrator_droplets.json'), '{"half":')
      await using upstream = scriptedServer(json(listOf('one')))
      for (const cacheDir of [dir, join(dir, 'orchestrator_droplets.json', 'below a file')]) {
        await using mesh = meshAt(upstream.url, { log, cache: fileCache(cacheDir, log, newId) })
        await mesh.registry.start()
        await mesh.registry.refresh()
        expect(mesh.registry.cacheStatus()).toBe('active')
        await mesh.registry.refresh()
        await mesh.registry.stop()
      }
      expect(log.messages('WARNING')).toEqual([
        'the cached droplet list cannot be used',
        'the droplet list cannot be cached',
      ])
    }))

  test('a disk that hangs does not hold up the start for ever', async () => {
    const late = Promise.withResolvers<null>()
    const cache = { read: () => late.promise, write: async () => {} }
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url, { cache })
    const started = mesh.registry.start()
    await mesh.clock.advance(2000)
    await started
    await mesh.registry.refresh()
    expect(names(mesh.registry)).toEqual(['one'])
    expect(mesh.warnings()[0]?.fields.error).toBe('no answer within 2000 ms')
  })

  test('a disk that hangs holds up nothing; the newest list is written at last', async () => {
    const gate = Promise.withResolvers<void>()
    const written: unknown[] = []
    const cache = {
      read: async () => null,
      async write(list: unknown) {
        await gate.promise
        written.push(list)
      },
    }
    await using upstream = scriptedServer(json(listOf('one')))
    await using mesh = meshAt(upstream.url, { cache })
    await mesh.registry.refresh()
    await mesh.registry.refresh()
    upstream.script(json(listOf('two')))
    await mesh.registry.refresh()
    gate.resolve()
    await mesh.registry.stop()
    expect(written).toMatchObject([listOf('one'), listOf('two')])
  })
})

describe('a file: registry', () => {
  async function withFile(run: (path: string, registry: Registry) => Promise<void>) {
    const dir = await mkdtemp(join(tmpdir(), 'registry file-'))
    const path = join(dir, 'droplets.json')
    await using mesh = meshAt(Bun.pathToFileURL(path).href, { registerSelf: true })
    try {
      await run(path, mesh.registry)
    } finally {
      await rm(dir, { recursive: true, force: true })
    }
  }

  test('is read at each sync, and nothing is registered there', () =>
    withFile(async (path, registry) => {
      await Bun.write(path, JSON.stringify(listOf('one')))
      await registry.refresh()
      expect(names(registry)).toEqual(['one'])
      const text = JSON.stringify([
        ...listOf('two').droplets,
        { name: 'orchestrator', id: 9, url: 'http://o' },
      ])
      await Bun.write(path, text)
      expect(foundDroplet(await registry.lookUp('two'))?.name).toBe('two')
      expect(registry.selfId()).toBe(9)
      expect(registry.registered()).toBe(true)
      expect(await Bun.file(path).text()).toBe(text)
    }))

  test('that is missing, damaged or no file is a failed sync', () =>
    withFile(async (path, registry) => {
      await registry.refresh()
      await Bun.write(path, '[{"name":')
      await registry.refresh()
      await rm(path)
      await Bun.write(join(path, 'occupied'), '')
      await registry.refresh()
      expect(registry.stats().syncsError).toBe(3)
      expect(registry.cacheStatus()).toBe('unavailable')
    }))

  test('that is a FIFO, a device or too large is a failed sync, at once', () =>
    withFile(async (path, registry) => {
      await $`mkfifo ${path}`
      // More than there are threads that read files.
      for (let n = 0; n < 10; n++) await registry.refresh()
      expect(registry.errorDetails().last_error).toBe('it is not a regular file')
      await rm(path)
      await symlink('/dev/zero', path)
      await registry.refresh()
      expect(registry.errorDetails().last_error).toBe('it is not a regular file')
      await rm(path)
      await Bun.write(path, '[]')
      await truncate(path, 1e12)
      await registry.refresh()
      expect(registry.errorDetails().last_error).toMatch(/^it is larger than \d+ bytes$/)
      await rm(path)
      await Bun.write(`${path}.real`, JSON.stringify(listOf('one')))
      await symlink(`${path}.real`, path)
      await registry.refresh()
      expect(names(registry)).toEqual(['one'])
    }))

  test('with an address that is none is a failed sync, too', async () => {
    for (const url of ['file:', 'file://host/x', 'file:///%00', 'file:/dev/zero']) {
      await using mesh = meshAt(url)
      await mesh.registry.refresh()
      expect(mesh.registry.stats().syncsError).toBe(1)
    }
  })
})
