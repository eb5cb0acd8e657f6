/** What one run leaves to the next. Pure functions. */
import { Directory } from '../droplets/directory.ts'
import { nameKey, SLICE, type Droplet } from '../droplets/droplet.ts'
import type { Work } from '../platform/turns.ts'
import type { CachedList } from './disk-cache.ts'
import { unknownMesh, type Moment, type Snapshot } from './snapshot.ts'
import { asUnlisted } from './unlisted.ts'

/**
 * The list of an earlier run. From now on the monotonic clock counts its age: setting the wall
 * clock while we run makes no list older or younger.
 */
export function* fromCache(list: CachedList, now: Moment): Work<Snapshot> {
  const { wall, monotonic } = now
  const inOurTime = (time: number) => monotonic - Math.max(0, wall - time)
  const unlisted = new Map<string, number>()
  for (const [index, { name, since }] of list.unlisted?.entries() ?? []) {
    if ((index + 1) % SLICE === 0) yield
    unlisted.set(nameKey(name), inOurTime(since))
  }
  return {
    ...unknownMesh,
    directory: yield* Directory.build(yield* marked(list.droplets, unlisted)),
    unlisted,
    synced: { wall: Math.min(wall, list.syncedAt), monotonic: inOurTime(list.syncedAt) },
    own: list.own ? { ...list.own, knownSince: monotonic } : null,
  }
}

function* marked(
  droplets: readonly Droplet[],
  unlisted: ReadonlyMap<string, number>,
): Work<readonly Droplet[]> {
  if (unlisted.size === 0) return droplets
  const all: Droplet[] = []
  for (const droplet of droplets) {
    all.push(unlisted.has(nameKey(droplet.name)) ? asUnlisted(droplet) : droplet)
    if (all.length % SLICE === 0) yield
  }
  return all
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
