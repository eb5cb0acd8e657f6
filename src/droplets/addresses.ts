/** IP addresses and networks, whatever form they come in. */
import { isIP } from 'node:net'
import ipaddr from 'ipaddr.js'

export type Address = ipaddr.IPv4 | ipaddr.IPv6

export interface Network {
  readonly address: Address
  /** Of its prefix. */
  readonly bits: number
}

/**
 * The address that is dialled: for an IPv4-mapped one (`::ffff:0:0/96`), that is IPv4. null: the
 * text is none. A zone (`%eth0`) is left out.
 */
export function addressOf(text: string): Address | null {
  return isIP(text) === 0 ? null : ipaddr.process(text.split('%', 1)[0]!)
}

/** `10.0.0.0/8`; an address alone is the network of itself. null: the text is neither. */
export function networkOf(text: string): Network | null {
  const [start = '', prefix] = text.split('/')
  const address = addressOf(start)
  if (address === null) return null
  const length = 8 * address.toByteArray().length
  if (prefix === undefined) return { address, bits: length }
  const isMapped = address.kind() === 'ipv4' && start.includes(':')
  return { address, bits: isMapped ? Math.max(0, Number(prefix) - 96) : Number(prefix) }
}

export function holds(network: Network, address: Address): boolean {
  return (
    address.kind() === network.address.kind() &&
    (address as ipaddr.IPv6).match(network.address as ipaddr.IPv6, network.bits)
  )
}

/** Whether it is the network or a part of it. */
export function isWithin(part: Network, network: Network): boolean {
  return part.bits >= network.bits && holds(network, part.address)
}

/** The bytes of an IPv6 address in which those of an IPv4 address are. */
type Places = readonly [number, number, number, number]

const LAST: Places = [12, 13, 14, 15]

/** Where gateways send a packet to an IPv4 address that they find in an IPv6 one. */
const EMBEDDED: readonly (readonly [string, ...Places[]])[] = [
  // IPv4-compatible and IPv4-translated: RFC 4291, section 2.5.5.1, and RFC 2765.
  ['::/96', LAST],
  ['::ffff:0:0:0/96', LAST],
  // NAT64: RFC 6052. Of RFC 8215's prefix each network chooses the length itself.
  ['64:ff9b::/96', LAST],
  ['64:ff9b:1::/48', [6, 7, 9, 10], [7, 9, 10, 11], [9, 10, 11, 12], LAST],
  // 6to4: RFC 3056.
  ['2002::/16', [2, 3, 4, 5]],
]

const GATEWAYS = EMBEDDED.map(([text, ...places]) => ({ network: networkOf(text)!, places }))

/** The IPv4 addresses that the address may lead to. */
export function embeddedIn(address: Address): Address[] {
  if (address.kind() === 'ipv4') return []
  const bytes = address.toByteArray()
  return GATEWAYS.filter(({ network }) => holds(network, address)).flatMap(({ places }) =>
    places.map((place) => new ipaddr.IPv4(place.map((index) => bytes[index]!))),
  )
}
