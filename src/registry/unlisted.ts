/**
 * Droplets that a Registry lost when it restarted: they stay until they register again, or until
 * they have been missing for REGISTRY_CACHE_EXPIRY. Pure functions.
 */
import { Directory } from '../droplets/directory.ts'
import { nameKey, SLICE, type Droplet } from '../droplets/droplet.ts'
import type { Work } from '../platform/turns.ts'
import { SERVICE } from '../version.ts'

export interface KnownMesh {
  readonly directory: Directory
  /** By `nameKey`: since when a droplet has been missing in the Registry, monotonic, ms. */
  readonly unlisted: ReadonlyMap<string, number>
}

/**
 * What a sync did about unlisted droplets. Our own entry does not count: we register again at
 * once, and nobody has to look after that.
 */
export class UnlistedChange {
  /** How many have become unlisted. */
  added = 0
  /** How many were given up: they did not register again in time. */
  dropped = 0
  /** The names of the first few of those. */
  readonly firstDropped: string[] = []

  add({ name }: Droplet): void {
    if (nameKey(name) !== OWN_KEY) this.added++
  }

  drop({ name }: Droplet): void {
    if (nameKey(name) === OWN_KEY) return
    this.dropped++
    if (this.firstDropped.length < MAX_TOLD) this.firstDropped.push(name)
  }
}

export interface ChangedMesh {
  readonly mesh: KnownMesh
  readonly change: UnlistedChange
}

const OWN_KEY = nameKey(SERVICE)
const MAX_TOLD = 5

export const NONE: ReadonlyMap<string, number> = new Map()

/** `expiryMs` 0: it never is. */
export function isOver(since: number, now: number, expiryMs: number): boolean {
  return expiryMs > 0 && now - since >= expiryMs
}

/**
 * What the Registry lists now, and what it has lost. `missingSince`: when it restarted, so that
 * all that were there before are kept; null: it did not, and only those are kept that were
 * unlisted before.
 */
export function* refill(
  before: KnownMesh,
  listed: Directory,
  missingSince: number | null,
  isExpired: (since: number) => boolean,
): Work<ChangedMesh> {
  const change = new UnlistedChange()
  const asListed = { mesh: { directory: listed, unlisted: NONE }, change }
  if (missingSince === null && before.unlisted.size === 0) return asListed
  const kept: Droplet[] = []
  const unlisted = new Map<string, number>()
  for (const [index, droplet] of before.directory.droplets.entries()) {
    if ((index + 1) % SLICE === 0) yield
    const key = nameKey(droplet.name)
    const wasSince = before.unlisted.get(key)
    const since = wasSince ?? missingSince
    if (since === null || listed.find(key)) continue
    if (isExpired(since)) {
      if (wasSince !== undefined) change.drop(droplet)
      continue
    }
    kept.push(asUnlisted(droplet))
    unlisted.set(key, since)
    if (wasSince === undefined) change.add(droplet)
  }
  if (kept.length === 0) return asListed
  const directory = yield* Directory.build([...listed.droplets, ...kept])
  return { mesh: { directory, unlisted }, change }
}

/** The mesh without the unlisted droplets whose time is over. */
export function* withoutExpired(
  mesh: KnownMesh,
  isExpired: (since: number) => boolean,
): Work<ChangedMesh> {
  const change = new UnlistedChange()
  if (mesh.unlisted.size === 0) return { mesh, change }
  const left: Droplet[] = []
  const unlisted = new Map<string, number>()
  for (const [index, droplet] of mesh.directory.droplets.entries()) {
    if ((index + 1) % SLICE === 0) yield
    const key = nameKey(droplet.name)
    const since = mesh.unlisted.get(key)
    if (since !== undefined && isExpired(since)) {
      change.drop(droplet)
      continue
    }
    left.push(droplet)
    if (since !== undefined) unlisted.set(key, since)
  }
  if (left.length === mesh.directory.size) return { mesh, change }
  return { mesh: { directory: yield* Directory.build(left), unlisted }, change }
}

/** One that was not routed to before, isn't now: its own status says why. */
export function asUnlisted(droplet: Droplet): Droplet {
  if (droplet.status !== 'active') return droplet
  return Object.freeze({ ...droplet, status: 'unlisted' })
}
