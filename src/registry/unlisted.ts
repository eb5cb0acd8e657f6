/**
 * Droplets that a Registry lost when it restarted: they stay until they register again, or until
 * they have been missing for REGISTRY_CACHE_EXPIRY. Pure functions.
 */
import { Directory } from '../droplets/directory.ts'
import { nameKey, type Droplet } from '../droplets/droplet.ts'
import { SLICE, type Work } from '../platform/turns.ts'

export interface KnownMesh {
  readonly directory: Directory
  /** By `nameKey`: since when a droplet has been missing in the Registry, monotonic, ms. */
  readonly unlisted: ReadonlyMap<string, number>
}

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
): Work<KnownMesh> {
  if (missingSince === null && before.unlisted.size === 0)
    return { directory: listed, unlisted: NONE }
  const kept: Droplet[] = []
  const unlisted = new Map<string, number>()
  for (const [index, droplet] of before.directory.droplets.entries()) {
    if ((index + 1) % SLICE === 0) yield
    const key = nameKey(droplet.name)
    const since = before.unlisted.get(key) ?? missingSince
    if (since === null || isExpired(since) || listed.find(key)) continue
    kept.push(asUnlisted(droplet))
    unlisted.set(key, since)
  }
  if (kept.length === 0) return { directory: listed, unlisted: NONE }
  return { directory: yield* Directory.build([...listed.droplets, ...kept]), unlisted }
}

/** The mesh without the unlisted droplets whose time is over. */
export function* withoutExpired(
  mesh: KnownMesh,
  isExpired: (since: number) => boolean,
): Work<KnownMesh> {
  const { directory, unlisted } = mesh
  if (!unlisted.values().some(isExpired)) return { directory, unlisted }
  const kept = new Map(unlisted.entries().filter(([, since]) => !isExpired(since)))
  const droplets = directory.droplets.filter(({ name }) => {
    const key = nameKey(name)
    return !unlisted.has(key) || kept.has(key)
  })
  return { directory: yield* Directory.build(droplets), unlisted: kept }
}

/** One that was not routed to before, isn't now: its own status says why. */
export function asUnlisted(droplet: Droplet): Droplet {
  if (droplet.status !== 'active') return droplet
  return Object.freeze({ ...droplet, status: 'unlisted' })
}
