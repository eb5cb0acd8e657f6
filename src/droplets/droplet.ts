/** A service of the mesh, as the Registry lists it. */
export interface Droplet {
  readonly id: string | number | null
  readonly name: string
  /** http or https, without credentials, query, fragment or trailing slash. */
  readonly url: string
  readonly version: string | null
  /** `unlisted`: the Registry has restarted, and lists it no more or not yet. */
  readonly status: 'active' | 'inactive' | 'error' | 'unlisted'
  readonly steward: string | null
}

/** How many droplets a slice of a long work handles: a few ms at most. */
export const SLICE = 1000

/** Whether tasks may be sent to it. */
export function isRoutable({ status }: Droplet): boolean {
  return status === 'active' || status === 'unlisted'
}

/** For comparing names: their case makes no difference. */
export function nameKey(name: string): string {
  return name.toLowerCase()
}

/**
 * The address of a droplet, normalised: http or https, a base path perhaps, no trailing slash.
 * Credentials are refused because the address is shown by several routes and in the logs.
 */
export function dropletUrl(text: string): { url: string } | { fault: string } {
  const url = URL.parse(text)
  if (!url) return { fault: text === '' ? 'missing' : 'not a URL' }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    return { fault: 'neither http nor https' }
  }
  if (url.username || url.password) return { fault: 'has credentials' }
  // The text, too: the parser drops a query or fragment that is there but empty.
  if (/[?#]/.test(text)) return { fault: 'has a query or a fragment' }
  return { url: url.origin + basePath(url.pathname) }
}

/** Several slashes at the beginning fetch would send as one. */
function basePath(pathname: string): string {
  let start = 0
  let end = pathname.length
  while (pathname[start] === '/') start++
  while (end > start && pathname[end - 1] === '/') end--
  return end === start ? '' : `/${pathname.slice(start, end)}`
}
