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
/** Certificates are renewed some 30 days before their end: with so few left, that has failed. */
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
  const seen = await eachOf(asked, (droplet) => lookAtDroplet(world, droplet))
  const wrong = seen.map(({ finding }) => finding).filter((finding) => finding !== null)
  const well = asked.length - wrong.length
  const sum = `${well} of ${counted(asked.length, 'droplet')} answer, and nothing is wrong with them`
  const days = seen.map(({ daysLeft }) => daysLeft).filter((each) => each !== null)
  const left = routable.length - asked.length
  const inactive = others.length - routable.length
  return [
    ...wrong,
    ok(sum),
    ...(days.length > 0
      ? [ok(`their first certificate ends in ${daysText(Math.min(...days))}`)]
      : []),
    ...(left > 0 ? [ok(`${left} more were not asked: ${MAX_PROBED} are enough`)] : []),
    ...(inactive > 0 ? [ok(`${inactive} not asked, as the Registry has them as inactive`)] : []),
  ]
}

const daysText = (days: number) => counted(days, 'day')

interface Seen {
  /** null: nothing is wrong. */
  readonly finding: Finding | null
  /** Until its certificate ends; null: it shows none. */
  readonly daysLeft: number | null
}

async function lookAtDroplet(world: World, droplet: Droplet): Promise<Seen> {
  const { name, url } = droplet
  const about = (finding: Finding) => ({ finding, daysLeft: null })
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
  const daysLeft = address === null ? null : await daysOfCertificate(world, url, address)
  if (daysLeft === null || daysLeft >= FEW_DAYS) return { finding: null, daysLeft }
  const found = `${name}: its certificate ends in ${daysText(daysLeft)}`
  return { finding: warning(found, 'renew it'), daysLeft }
}

/** That it is valid, the probe has shown. `address`: one that may be dialled. */
async function daysOfCertificate(
  { clock, stop }: World,
  url: string,
  address: string,
): Promise<number | null> {
  const { protocol, hostname, port } = new URL(url)
  if (protocol !== 'https:') return null
  const server = { address, port: Number(port || 443), name: withoutBrackets(hostname) }
  const end = await within(clock, HANDSHAKE_LIMIT_MS, stop, (signal) =>
    certificateEnd(server, signal),
  )
  return end.ok ? Math.floor((end.value - clock.now()) / DAY_MS) : null
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
