/** What is known of the mesh at one moment, and how each sync changes it. Pure functions. */
import { Directory } from '../droplets/directory.ts'
import { nameKey } from '../droplets/droplet.ts'
import { SLICE, type Work } from '../platform/turns.ts'
import type { CachedList } from './disk-cache.ts'
import type { Registration } from './droplet-list.ts'
import { hasRestarted, ownAfter, type KnownEntry } from './restart.ts'
import { asUnlisted, isOver, NONE, refill, withoutExpired, type KnownMesh } from './unlisted.ts'

export type CacheStatus = 'active' | 'stale' | 'unavailable'

export interface Snapshot extends KnownMesh {
  /** When the last successful sync ended; null: there was none. */
  readonly synced: { readonly wall: number; readonly monotonic: number } | null
  /** How the last sync ended; `empty`: with an empty list, which is not used yet. */
  readonly last: 'none' | 'ok' | 'empty' | 'failed'
  /** Since when the Registry has been empty while we keep a list, monotonic; null: it isn't. */
  readonly emptySince: number | null
  /** Our own entry in the Registry; null: it has none. */
  readonly own: KnownEntry | null
}

/** What a sync brings. */
export interface ListedMesh {
  readonly directory: Directory
  readonly own: Registration | null
  /** When its sync began, monotonic, ms. */
  readonly startedAt: number
}

export interface SyncRules {
  /** REGISTRY_CACHE_EXPIRY; 0: never. */
  readonly expiryMs: number
  /** False for a file: what is taken off it was taken off by somebody. */
  readonly forgets: boolean
  /** Whether the entry of our name is there because we registered it. */
  readonly registersSelf: boolean
}

export interface Moment {
  /** Wall clock, ms. */
  readonly wall: number
  readonly monotonic: number
}

export const unknownMesh: Snapshot = {
  directory: Directory.empty,
  unlisted: NONE,
  synced: null,
  last: 'none',
  emptySince: null,
  own: null,
}

/**
 * The list of an earlier run. From now on the monotonic clock counts its age: setting the wall
 * clock while we run makes no list older or younger.
 */
export function* fromCache(list: CachedList, now: Moment): Work<Snapshot> {
  const { wall, monotonic } = now
  const inOurTime = (time: number) => monotonic - Math.max(0, wall - time)
  const unlisted = new Map(
    list.unlisted?.map(({ name, since }) => [nameKey(name), inOurTime(since)]) ?? [],
  )
  const droplets =
    unlisted.size === 0
      ? list.droplets
      : list.droplets.map((each) => (unlisted.has(nameKey(each.name)) ? asUnlisted(each) : each))
  return {
    ...unknownMesh,
    directory: yield* Directory.build(droplets),
    unlisted,
    synced: { wall: Math.min(wall, list.syncedAt), monotonic: inOurTime(list.syncedAt) },
    own: list.own ? { ...list.own, knownSince: monotonic } : null,
  }
}

/** What the next run needs of it; null: there is nothing yet. */
export function* toCache(snapshot: Snapshot, { wall, monotonic }: Moment): Work<CachedList | null> {
  const { synced, directory, unlisted, own } = snapshot
  if (!synced) return null
  const marks: { name: string; since: number }[] = []
  for (const [key, since] of unlisted) {
    marks.push({ name: directory.find(key)?.name ?? key, since: wall - (monotonic - since) })
    if (marks.length % SLICE === 0) yield
  }
  return {
    syncedAt: synced.wall,
    droplets: directory.droplets,
    unlisted: marks,
    own: own && { id: own.id, registeredAt: own.registeredAt },
  }
}

export function* afterFailure(snapshot: Snapshot, now: Moment, expiryMs: number): Work<Snapshot> {
  const mesh = yield* withoutExpired(snapshot, expiredAt(now, expiryMs))
  return { ...snapshot, ...mesh, last: 'failed' }
}

/**
 * The snapshot after a list has come. An empty Registry has most likely just restarted: its list
 * replaces ours only after it has been empty for `expiryMs` (0: never). When it fills up again,
 * those that are not back yet stay for as long.
 */
export function* afterList(
  snapshot: Snapshot,
  list: ListedMesh,
  now: Moment,
  rules: SyncRules,
): Work<Snapshot> {
  const isExpired = expiredAt(now, rules.expiryMs)
  const own = ownAfter(snapshot.own, list, now.monotonic)
  const since = snapshot.emptySince ?? now.monotonic
  if (list.directory.size === 0 && !isExpired(since)) {
    const mesh = yield* withoutExpired(snapshot, isExpired)
    if (mesh.directory.size > 0) {
      return { ...snapshot, ...mesh, last: 'empty', emptySince: since, own }
    }
  }
  const missingSince = hasRestarted(snapshot, list, rules) ? since : null
  const mesh = yield* refill(snapshot, list.directory, missingSince, isExpired)
  return { ...mesh, synced: now, last: 'ok', emptySince: null, own }
}

function expiredAt({ monotonic }: Moment, expiryMs: number) {
  return (since: number) => isOver(since, monotonic, expiryMs)
}

/** ms since the last successful sync, which may be one of an earlier run; null without a list. */
export function ageMs({ synced }: Snapshot, monotonic: number): number | null {
  return synced && monotonic - synced.monotonic
}

export function cacheStatus(snapshot: Snapshot, monotonic: number, expiryMs: number): CacheStatus {
  if (snapshot.last === 'ok') return 'active'
  const age = ageMs(snapshot, monotonic)
  if (age === null) return 'unavailable'
  // The Registry is there again, and droplets are about to register: until then the kept list is
  // used, however old it is.
  if (snapshot.last === 'empty') return 'stale'
  return expiryMs === 0 || age < expiryMs ? 'stale' : 'unavailable'
}

/** How long a stale list stays usable, ms; null: for ever, or it isn't stale. */
export function usableForMs(
  snapshot: Snapshot,
  monotonic: number,
  expiryMs: number,
): number | null {
  if (expiryMs === 0 || cacheStatus(snapshot, monotonic, expiryMs) !== 'stale') return null
  const { last, emptySince, synced } = snapshot
  const since = last === 'empty' ? emptySince : synced!.monotonic
  return since === null ? null : Math.max(0, since + expiryMs - monotonic)
}
