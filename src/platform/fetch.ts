import type { Fetch, FetchInit } from '../ports.ts'

/**
 * The real fetch. Rejects as Bun's fetch does.
 *
 * Connections are pooled for every method. One that turns out dead before an answer began is
 * replaced by fetch itself, and the request goes out once more, where that is harmless: for the
 * idempotent methods (RFC 9110, section 9.2.2). POST and PATCH it never repeats. A connection of
 * its own for each request would avoid that, at 33 µs of CPU a request.
 */
export const systemFetch: Fetch = (url, init) => {
  const { address } = init
  return address === undefined ? send(url, init) : sendTo(address, url, init)
}

const ORIGIN = /^(https?:)\/\/([^/?#:]+)(:\d+)?/

/**
 * fetch has no option for the address: `lookup` it ignores, and a look-up of its own could find
 * another one than was checked. The pool is kept by address and port, and by name for https.
 */
function sendTo(address: string, url: string, init: FetchInit): Promise<Response> {
  const [origin, scheme, name, port = ''] = ORIGIN.exec(url)!
  const host = address.includes(':') ? `[${address}]` : address
  const target = `${scheme}//${host}${port}${url.slice(origin.length)}`
  const headers = { ...init.headers, host: name + port }
  if (scheme === 'http:') return send(target, { ...init, headers })
  // Names in certificates have no dot at their end.
  return send(target, { ...init, headers, tls: { serverName: name!.replace(/\.$/, '') } })
}

/**
 * A request to the service on this machine, for `orchestrator health`. Its certificate is for the
 * name that others use, and may be self-signed; nothing secret is sent, and all that is believed
 * is that somebody answers on our own port. So the certificate is not checked.
 */
export const ownFetch: Fetch = (url, init) =>
  send(url, { ...init, tls: { rejectUnauthorized: false } })

interface TlsInit extends FetchInit {
  tls?: { serverName: string } | { rejectUnauthorized: boolean }
}

function send(url: string, init: TlsInit): Promise<Response> {
  const options = {
    ...init,
    // It would decompress without a limit, on the thread that all requests share.
    decompress: false,
    // A 3xx is the answer of whom we asked.
    redirect: 'manual',
    // Without this, fetch reads HTTP_PROXY and the like at every call.
    proxy: false,
  }
  return fetch(url, options as RequestInit)
}

/**
 * Starts what fetch needs, a thread with descriptors of its own. It would else start with the
 * first request, and end the process when there are no descriptors left then. Nothing is sent:
 * there is no such socket.
 */
export async function startHttpClient(): Promise<void> {
  await fetch('http://localhost/', { unix: '/dev/null/none' }).catch(() => {})
}
