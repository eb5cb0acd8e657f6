import { describe, expect, test } from 'bun:test'
import { Directory } from '../../src/droplets/directory.ts'
import type { Droplet } from '../../src/droplets/droplet.ts'
import { atOnce } from '../../src/platform/turns.ts'
import { fromCache, toCache } from '../../src/registry/cached-snapshot.ts'
import type { Registration } from '../../src/registry/droplet-list.ts'
import {
  afterFailure,
  afterList,
  unknownMesh,
  type NextSnapshot,
  type Snapshot,
  type SyncRules,
} from '../../src/registry/snapshot.ts'
import { droplet } from './mesh.ts'

const EXPIRY = 300_000
const RULES: SyncRules = { expiryMs: EXPIRY, forgets: true, registersSelf: true }
const WALL_OFFSET = 1_767_225_600_000
const me = (registeredAt: number | null = 1, id: Registration['id'] = 7) => ({ id, registeredAt })

const at = (monotonic: number) => ({ monotonic, wall: WALL_OFFSET + monotonic })

interface Sync {
  now: number
  own?: Registration | null
  startedAt?: number
  rules?: Partial<SyncRules>
}

/** The snapshot after a list of these names came at `now`. */
function synced(before: Snapshot, names: readonly (string | Droplet)[], sync: Sync): Snapshot {
  return next(before, names, sync).snapshot
}

function next(before: Snapshot, names: readonly (string | Droplet)[], sync: Sync): NextSnapshot {
  const { now, own = null, startedAt = now - 1, rules } = sync
  const droplets = names.map((each) => (typeof each === 'string' ? droplet(each) : each))
  const list = { directory: Directory.of(droplets), own, startedAt }
  return atOnce(afterList(before, list, at(now), { ...RULES, ...rules }))
}

/** `one!` is unlisted. */
function mesh({ directory }: Snapshot): string {
  const shown = ({ name, status }: Droplet) =>
    status === 'active' ? name : `${name} ${status === 'unlisted' ? '!' : status}`
  return directory.droplets
    .map((each) => shown(each).replace(' !', '!'))
    .sort()
    .join(', ')
}

const three = synced(unknownMesh, ['a', 'b', 'c'], { now: 100, own: me() })

describe('from a Registry that did not restart', () => {
  test('what is taken off is gone at once', () => {
    expect(mesh(synced(three, ['a'], { now: 200, own: me() }))).toBe('a')
  })

  test('also when it does not say when we registered, or says it for the first time', () => {
    const vague = synced(unknownMesh, ['a', 'b'], { now: 100, own: me(null) })
    expect(mesh(synced(vague, ['a'], { now: 200, own: me(null) }))).toBe('a')
    expect(mesh(synced(vague, ['a'], { now: 200, own: me(5) }))).toBe('a')
    const unnumbered = synced(unknownMesh, ['a', 'b'], { now: 100, own: me(5, null) })
    expect(mesh(synced(unnumbered, ['a'], { now: 200, own: me(5, '7') }))).toBe('a')
  })

  test('also when we have only just come, or it has never had us', () => {
    const strangers = synced(unknownMesh, ['a', 'b'], { now: 100 })
    expect(mesh(synced(strangers, ['a'], { now: 200, own: me() }))).toBe('a')
    expect(mesh(synced(strangers, ['a'], { now: 200 }))).toBe('a')
  })

  test('also when its list was on the way while we registered', () => {
    const registered = { ...three, own: { ...me(), knownSince: 150 } }
    const next = synced(registered, ['a'], { now: 200, startedAt: 140 })
    expect(mesh(next)).toBe('a')
    expect(next.own).toEqual({ ...me(), knownSince: 150 })
    expect(mesh(synced(next, ['x'], { now: 300 }))).toBe('a!, x')
  })
})

