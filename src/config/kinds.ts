/**
 * What a setting may be: how its text is read, and how people are told what is allowed.
 * Strict on purpose: a text that somebody could have meant differently ("5s", "1e3", " 5",
 * "010") is a fault, never a guess.
 */
import { isIP } from 'node:net'
import { pathToFileURL } from 'node:url'

export interface Kind<T> {
  /** Completes the sentence "must be …". */
  readonly allowed: string
  /** Undefined when the text is not allowed. `cwd`: what relative `file:` URLs start from. */
  parse(text: string, cwd?: string): T | undefined
  /** Hides what must not reach a terminal or a log in a text that is not allowed. */
  mask?(text: string): string
}

export function whole(minimum: number, maximum: number): Kind<number> {
  return {
    allowed: `a whole number from ${minimum} to ${maximum}`,
    parse(text) {
      if (!/^(0|[1-9]\d*)$/.test(text)) return undefined
      return within(Number(text), minimum, maximum)
    },
  }
}

/** Seconds, read as whole milliseconds. More decimals could turn into 0, which has a meaning. */
export function seconds(minimum: number, maximum: number, zero?: string): Kind<number> {
  const range = `a number of seconds from ${minimum} to ${maximum}, with at most 3 decimals`
  return {
    allowed: zero ? `0 (${zero}), or ${range}` : range,
    parse(text) {
      if (!/^(0|[1-9]\d*)(\.\d{1,3})?$/.test(text)) return undefined
      const ms = Math.round(Number(text) * 1000)
      return zero && ms === 0 ? 0 : within(ms, minimum * 1000, maximum * 1000)
    },
  }
}

function within(value: number, minimum: number, maximum: number): number | undefined {
  return value >= minimum && value <= maximum ? value : undefined
}

/** One of the words, in any case; read as the word is spelt here. */
export function word<const W extends string>(words: readonly W[]): Kind<W> {
  return {
    allowed: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    parse: (text) => words.find((one) => one.toLowerCase() === text.toLowerCase()),
  }
}

const FLAGS = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
])

export const flag: Kind<boolean> = {
  allowed: 'true or false (also yes, no, 1, 0)',
  parse: (text) => FLAGS.get(text.toLowerCase()),
}

// A name whose last label is a number is an IPv4 address to the URL standard, or nothing.
const HOST_NAME =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+$)[a-z0-9_-]{1,63}$/i

export const host: Kind<string> = {
  allowed: 'an IP address (IPv6 without brackets) or a host name',
  parse: (text) => (isIP(text) !== 0 || HOST_NAME.test(text) ? text : undefined),
}

/** A path of a file or directory. */
export const path: Kind<string> = {
  allowed: 'a path, without white space at its ends',
  parse: (text) => (isPath(text) ? text : undefined),
}

export const database: Kind<string> = {
  allowed: 'the path of a file, or :memory:',
  parse: (text) => (isPath(text) && !text.endsWith('/') ? text : undefined),
}

function isPath(text: string): boolean {
  return text !== '' && text.trim() === text && !text.includes('\0')
}

export const httpUrl: Kind<string> = {
  allowed: 'a URL that starts with http:// or https://, without credentials, query or fragment',
  parse: parseHttpUrl,
  mask: maskUrl,
}

export const httpOrFileUrl: Kind<string> = {
  allowed: `${httpUrl.allowed}, or file: and the path of a JSON file`,
  parse: (text, cwd) => (/^file:/i.test(text) ? parseFileUrl(text, cwd) : parseHttpUrl(text)),
  mask: maskUrl,
}

function parseHttpUrl(text: string): string | undefined {
  // The URL standard drops or repairs these without a word.
  if (!/^https?:\/\/[^/]/i.test(text) || /[\s\\\p{Cc}?#]/u.test(text)) return undefined
  const url = URL.parse(text)
  if (!url || /^[^/]*\/\/[^/]*@/.test(text)) return undefined
  return url.href.replace(/\/+$/, '')
}

/** `file:name` and `file:./name` are relative (RFC 8089 knows only absolute ones). */
function parseFileUrl(text: string, cwd: string | undefined): string | undefined {
  if (/[\\\p{Cc}?#]/u.test(text) || text.trim() !== text || text.endsWith('/')) return undefined
  const isAbsolute = /^file:\//i.test(text)
  if (!isAbsolute && cwd === undefined) return undefined
  const url = URL.parse(text, cwd === undefined ? undefined : pathToFileURL(`${cwd}/`).href)
  return url && url.hostname === '' && !url.pathname.endsWith('/') ? url.href : undefined
}

/** Hides the credentials and the query of a URL, of one with faults too. */
export function maskUrl(text: string): string {
  return text
    .replace(/^([a-z][a-z0-9+.-]*:\/*)?[^]*@/i, (_, scheme: string | undefined) => {
      return `${scheme?.endsWith('/') ? scheme : ''}***@`
    })
    .replace(/\?[^]*$/, '?***')
}
