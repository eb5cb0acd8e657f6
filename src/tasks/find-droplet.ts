/** Where a submitted task goes: its droplet, or an error that says why there is none. */
import type { Droplet } from '../droplets/droplet.ts'
import { OrchestratorError } from '../errors.ts'
import type { LookUp, Registry } from '../registry/registry.ts'

export type DropletSource = Pick<Registry, 'find' | 'lookUp' | 'directory'>

/** How many names DROPLET_NOT_FOUND tells at most. */
const MAX_NAMES = 100

/**
 * Asks the Registry once more for a name that is not listed. `visible`: whether the caller may
 * know of a droplet; to it, the others are not there. Throws DROPLET_NOT_FOUND and
 * REGISTRY_ERROR.
 */
export async function findDroplet(
  registry: DropletSource,
  name: string,
  visible: (name: string) => boolean,
): Promise<Droplet> {
  const known = registry.find(name)
  const found: LookUp = known ? { kind: 'found', droplet: known } : await registry.lookUp(name)
  if (found.kind === 'no list') throw registryError(found.lastError)
  if (found.kind === 'found' && visible(found.droplet.name)) return found.droplet
  throw dropletNotFound(registry, name, visible)
}

export function dropletNotFound(
  registry: DropletSource,
  name: string,
  visible: (name: string) => boolean,
): OrchestratorError {
  const names = registry.directory().names().filter(visible)
  return new OrchestratorError('DROPLET_NOT_FOUND', `Droplet '${name}' is not in the Registry`, {
    requested_droplet: name,
    available_droplets: names.slice(0, MAX_NAMES),
  })
}

function registryError(lastError: string): OrchestratorError {
  return new OrchestratorError(
    'REGISTRY_ERROR',
    'The Registry cannot be reached and there is no usable list of droplets',
    { last_error: lastError },
  )
}
