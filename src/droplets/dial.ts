/** Every request to a droplet or to the Registry goes through here, whatever it is for. */
import { codeOf } from '../errors.ts'
import type { Clock, Fetch, FetchInit, Resolve } from '../ports.ts'
import type { AllowList, Host } from './allow-list.ts'
import { CallRefused } from './call-refused.ts'
import { NamedHost } from './named-host.ts'

export interface DialPorts {
  clock: Clock
  fetch: Fetch
  resolve: Resolve
}

/** More are forgotten all together, and looked at again. */
const MAX_ORIGINS = 10_000

/** The connection was never made: nothing was sent. */
const NO_CONNECTION: ReadonlySet<unknown> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
])

type Destination = Exclude<Host, { kind: 'name' }> | NamedHost

/**
 * A fetch that goes only where the list allows. The host in the URL is checked, and if it is a
 * name, each of its addresses; one that was checked is then dialled, so that a name service that
 * says something else the next time changes nothing. Rejects with CallRefused, and as `fetch` and
 * `resolve` do.
 */
export function dialOnly(allowList: AllowList, ports: DialPorts): Fetch {
  const { fetch } = ports
  const known = new Map<string, Destination>()

  function look(origin: string): Destination {
    if (known.size >= MAX_ORIGINS) known.clear()
    const destination = destinationOf(allowList.host(origin), allowList, ports)
    known.set(origin, destination)
    return destination
  }

  return (url, init) => {
    const origin = originOf(url)
    const destination = known.get(origin) ?? look(origin)
    if (destination instanceof NamedHost) return dialByName(destination, url, init, fetch)
    return destination.kind === 'address'
      ? fetch(url, init)
      : Promise.reject(new CallRefused(destination.reason))
  }
}

/** Up to where the path begins. To parse the URL would take 1 µs for each request. */
function originOf(url: string): string {
  const end = url.indexOf('/', 'https://'.length)
  return end < 0 ? url : url.slice(0, end)
}

function destinationOf(host: Host, allowList: AllowList, ports: DialPorts): Destination {
  if (host.kind !== 'name') return host
  const { name, isListed } = host
  const addressFault = (address: string) => allowList.addressFault(address, isListed)
  return new NamedHost(name, { ...ports, addressFault })
}

/** Only a connection that could not be made is tried at the next address: nothing goes out twice. */
async function dialByName(
  host: NamedHost,
  url: string,
  init: FetchInit,
  fetch: Fetch,
): Promise<Response> {
  const addresses = await host.addresses()
  for (const [index, address] of addresses.entries()) {
    try {
      return await fetch(url, { ...init, address })
    } catch (error) {
      host.failed(address)
      const isLast = index === addresses.length - 1
      if (isLast || !NO_CONNECTION.has(codeOf(error))) throw error
    }
  }
  throw new Error('there is no address')
}
