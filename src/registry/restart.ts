/**
 * A Registry keeps its list in memory. These are the signs that it has restarted and lost it.
 * Pure functions.
 */
import type { Registration } from './droplet-list.ts'
import type { ListedMesh, Snapshot, SyncRules } from './snapshot.ts'

/** Our own entry, as the Registry last told of it. */
export interface KnownEntry extends Registration {
  /** When it told; monotonic, ms. */
  readonly knownSince: number
}

/** Whether the Registry has lost its list since the snapshot, and now begins to fill up again. */
export function hasRestarted(snapshot: Snapshot, list: ListedMesh, rules: SyncRules): boolean {
  if (!rules.forgets || list.directory.size === 0) return false
  if (snapshot.emptySince !== null) return true
  const { own } = snapshot
  if (!rules.registersSelf || own === null) return false
  if (list.own === null) return isOlderThan(own, list)
  return isAnother(list.own.id, own.id) || isAnother(list.own.registeredAt, own.registeredAt)
}

/** Our own entry after a list has come; null: the Registry doesn't list us. */
export function ownAfter(own: KnownEntry | null, list: ListedMesh, now: number): KnownEntry | null {
  if (list.own) {
    const { id, registeredAt } = list.own
    return { id, registeredAt, knownSince: now }
  }
  return own && !isOlderThan(own, list) ? own : null
}

// A list that was already on its way when we registered cannot have us.
function isOlderThan(own: KnownEntry, { startedAt }: ListedMesh): boolean {
  return own.knownSince <= startedAt
}

/** Not every Registry tells both: what it doesn't tell says nothing. */
function isAnother(one: string | number | null, other: string | number | null): boolean {
  return one !== null && other !== null && String(one) !== String(other)
}
