/** What is known of the mesh at one moment, and how each sync changes it. Pure functions. */
import { Directory } from '../droplets/directory.ts'
import type { Work } from '../platform/turns.ts'
import type { Registration } from './droplet-list.ts'
import { hasRestarted, ownAfter, type KnownEntry } from './restart.ts'
import {
  isOver,
  NONE,
  refill,
  withoutExpired,
  type KnownMesh,
  type UnlistedChange,
} from './unlisted.ts'

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

export interface NextSnapshot {
  readonly snapshot: Snapshot
  /** What has changed about the unlisted droplets since the snapshot before. */
  readonly change: UnlistedChange
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

export function* afterFailure(
  snapshot: Snapshot,
  now: Moment,
  expiryMs: number,
): Work<NextSnapshot> {
  const { mesh, change } = yield* withoutExpired(snapshot, expiredAt(now, expiryMs))
  return { snapshot: { ...snapshot, ...mesh, last: 'failed' }, change }
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
): Work<NextSnapshot> {
  const isExpired = expiredAt(now, rules.expiryMs)
  const own = ownAfter(snapshot.own, list, now.monotonic)
  const since = snapshot.emptySince ?? now.monotonic
  if (list.directory.size === 0 && !isExpired(since)) {
    const { mesh, change } = yield* withoutExpired(snapshot, isExpired)
    if (mesh.directory.size > 0) {
      const next = { ...snapshot, ...mesh, last: 'empty', emptySince: since, own } as const
      return { snapshot: next, change }
    }
  }
  const missingSince = hasRestarted(snapshot, list, rules) ? since : null
  const { mesh, change } = yield* refill(snapshot, list.directory, missingSince, isExpired)
  return { snapshot: { ...mesh, synced: now, last: 'ok', emptySince: null, own }, change }
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
