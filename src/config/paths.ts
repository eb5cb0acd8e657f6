/** The kinds of settings that are paths. */
import type { Kind } from './kinds.ts'
import { maskUrl } from './urls.ts'

const PLAIN = 'no URL, and ./ in front of a leading ~, $, %, colon, quote or backslash'

/** The path of a file or a directory. */
export const path: Kind<string> = {
  allowed: `a path without white space at its ends; ${PLAIN}`,
  parse: (text) => (isPath(text) ? text : undefined),
  mask: maskUrl,
}

export const database: Kind<string> = {
  allowed: `the path of a SQLite file (${PLAIN}), or :memory:`,
  parse: (text) =>
    text === ':memory:' || (isPath(text) && !text.endsWith('/')) ? text : undefined,
  mask: maskUrl,
}

/**
 * What means more elsewhere: a URL (RFC 3986, section 3.1), a drive or a share of Windows, what a
 * shell or systemd replaces, quotes that an environment file kept. Here each would be the name of
 * a new file.
 */
const MEANS_MORE = /^([a-z][a-z0-9+.-]*:|[~$%:"'\\])/i

function isPath(text: string): boolean {
  return text !== '' && text.trim() === text && !text.includes('\0') && !MEANS_MORE.test(text)
}
