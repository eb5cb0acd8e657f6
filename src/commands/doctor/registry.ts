import { isIP } from 'node:net'
import type { Config } from '../../config/config.ts'
import { within } from '../../platform/time-limit.ts'
import type { ParsedList } from '../../registry/droplet-list.ts'
import { isFile } from '../../registry/list-reader.ts'
import { withoutBrackets, withoutTrailingSlashes } from '../../config/urls.ts'
import { counted } from '../terminal/texts.ts'
import { LIMIT_WITH_REGISTRY_MS, type Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import type { OwnService } from './own-service.ts'
import type { DoctorWorld } from './world.ts'

export const REGISTRY: Check = {
  name: 'registry',
  group: 'mesh',
  limitMs: LIMIT_WITH_REGISTRY_MS,
  run: lookAtRegistry,
}

async function lookAtRegistry(world: DoctorWorld): Promise<Finding[]> {
  const unknown = await lookUpRegistry(world)
  if (unknown) return [unknown]
  const { url } = world.config.registry
  const { read } = await world.registry()
  if (!read.ok) return [failure(`${url}: ${read.error}`, adviceFor(url))]
  const { droplets, skipped } = read.list
  const listed = `${url} lists ${counted(droplets.length, 'droplet')}`
  const own = ownEntryFindings(world.config, read.list, await world.ownService())
  const empty = droplets.length === 0 && 'no task has anywhere to go: let the droplets register'
  return [
    empty ? warning(listed, empty) : ok(listed),
    ...(skipped > 0 ? [skippedFinding(read.list)] : []),
    ...own,
  ]
}

/**
 * As far as `serve` depends on it at its start: null where the host has an address, and where a file
 * can be read and is a list.
 */
export async function lookUpRegistry(
  world: Pick<DoctorWorld, 'config' | 'clock' | 'resolve' | 'registry' | 'stop'>,
): Promise<Finding | null> {
  const { url, timeoutMs } = world.config.registry
  if (isFile(url)) {
    const { read } = await world.registry()
    return read.ok ? null : failure(`${url}: ${read.error}`, adviceFor(url))
  }
  const host = withoutBrackets(new URL(url).hostname)
  if (isIP(host) !== 0) return null
  const found = await within(world.clock, timeoutMs, world.stop, () => world.resolve(host))
  return found.ok
    ? null
    : failure(`${url}: ${found.error}`, 'mend the name service or REGISTRY_URL')
}

function adviceFor(url: string): string {
  return isFile(url)
    ? 'the file must be there, readable, and have {"droplets":[{"name":…,"url":…}]}'
    : `is REGISTRY_URL right, and does it answer? curl ${url}/droplets`
}

function skippedFinding({ skipped, firstReason }: ParsedList): Finding {
  const entries = skipped === 1 ? '1 entry' : `${skipped} entries`
  const found = `${entries} of its list cannot be used (${firstReason})`
  return warning(found, 'mend that in the Registry: they are no droplets for us')
}

/** Only while the service runs: it registers when it starts. */
function ownEntryFindings(
  { publicUrl, registry }: Config,
  { own }: ParsedList,
  service: OwnService,
): Finding[] {
  if (!registry.registerSelf || isFile(registry.url) || service.kind !== 'running') return []
  const log = 'see what the log says of registering'
  if (!own) return [warning('the service is not in its list', log)]
  const expected = publicUrl ?? localUrl(service.url)
  if (own.url === withoutTrailingSlashes(expected)) return [ok(`we are in it, at ${own.url}`)]
  return [warning(`it lists us at ${own.url}, not at ${expected}`, log)]
}

/** As it registers without PUBLIC_URL. */
function localUrl(url: string): string {
  const { protocol, port } = new URL(url)
  return `${protocol}//localhost:${port}`
}
