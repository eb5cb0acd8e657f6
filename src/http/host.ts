/** The `Host` header: one that is not a host is refused. No route depends on it. */
import { invalidRequest } from '../errors.ts'

const HTTP = /^https?:\/\//

// What RFC 3986 allows in a host and its port. A URL parser alone would let more pass, drop some of
// it, and take a part for something else.
const HOST_CHARACTERS = /^[\w.~!$&'()*+,;=%:[\]-]+$/

/**
 * A check that throws INVALID_REQUEST for a header that is not `host` or `host:port` (RFC 9110,
 * section 7.2). No header at all is HTTP/1.0's right.
 */
export function hostCheck(): (headers: Headers) => void {
  // Most requests name the one host that the service has.
  let accepted: string | null = null
  return (headers) => {
    const host = headers.get('host')
    if (host === accepted || host === null) return
    if (!isHost(host)) throw invalidRequest({ path: 'Host', message: 'is not a host' })
    accepted = host
  }
}

function isHost(text: string): boolean {
  return HOST_CHARACTERS.test(text) && URL.canParse(`http://${text}`)
}

/**
 * The path of `request.url`. Without a host that is only a path and a query, and then `new URL`
 * throws.
 */
export function pathOf(url: string): string {
  const host = HTTP.exec(url)?.[0].length
  const start = host === undefined ? 0 : url.indexOf('/', host)
  const query = url.indexOf('?', start)
  return url.slice(start, query < 0 ? undefined : query)
}
