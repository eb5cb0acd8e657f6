/** From which address a request comes, and which addresses are one client. */
import type ipaddr from 'ipaddr.js'
import { addressOf, holds, networkOf, type Address, type Network } from '../droplets/addresses.ts'

/** Settings of the kind `networks`: each an address, or a network with the length of its prefix. */
export function parseNetworks(texts: readonly string[]): readonly Network[] {
  return texts.map(networkOf).filter((network) => network !== null)
}

/**
 * The key of a client. `peer`: the other end of its connection, null when there is none;
 * `forwardedFor`: X-Forwarded-For, with what each proxy saw, the nearest last. Each entry is
 * believed as long as all after it, and the peer, are trusted: what is left of them may be made up.
 * A proxy that tells nothing that we understand counts as the client itself.
 */
export function clientKey(
  peer: string | null,
  forwardedFor: string | null,
  trusted: readonly Network[],
): string {
  let address = peer === null ? null : parseAddress(peer)
  let rest = forwardedFor
  while (address !== null && rest !== null && isIn(address, trusted)) {
    const comma = rest.lastIndexOf(',')
    const next = parseAddress(rest.slice(comma + 1).trim())
    if (next === null) break
    address = next
    rest = comma < 0 ? null : rest.slice(0, comma)
  }
  return address === null ? 'unknown' : keyOf(address)
}

/** Whoever has one IPv6 address has all those of its /64. */
function keyOf(address: Address): string {
  if (address.kind() === 'ipv4') return address.toString()
  const groups = (address as ipaddr.IPv6).parts.slice(0, 4)
  return `${groups.map((group) => group.toString(16)).join(':')}::/64`
}

// An address, one with a port, or one in brackets with or without.
const WITH_PORT = /^(\d+\.\d+\.\d+\.\d+)(?::\d{1,5})?$|^\[([\da-f:.]+)\](?::\d{1,5})?$/i
const MAX_LENGTH = 60

/** null: the text is no address. */
function parseAddress(text: string): Address | null {
  if (text.length > MAX_LENGTH) return null
  const [, v4, v6] = WITH_PORT.exec(text) ?? []
  return addressOf(v4 ?? v6 ?? text)
}

function isIn(address: Address, networks: readonly Network[]): boolean {
  return networks.some((network) => holds(network, address))
}
