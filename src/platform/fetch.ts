import type { Fetch } from '../ports.ts'

// When a reused connection turns out to be dead, fetch sends these methods again by itself:
// a request that nobody counts. So they get a new connection each time. That would cost
// POST and PATCH, too, 45 % of the throughput (measured on a bare relay); fetch never repeats
// those two, and they keep their connections.
const REPEATED_BY_FETCH = new Set(['GET', 'HEAD', 'PUT', 'DELETE', 'OPTIONS', 'TRACE'])

/** The real fetch. Rejects as Bun's fetch does. */
export const systemFetch: Fetch = (url, init) => {
  const options = {
    ...init,
    keepalive: !REPEATED_BY_FETCH.has(init.method),
    // A 3xx is the answer of whom we asked.
    redirect: 'manual',
    // Without this, fetch reads HTTP_PROXY and the like at every call.
    proxy: false,
  }
  return fetch(url, options as RequestInit)
}
