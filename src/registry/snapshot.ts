/** What is known of the mesh at one moment, and how each sync changes it. Pure functions. */
import { SERVICE } from '../version.ts'
import { Directory } from '../droplets/directory.ts'
import type { CachedList } from './disk-cache.ts'
import { nameKey, type Droplet } from '../droplets/droplet.ts'

export type CacheStatus = 'active' | 'stale' | 'unavailable'

export interface Snapshot {
  readonly directory: Directory
  /** When the last successful sync ended; null: there was none. */
  readonly synced: { readonly wall: number; readonly monotonic: number } | null
  /** How the last sync ended; `empty`: with an empty list, which is not used yet. */
  readonly last: 'none' | 'ok' | 'empty' | 'failed'
  /** Since when the Registry has been empty while we keep a list, monotonic; null: it isn't. */
  readonly emptySince: number | null
}

export interface Moment {
  /** Wall clock, ms. */
  readonly wall: number
  readonly monotonic: number
}

export const unknownMesh: Snapshot = {
  directory: Directory.empty,
  synced: null,
  last: 'none',
  emptySince: null,
}

/**
 * The list of an earlier run. From now on the monotonic clock counts its age: setting the wall
 * clock while we run makes no list older or younger.
 */
export function fromCache(list: CachedList, { wall, monotonic }: Moment): Snapshot {
  const age = Math.max(0, wall - list.syncedAt)
  return {
    ...unknownMesh,
    directory: Directory.of(list.droplets),
    synced: { wall: Math.min(wall, list.syncedAt), monotonic: monotonic - age },
  }
}

export function afterFailure(snapshot: Snapshot): Snapshot {
  return { ...snapshot, last: 'failed' }
}

/**
 * The snapshot after a list has come. A Registry keeps its list in memory, so an empty Registry
 * has most likely just restarted: its list replaces ours only after it has been empty for
 * `expiryMs` (0: never).
 */
export function afterList(
  snapshot: Snapshot,
  droplets: readonly Droplet[],
  now: Moment,
  expiryMs: number,
): Snapshot {
  const { directory, emptySince } = snapshot
  if (directory.size > 0 && isStillEmpty(droplets, snapshot)) {
    const since = emptySince ?? now.monotonic
    if (expiryMs === 0 || now.monotonic - since < expiryMs) {
      return { ...snapshot, last: 'empty', emptySince: since }
    }
  }
  return { directory: Directory.of(droplets), synced: now, last: 'ok', emptySince: null }
}

// When a Registry comes back empty, we are the first to register there. A list with only us is
// no better than the empty list of a moment ago.
function isStillEmpty(droplets: readonly Droplet[], { directory, emptySince }: Snapshot): boolean {
  if (droplets.length === 0) return true
  return emptySince !== null && onlySelf(droplets) && !onlySelf(directory.droplets)
}

function onlySelf(droplets: readonly Droplet[]): boolean {
  return droplets.every((droplet) => nameKey(droplet.name) === SERVICE)
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