describe('a Registry has restarted when', () => {
  test.each([
    ['our entry is gone', null],
    ['our entry has another id', me(1, 8)],
    ['our entry was registered anew, under the same id', me(2)],
  ])('%s', (_, own) => {
    expect(mesh(synced(three, ['a', 'x'], { now: 200, own }))).toBe('a, b!, c!, x')
  })

  test('it was empty, whoever registers', () => {
    const rules = { registersSelf: false }
    const empty = synced(three, [], { now: 200, rules })
    expect(empty).toMatchObject({ last: 'empty', emptySince: 200 })
    expect(mesh(empty)).toBe('a, b, c')
    expect(mesh(synced(empty, ['b'], { now: 300, rules }))).toBe('a!, b, c!')
  })

  test('and not: our entry is gone where we do not register', () => {
    expect(mesh(synced(three, ['a'], { now: 200, rules: { registersSelf: false } }))).toBe('a')
  })

  test('and not: a file, even one that was empty for a while', () => {
    const rules = { forgets: false, registersSelf: false }
    expect(mesh(synced(three, ['a'], { now: 200, rules }))).toBe('a')
    const empty = synced(three, [], { now: 200, rules })
    expect(mesh(empty)).toBe('a, b, c')
    expect(mesh(synced(empty, ['a'], { now: 300, rules }))).toBe('a')
  })
})

describe('while it fills up again', () => {
  const restarted = synced(three, ['a'], { now: 200, own: me(2) })

  test('one after the other comes back, and then can be taken off', () => {
    const more = synced(restarted, ['a', 'b'], { now: 300, own: me(2) })
    expect(mesh(more)).toBe('a, b, c!')
    expect(mesh(synced(more, ['a'], { now: 400, own: me(2) }))).toBe('a, c!')
    const moved = droplet('C', { url: 'http://moved' })
    const all = synced(more, ['a', 'b', moved], { now: 400, own: me(2) })
    expect(mesh(all)).toBe('C, a, b')
    expect(all.directory.find('c')?.url).toBe('http://moved')
    expect(all.unlisted.size).toBe(0)
  })

  test('those that do not come back are gone after the expiry, with a list and without', () => {
    const late = synced(restarted, ['a'], { now: 200 + EXPIRY - 1, own: me(2) })
    expect(mesh(late)).toBe('a, b!, c!')
    expect(mesh(synced(late, ['a'], { now: 200 + EXPIRY, own: me(2) }))).toBe('a')
    const failed = (now: number) => atOnce(afterFailure(late, at(now), EXPIRY)).snapshot
    expect(mesh(failed(200 + EXPIRY - 1))).toBe('a, b!, c!')
    expect(failed(200 + EXPIRY - 1).directory).toBe(late.directory)
    expect(mesh(failed(200 + EXPIRY))).toBe('a')
  })

  test('their time counts from when the Registry was seen to be empty', () => {
    const empty = synced(three, [], { now: 200 })
    const filling = synced(empty, ['a'], { now: 200 + EXPIRY - 1 })
    expect(mesh(filling)).toBe('a, b!, c!')
    expect(mesh(synced(filling, ['a'], { now: 200 + EXPIRY }))).toBe('a')
  })

  test('they stay for ever when lists never expire', () => {
    const rules = { expiryMs: 0 }
    const kept = synced(three, ['a'], { now: 200, own: me(2), rules })
    expect(mesh(synced(kept, ['a'], { now: 1e12, own: me(2), rules }))).toBe('a, b!, c!')
    expect(mesh(atOnce(afterFailure(kept, at(1e12), 0)).snapshot)).toBe('a, b!, c!')
  })

  test('another restart gives time to those that were back, and no more to the others', () => {
    const again = synced(restarted, ['b'], { now: 1200, own: me(3) })
    expect(mesh(again)).toBe('a!, b, c!')
    const later = synced(again, ['b'], { now: 200 + EXPIRY, own: me(3) })
    expect(mesh(later)).toBe('a!, b')
    expect(mesh(synced(later, ['b'], { now: 1200 + EXPIRY, own: me(3) }))).toBe('b')
  })

  test('an empty list keeps all, but none beyond its time', () => {
    const empty = synced(restarted, [], { now: 1200 })
    expect(mesh(empty)).toBe('a, b!, c!')
    const later = synced(empty, [], { now: 200 + EXPIRY })
    expect(mesh(later)).toBe('a')
    expect(later.last).toBe('empty')
    const last = synced(later, [], { now: 1200 + EXPIRY })
    expect([mesh(last), last.last]).toEqual(['', 'ok'])
  })

  test('those that were not routed to before still are not, and say why', () => {
    const before = synced(unknownMesh, ['a', droplet('b', { status: 'inactive' })], {
      now: 100,
      own: me(),
    })
    const next = synced(before, ['a'], { now: 200 })
    expect(mesh(next)).toBe('a, b inactive')
    expect(mesh(synced(next, ['a'], { now: 200 + EXPIRY }))).toBe('a')
  })

  test('a restart of ours changes nothing: the cache tells who is missing, and since when', () => {
    const stored = atOnce(toCache(restarted, at(200)))!
    expect(stored.unlisted).toEqual(['b', 'c'].map((name) => ({ name, since: at(200).wall })))
    // Another monotonic clock, 1000 ms later.
    const now = { monotonic: 50, wall: at(1200).wall }
    const restored = atOnce(fromCache(stored, now))
    expect(mesh(restored)).toBe('a, b!, c!')
    expect(restored.unlisted.get('b')).toBe(-950)
    expect(restored.own).toEqual({ ...me(2), knownSince: 50 })
    expect(mesh(synced(restored, ['a'], { now: EXPIRY - 951, own: me(2) }))).toBe('a, b!, c!')
    expect(mesh(synced(restored, ['a'], { now: EXPIRY - 950, own: me(2) }))).toBe('a')
    expect(mesh(synced(restored, ['b'], { now: 60, own: me(3) }))).toBe('a!, b, c!')
  })

  test('a mark from the future is of now', () => {
    const stored = {
      ...atOnce(toCache(restarted, at(200)))!,
      unlisted: [{ name: 'B', since: 1e15 }],
    }
    const restored = atOnce(fromCache(stored, at(500)))
    expect([...restored.unlisted]).toEqual([['b', 500]])
  })
})

