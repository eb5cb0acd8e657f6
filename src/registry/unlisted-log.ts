import { nameKey } from '../droplets/droplet.ts'
import type { Log } from '../ports.ts'
import { SERVICE } from '../version.ts'
import type { KnownMesh } from './unlisted.ts'

/** Says when droplets become unlisted, and when some of them are dropped. */
export function tellUnlisted(log: Log, before: KnownMesh, next: KnownMesh): void {
  const added = others(next).filter((key) => !before.unlisted.has(key)).length
  if (added > 0) {
    log.warning('The Registry has restarted: droplets that it has lost are kept for now', {
      unlisted: added,
    })
  }
  const dropped = others(before).filter((key) => !next.directory.find(key)).length
  if (dropped > 0) {
    log.warning('Droplets that the Registry lost did not register again: dropped', { dropped })
  }
}

/** We are about to register again. */
function others({ unlisted }: KnownMesh): string[] {
  return [...unlisted.keys()].filter((key) => key !== nameKey(SERVICE))
}
