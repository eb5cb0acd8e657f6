/** Where a submitted task goes: its droplet, or an error that says why there is none. */
import { mayUse, visibleTo, type Caller } from '../access/caller.ts'
import { dropletRefused } from '../access/refusals.ts'
import type { Droplet } from '../droplets/droplet.ts'
import type { OrchestratorError } from '../errors.ts'
import type { LookUp, Registry } from '../registry/registry.ts'
import { registryError, shuttingDown, unknownDroplet } from './task-errors.ts'

export type DropletSource = Pick<Registry, 'find' | 'lookUp' | 'firstNames' | 'errorDetails'>

/**
 * Most are listed; then there is nothing to wait for. Asks the Registry once more for a name that
 * is not. A droplet that the caller may not see is not there for it. Throws, or rejects with,
 * DROPLET_NOT_FOUND or FORBIDDEN, REGISTRY_ERROR and SHUTTING_DOWN.
 */
export function findDroplet(
  registry: DropletSource,
  caller: Caller,
  name: string,
): Droplet | Promise<Droplet> {
  const known = registry.find(name)
  if (known && mayUse(caller, known.name)) return known
  return lookUp(registry, caller, name, known)
}

async function lookUp(
  registry: DropletSource,
  caller: Caller,
  name: string,
  known: Droplet | undefined,
): Promise<Droplet> {
  const found: LookUp = known ? { kind: 'found', droplet: known } : await registry.lookUp(name)
  if (found.kind === 'stopping') throw shuttingDown()
  if (found.kind === 'no list') throw registryError(registry)
  if (found.kind === 'found' && mayUse(caller, found.droplet.name)) return found.droplet
  throw await dropletNotFound(registry, caller, name)
}

/** FORBIDDEN for a caller with droplets of its own, which cannot tell a hidden one from none. */
export async function dropletNotFound(
  registry: DropletSource,
  caller: Caller,
  name: string,
): Promise<OrchestratorError> {
  const available = await registry.firstNames(visibleTo(caller))
  const refuse = caller.droplets === null ? unknownDroplet : dropletRefused
  return refuse(name, available)
}
