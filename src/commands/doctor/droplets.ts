import { withoutBrackets } from '../../config/urls.ts'
import { isRoutable, nameKey, type Droplet } from '../../droplets/droplet.ts'
import { probe } from '../../droplets/probe.ts'
import { certificateEnd } from '../../platform/peer-certificate.ts'
import { within } from '../../platform/time-limit.ts'
import { SERVICE } from '../../version.ts'
import { counted } from '../terminal/texts.ts'
import { LIMIT_WITH_REGISTRY_MS, type Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

const MAX_PROBED = 200
const AT_ONCE = 32
const HANDSHAKE_LIMIT_MS = 2000
const DAY_MS = 24 * 3600 * 1000
/** Who renews by himself has done so 30 days before, or it does not work. */
const FEW_DAYS = 14

export const DROPLETS: Check = {
  name: 'droplets',
  group: 'mesh',
  limitMs: LIMIT_WITH_REGISTRY_MS + 60_000,
  run: lookAtDroplets,
}

type World = Pick<DoctorWorld, 'allowList' | 'clock' | 'dial' | 'registry' | 'stop'>

async function lookAtDroplets(world: World): Promise<Finding[]> {
  const { read } = await world.registry()
  if (!read.ok) return [warning('not known without the list', 'see registry')]
  // What is asked there is for the check of the service.
  const others = read.list.droplets.filter(({ name }) => nameKey(name) !== SERVICE)
  const routable = others.filter(isRoutable)
  const asked = routable.slice(0, MAX_PROBED)
  const findings = (await eachOf(asked, (droplet) => lookAtDroplet(world, droplet))).flat()
  const well = asked.length - new Set(findings.map(({ droplet }) => droplet)).size
  const sum = `${well} of ${counted(asked.length, 'droplet')} answer, and nothing is wrong with them`
  const left = routable.length - asked.length
  const inactive = others.length - routable.length
  return [
    ...findings.map(({ finding }) => finding),
    ok(sum),
    ...(left > 0 ? [ok(`${left} more were not asked: ${MAX_PROBED} are enough`)] : []),
    ...(inactive > 0 ? [ok(`${inactive} not asked, as the Registry has them as inactive`)] : []),
  ]
}

interface OfDroplet {
  readonly droplet: Droplet
  readonly finding: Finding
}

/** Nothing where all is well. */
async function lookAtDroplet(world: World, droplet: Droplet): Promise<OfDroplet[]> {
  const { name, url } = droplet
  const about = (finding: Finding) => [{ droplet, finding }]
  const host = world.allowList.host(url)
  if (host.kind === 'refused') {
    return about(
      warning(`${name}: ${host.reason}`, 'name it in DROPLET_ALLOW, if it is to be called'),
    )
  }
  let address: string | null = null
  const fetch = world.dial((dialled) => (address = dialled))
  const { status, error } = await probe(url, { clock: world.clock, fetch, stop: world.stop })
  if (status === null) {
    return about(failure(`${name}: ${url}: ${error}`, 'is it running, and reached from here?'))
  }
  if (status >= 500) {
    return about(warning(`${name}: ${url}/health answers ${status}`, 'see its own log'))
  }
  const fewDays = address === null ? null : await lookAtCertificate(world, droplet, address)
  return fewDays ? about(fewDays) : []
}

/** That it is valid, the probe has shown. `address`: one that may be dialled. */
async function lookAtCertificate(
  { clock, stop }: World,
  { name, url }: Droplet,
  address: string,
): Promise<Finding | null> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'https:') return null
  const server = { address, port: Number(port || 443), name: withoutBrackets(hostname) }
  const end = await within(clock, HANDSHAKE_LIMIT_MS, stop, (signal) =>
    certificateEnd(server, signal),
  )
  if (!end.ok) return null
  const days = Math.floor((end.value - clock.now()) / DAY_MS)
  if (days >= FEW_DAYS) return null
  return warning(`${name}: its certificate ends in ${counted(days, 'day')}`, 'renew it')
}

/** So many at once. */
async function eachOf<T, R>(items: readonly T[], work: (item: T) => Promise<R>): Promise<R[]> {
  const results: R[] = []
  const next = items.entries()
  const worker = async () => {
    for (const [at, item] of next) results[at] = await work(item)
  }
  await Promise.all(Array.from({ length: AT_ONCE }, worker))
  return results
}
