/** The kinds of settings that are lists: their items are separated by commas, or by white space. */
import ipaddr from 'ipaddr.js'
import { host, type Kind } from './kinds.ts'
import { maskUrl } from './urls.ts'

function listOf(item: Kind<string>): Kind<readonly string[]> {
  return {
    allowed: `empty, or a list, separated by commas, of ${item.allowed}`,
    parse(text, cwd) {
      const parsed = itemsOf(text).map((each) => item.parse(each, cwd))
      return parsed.every((each) => each !== undefined) ? parsed : undefined
    },
    reason(text) {
      const wrong = itemsOf(text).find((each) => item.parse(each) === undefined)
      const shown = JSON.stringify(maskUrl(wrong ?? '').slice(0, 100))
      return wrong === undefined ? null : `${shown} is not one`
    },
    // Each by itself: of `https://user:password@a,b` only what is before the @ is hidden.
    mask: (text) => text.replace(/[^\s,]+/g, maskUrl),
  }
}

const itemsOf = (text: string): string[] => text.split(/[\s,]+/).filter(Boolean)

/** As browsers send it: RFC 6454, section 6.2. (A URL parser would take a * for part of a name.) */
const origin: Kind<string> = {
  allowed: 'origins such as https://app.example:8443, without a path',
  parse(text) {
    const url = URL.parse(text)
    if (!url || !/^https?:$/.test(url.protocol)) return undefined
    const isBare =
      url.pathname === '/' && url.search + url.hash + url.username + url.password === ''
    // The parser drops an empty path, query or fragment: only the text shows it.
    return isBare && !/\*|[/?#@]$/.test(text.slice('https://'.length)) ? url.origin : undefined
  },
}

/** A single address is the network of itself. */
const network: Kind<string> = {
  allowed: 'addresses and networks such as 10.0.0.0/8 or fd00::/8',
  parse: (text) => (isNetwork(text) ? text : undefined),
}

function isNetwork(text: string): boolean {
  return text.includes('/')
    ? ipaddr.IPv4.isValidCIDRFourPartDecimal(text) || ipaddr.IPv6.isValidCIDR(text)
    : ipaddr.IPv4.isValidFourPartDecimal(text) || ipaddr.IPv6.isValid(text)
}

const SUFFIX = /^\*\.(?=.)/

const destination: Kind<string> = {
  allowed: 'host names, *.suffix, addresses and networks such as 10.0.0.0/8',
  parse(text) {
    if (isNetwork(text)) return text
    const name = text.replace(SUFFIX, '').toLowerCase()
    // As a name, 0xa9fea9fe would never be met: in a URL it is an address.
    const isName = host.parse(name) !== undefined && URL.parse(`http://${name}`)?.hostname === name
    return isName ? text.toLowerCase() : undefined
  },
}

export const origins = listOf(origin)
export const networks = listOf(network)
export const destinations = listOf(destination)
