import type { Droplet } from '../droplets/droplet.ts'
import { OrchestratorError } from '../errors.ts'
import type { LookUp } from '../registry/registry.ts'

/** How many known names the error for an unknown one lists. */
const MAX_NAMES = 100

/**
 * The droplet with this name, in any case; may ask the Registry again. Throws DROPLET_NOT_FOUND,
 * or REGISTRY_ERROR when there is no usable list.
 */
export async function findDroplet(
  registry: { lookUp(name: string): Promise<LookUp> },
  name: string,
): Promise<Droplet> {
  const result = await registry.lookUp(name)
  if (result.kind === 'found') return result.droplet
  throw result.kind === 'not listed'
    ? dropletNotFound(name, result.names)
    : registryError(result.lastError)
}

function dropletNotFound(name: string, names: readonly string[]): OrchestratorError {
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
