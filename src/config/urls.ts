/** The kinds of settings that are URLs. */
import { isIP } from 'node:net'
import { pathToFileURL } from 'node:url'
import type { Kind } from './kinds.ts'

export const httpUrl: Kind<string> = {
  allowed: 'a URL that starts with http:// or https://, without credentials, query or fragment',
  parse: parseHttpUrl,
  mask: maskUrl,
}

export const emptyOrHttpUrl: Kind<string | null> = {
  allowed: `empty, or ${httpUrl.allowed}`,
  parse: (text) => (text === '' ? null : parseHttpUrl(text)),
  mask: maskUrl,
}

export const httpOrFileUrl: Kind<string> = {
  allowed: `${httpUrl.allowed}, or file: and the path of a JSON file`,
  parse: (text, cwd) => (/^file:/i.test(text) ? parseFileUrl(text, cwd) : parseHttpUrl(text)),
  mask: maskUrl,
}

function parseHttpUrl(text: string): string | undefined {
  // The URL parser would silently drop or repair these.
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\\\p{Cc}?#]/u.test(text)) return undefined
  const url = URL.parse(text)
  if (!url || /^[^/]*\/\/[^/]*@/.test(text)) return undefined
  // http://8000 would be the address 0.0.31.64.
  if (isIP(url.hostname) !== 0 && !text.includes(url.hostname)) return undefined
  return withoutTrailingSlashes(url.href)
}

/** In a loop: a regular expression would look at each slash once for every slash before it. */
export function withoutTrailingSlashes(text: string): string {
  let end = text.length
  while (text[end - 1] === '/') end--
  return text.slice(0, end)
}

/** Of the `hostname` of a URL: an IPv6 address as name services and sockets have it. */
export function withoutBrackets(hostname: string): string {
  return hostname.replace(/^\[|\]$/g, '')
}

/** `file:name` and `file:./name` are relative (RFC 8089 knows only absolute ones). */
function parseFileUrl(text: string, cwd: string | undefined): string | undefined {
  if (/[\\\p{Cc}?#]/u.test(text) || text.trim() !== text || text.endsWith('/')) return undefined
  const isAbsolute = /^file:\//i.test(text)
  if (!isAbsolute && cwd === undefined) return undefined
  const url = URL.parse(text, cwd === undefined ? undefined : pathToFileURL(`${cwd}/`).href)
  return url && url.hostname === '' && !url.pathname.endsWith('/') ? url.href : undefined
}

/** Hides the credentials and parameters of a URL, also of one that is not valid. */
export function maskUrl(text: string): string {
  const credentialsEnd = text.lastIndexOf('@')
  const [scheme] = /^[a-z][a-z0-9+.-]*:\/+/i.exec(text) ?? ['']
  const shown = credentialsEnd < 0 ? text : `${scheme}***${text.slice(credentialsEnd)}`
  return shown.replace(/([?#;])[^]*$/, '$1***')
}
