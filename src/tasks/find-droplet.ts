/** Where a submitted task goes: its droplet, or an error that says why there is none. */
import { mayUse, visibleTo, type Caller } from '../access/caller.ts'
import type { Droplet } from '../droplets/droplet.ts'
import type { OrchestratorError } from '../errors.ts'
import type { LookUp, Registry } from '../registry/registry.ts'
import { registryError, shuttingDown, unknownDroplet } from './task-errors.ts'

export type DropletSource = Pick<Registry, 'find' | 'lookUp' | 'firstNames' | 'errorDetails'>

/** The droplet, if it is listed and the caller may see it. */
export function listedDroplet(
  registry: Pick<DropletSource, 'find'>,
  caller: Caller,
  name: string,
): Droplet | undefined {
  const droplet = registry.find(name)
  return droplet && mayUse(caller, droplet.name) ? droplet : undefined
}

/**
 * Asks the Registry once more for a name that is not listed. A droplet that the caller may not
 * see is not there for it. Throws DROPLET_NOT_FOUND, REGISTRY_ERROR and SHUTTING_DOWN.
 */
export async function findDroplet(
  registry: DropletSource,
  caller: Caller,
  name: string,
): Promise<Droplet> {
  const known = registry.find(name)
  const found: LookUp = known ? { kind: 'found', droplet: known } : await registry.lookUp(name)
  if (found.kind === 'stopping') throw shuttingDown()
  if (found.kind === 'no list') throw registryError(registry)
  const isVisible = visibleTo(caller)
  if (found.kind === 'found' && (isVisible?.(found.droplet.name) ?? true)) return found.droplet
  throw await dropletNotFound(registry, caller, name)
}

export async function dropletNotFound(
  registry: DropletSource,
  caller: Caller,
  name: string,
): Promise<OrchestratorError> {
  return unknownDroplet(name, await registry.firstNames(visibleTo(caller)))
}
