/** What is known of the mesh at one moment, and what each sync makes of it. Pure. */
import { SERVICE } from '../version.ts'
import { Directory } from '../droplets/directory.ts'
import type { CachedList } from './disk-cache.ts'
import { nameKey, type Droplet } from '../droplets/droplet.ts'

export type CacheStatus = 'active' | 'stale' | 'unavailable'

export interface Snapshot {
  readonly directory: Directory
  /** When the last successful sync was; null: never. */
  readonly synced: { readonly wall: number; readonly monotonic: number } | null
  /** How the last sync ended; `held`: with an empty list that isn't believed yet. */
  readonly last: 'none' | 'ok' | 'held' | 'failed'
  /** Since when the Registry has been empty while we keep a list; monotonic. */
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
 * The list of an earlier run. From here on its age is counted on the monotonic clock: a wall
 * clock that is set while we run neither expires a list nor keeps one alive.
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
 * A Registry keeps its list in memory, so an empty one has most likely just restarted: it
 * replaces a list that isn't empty only after it has been empty for `expiryMs` (0: never).
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
      return { ...snapshot, last: 'held', emptySince: since }
    }
  }
  return { directory: Directory.of(droplets), synced: now, last: 'ok', emptySince: null }
}

// Into a Registry that came back empty we register ourselves first of all. That list of one is
// no better than the empty one it was a moment ago.
function isStillEmpty(droplets: readonly Droplet[], { directory, emptySince }: Snapshot): boolean {
  if (droplets.length === 0) return true
  return emptySince !== null && onlySelf(droplets) && !onlySelf(directory.droplets)
}

function onlySelf(droplets: readonly Droplet[]): boolean {
  return droplets.every((droplet) => nameKey(droplet.name) === SERVICE)
}

/** ms since the last successful sync, also that of an earlier run; null without a list. */
export function ageMs({ synced }: Snapshot, monotonic: number): number | null {
  return synced && monotonic - synced.monotonic
}

export function cacheStatus(snapshot: Snapshot, monotonic: number, expiryMs: number): CacheStatus {
  if (snapshot.last === 'ok') return 'active'
  const age = ageMs(snapshot, monotonic)
  if (age === null) return 'unavailable'
  // Held: the Registry is there and about to fill up; the kept list bridges that, however old.
  if (snapshot.last === 'held') return 'stale'
  return expiryMs === 0 || age < expiryMs ? 'stale' : 'unavailable'
}
