/** Where the service may call: the rules of DROPLET_ALLOW, and what no rule needs to forbid. */
import { withoutBrackets } from '../config/urls.ts'
import {
  addressOf,
  embeddedIn,
  holds,
  isWithin,
  networkOf,
  type Address,
  type Network,
} from './addresses.ts'

/**
 * What hands out the credentials of a machine to whoever asks from it. Everything else may be
 * called: a mesh lives in private networks and on loopback. (`0.0.0.0` is loopback, too; with
 * multicast and broadcast addresses TCP makes no connection.)
 */
const FORBIDDEN = [
  ['169.254.0.0/16', 'link-local'],
  ['fe80::/10', 'link-local'],
  // AWS and Google over IPv6, Azure, Alibaba, Oracle, Scaleway. All others are link-local.
  ['fd00:ec2::/32', 'metadata'],
  ['fd20:ce::254', 'metadata'],
  ['168.63.129.16', 'metadata'],
  ['100.100.100.200', 'metadata'],
  ['192.0.0.192', 'metadata'],
  ['fd00:42::42', 'metadata'],
] as const

const ALWAYS_FORBIDDEN = FORBIDDEN.map(([text, what]) => ({ network: networkOf(text)!, what }))

export type Host =
  /** An address that may be dialled. */
  | { readonly kind: 'address' }
  /** A name; `isListed`: it may be called at every address that is not forbidden. */
  | { readonly kind: 'name'; readonly name: string; readonly isListed: boolean }
  /** `reason`: why nothing may be sent there; completes the sentence "it cannot be called: …". */
  | { readonly kind: 'refused'; readonly reason: string }

export class AllowList {
  /** False: whatever is not forbidden may be called. */
  readonly #isClosed: boolean
  /** Names, and the Registry's host, which may be an address. */
  readonly #hosts: ReadonlySet<string>
  readonly #suffixes: readonly string[]
  readonly #networks: readonly Network[]

  /**
   * `rules`: host names, `*.suffix`, addresses and networks; empty: no closed list. The Registry
   * needs no rule, unless its address is a forbidden one.
   */
  constructor(rules: readonly string[], registryUrl: string) {
    const networks = rules.map(networkOf)
    const names = rules.filter((_, index) => networks[index] === null).map(nameOf)
    this.#isClosed = rules.length > 0
    this.#networks = networks.filter((network) => network !== null)
    this.#suffixes = names.filter((name) => name.startsWith('*.')).map((name) => name.slice(1))
    this.#hosts = new Set([...names, hostOf(registryUrl)].filter(Boolean))
  }

  /** `url`: of a droplet or the Registry. The parser writes addresses of every form in one. */
  host(url: string): Host {
    const host = hostOf(url)
    const isListed = this.#lists(host)
    if (addressOf(host) === null) {
      return isListed || this.#networks.length > 0
        ? { kind: 'name', name: host, isListed }
        : { kind: 'refused', reason: `${host} is not in DROPLET_ALLOW` }
    }
    const fault = this.addressFault(host, isListed)
    return fault === null ? { kind: 'address' } : { kind: 'refused', reason: `${host} ${fault}` }
  }

  /**
   * Why the address may not be dialled; completes the sentence "<address> …". null: it may.
   * `isListed`: its host is in the list.
   */
  addressFault(text: string, isListed: boolean): string | null {
    const address = addressOf(text)
    if (address === null) return 'is no address'
    for (const one of [address, ...embeddedIn(address)]) {
      const what = this.#forbidden(one)
      if (what === null) continue
      const leads = one === address ? 'is' : `leads to ${one.toString()},`
      return `${leads} a ${what} address that DROPLET_ALLOW does not name`
    }
    const isAllowed = isListed || this.#networks.some((network) => holds(network, address))
    return isAllowed ? null : 'is not in DROPLET_ALLOW'
  }

  /**
   * A rule opens what is forbidden only if it is about nothing else: 0.0.0.0/0, or the 100.64.0.0/10
   * of a private mesh, does not name the metadata address in it.
   */
  #forbidden(address: Address): string | null {
    const found = ALWAYS_FORBIDDEN.find(({ network }) => holds(network, address))
    if (!found) return null
    const names = (rule: Network) => isWithin(rule, found.network) && holds(rule, address)
    return this.#networks.some(names) ? null : found.what
  }

  #lists(host: string): boolean {
    if (!this.#isClosed || this.#hosts.has(host)) return true
    return this.#suffixes.some((suffix) => host.endsWith(suffix))
  }
}

/** In lower case, without brackets and without the dot of an absolute name. */
function hostOf(url: string): string {
  return nameOf(withoutBrackets(URL.parse(url)?.hostname ?? ''))
}

function nameOf(host: string): string {
  return host.toLowerCase().replace(/\.$/, '')
}
