/** The kinds of settings that are paths. */
import type { Kind } from './kinds.ts'
import { maskUrl } from './urls.ts'

/** The path of a directory. */
export const path: Kind<string> = {
  allowed: 'the path of a directory',
  parse: (text) => (faultOf(text) === null ? text : undefined),
  reason: faultOf,
  mask: maskUrl,
}

/** The path of a file; null: none is used. */
export const filePath: Kind<string | null> = {
  allowed: 'empty, or the path of a file',
  parse: (text) => (text === '' ? null : namedFileFault(text) === null ? text : undefined),
  reason: namedFileFault,
  mask: (text) => (SECRET.test(text) ? '***' : maskUrl(text)),
}

/** A signing secret or a token in place of the file that holds it: it must not be shown as a path. */
const SECRET = /^(?:whsec_[\w+/=-]{20,}|orc_[0-9A-Za-z]{36}$)/

function namedFileFault(text: string): string | null {
  return SECRET.test(text) ? 'that is the secret itself' : fileFault(text)
}

/** null for the path of a file. */
export function fileFault(text: string): string | null {
  return faultOf(text) ?? (text.endsWith('/') ? 'that is a directory: name a file in it' : null)
}

/**
 * What means more elsewhere: a URL, a drive or a share of Windows, what a shell or systemd
 * replaces, quotes that an environment file kept. Here each would be the name of a new file.
 */
const MEANS_MORE: readonly (readonly [RegExp, string])[] = [
  [/^~/, '~ is not expanded: write the whole path'],
  [/^\$/, '$ is not expanded: write the path itself'],
  [/^%/, '% is not expanded: write the path itself'],
  [/^["']/, 'the quotes are part of the value: leave them out'],
  [/^\\|^[a-z]:/i, 'paths of Windows are not supported'],
  [/^[a-z][a-z0-9+.-]*:/i, 'a URL is no path'],
  [/^:/, 'put ./ in front of the colon'],
]

/** null for a path. */
function faultOf(text: string): string | null {
  if (text === '') return 'it is empty'
  if (text.trim() !== text) return 'it begins or ends with white space'
  if (text.includes('\0')) return 'it holds a zero byte'
  return MEANS_MORE.find(([start]) => start.test(text))?.[1] ?? null
}
