/** Joins a droplet's URL and a task's path into the one URL that the task may call. */

export type Target = { ok: true; url: string } | { ok: false; reason: string }

const refuse = (reason: string): Target => ({ ok: false, reason })

// Control characters (with DEL), space, backslash, fragment.
// oxlint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0020\u007f\\#]/

/**
 * What every parser leaves as it is: no dot segments, and nothing to be encoded or decoded. Most
 * paths are so; to parse one takes 1 µs.
 */
const PLAIN = /^[\w~/?&=:@!$()*+,-]*$/

const ONE_SLASH = 'must start with exactly one /'
const INSIDE = "must stay inside the droplet's URL"

/**
 * `base` is a droplet's URL as the parser writes it, less a trailing slash; `path` the caller's
 * path and query. The URL is sent exactly as it is returned.
 * Dot segments are allowed as long as they stay inside, whoever resolves them: the URL parser
 * here (RFC 3986, section 5.2.4; it also takes `%2e` for a dot), or a droplet that reads what is
 * sent in a way of its own.
 */
export function joinTarget(base: string, path: string): Target {
  if (path[0] !== '/' || path[1] === '/') return refuse(ONE_SLASH)
  if (PLAIN.test(path)) return { ok: true, url: base + path }
  if (FORBIDDEN.test(path)) {
    return refuse('must not hold control characters, spaces, backslashes or a fragment')
  }
  // A lone surrogate would be sent as another character.
  if (!path.isWellFormed()) return refuse('must be well-formed Unicode')
  if (climbsOut(path)) return refuse(INSIDE)
  const target = URL.parse(base + path)?.href
  if (!target?.startsWith(`${base}/`)) return refuse(INSIDE)
  const resolved = target.slice(base.length)
  // `/.//x`: fetch would send `//x` as `/x`.
  if (resolved[1] === '/') return refuse(ONE_SLASH)
  return climbsOut(resolved) ? refuse(INSIDE) : { ok: true, url: target }
}

/** What separates segments: for everybody, or for who decodes one or both of the slashes first. */
const SEPARATORS = [/\//, /\/|%2f/i, /\/|%5c/i, /\/|%2f|%5c/i]

/**
 * Where a segment ends for who strips path parameters (`..;x=1`), or decodes before it looks for
 * the query, the fragment, or the end of a C string.
 */
const SEGMENT_END = /;|%3b|%3f|%23|%00/i

/** Whether somebody might find that the dot segments ever lead above where they began. */
function climbsOut(path: string): boolean {
  // Most paths hold neither: no dot segment without a dot.
  if (!path.includes('.') && !path.includes('%')) return false
  const end = path.indexOf('?')
  const pathname = (end < 0 ? path : path.slice(0, end)).replace(/%2e/gi, '.')
  if (!pathname.includes('..')) return false
  return readings(pathname).some((reading) =>
    SEPARATORS.some((one) => climbs(reading.split(one).slice(1))),
  )
}

/** With its path parameters, and without: some strip them before they decode the slashes. */
function readings(pathname: string): string[] {
  return pathname.includes(';') ? [pathname, pathname.replace(/;[^/]*/g, '')] : [pathname]
}

/**
 * Read from left to right. Each segment is taken for the worst that it can be: an empty one for
 * nothing, as where empty segments are merged, and one with a parameter for what is before that.
 */
function climbs(segments: readonly string[]): boolean {
  let depth = 0
  for (const segment of segments) {
    const [name = ''] = segment.split(SEGMENT_END, 1)
    if (name === '..') depth--
    else if (name !== '.' && name !== '') depth++
    if (depth < 0) return true
  }
  return false
}