describe('what has changed about the unlisted ones is told', () => {
  const MANY = Array.from({ length: 9 }, (_, n) => `d${n}`)
  const before = synced(unknownMesh, [...MANY, 'Orchestrator'], { now: 100, own: me() })
  const restarted = next(before, ['d0'], { now: 200 })
  const later = { now: 200 + EXPIRY, own: null }

  test('how many there are, each once, and not our own entry', () => {
    expect(restarted.change).toMatchObject({ added: 8, dropped: 0 })
    expect(next(restarted.snapshot, ['d0', 'd1'], { now: 300 }).change.added).toBe(0)
    // Another restart: those that were back are added.
    const again = next(restarted.snapshot, [], { now: 400 }).snapshot
    expect(next(again, ['d1'], { now: 500 }).change).toMatchObject({ added: 1, dropped: 0 })
  })

  test.each([
    ['a list', () => next(restarted.snapshot, ['d0', 'd1'], later)],
    ['an empty list', () => next(restarted.snapshot, [], later)],
    ['a failure', () => atOnce(afterFailure(restarted.snapshot, at(later.now), EXPIRY))],
  ])('how many were given up, and a few of them: after %s', (how, sync) => {
    const isBack = how === 'a list' ? 1 : 0
    expect(sync().change).toMatchObject({
      added: 0,
      dropped: 8 - isBack,
      firstDropped: MANY.slice(1 + isBack, 6 + isBack),
    })
  })

  test('nothing where nothing is unlisted', () => {
    expect(next(before, ['d0'], { now: 200, own: me() }).change).toMatchObject({
      added: 0,
      dropped: 0,
      firstDropped: [],
    })
  })
})
