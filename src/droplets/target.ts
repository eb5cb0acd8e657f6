/** Joins a droplet's URL and a task's path into the one URL that the task may call. */

export type Target = { ok: true; url: string } | { ok: false; reason: string }

const refuse = (reason: string): Target => ({ ok: false, reason })

// Control characters (with DEL), space, backslash, fragment.
// eslint-disable-next-line no-control-regex
const FORBIDDEN = /[\u0000-\u0020\u007f\\#]/

/**
 * `base` is a droplet's URL as the parser writes it, less a trailing slash; `path` the caller's
 * path and query.
 * Dot segments are allowed as long as they stay inside, whoever resolves them: the URL parser
 * here (RFC 3986, section 5.2.4; it also takes `%2e` for a dot), or a droplet that decodes
 * `%2f` and `%5c` before it resolves.
 */
export function joinTarget(base: string, path: string): Target {
  if (path[0] !== '/' || path[1] === '/') return refuse('must start with exactly one /')
  if (FORBIDDEN.test(path)) {
    return refuse('must not hold control characters, spaces, backslashes or a fragment')
  }
  // A lone surrogate would be sent as another character.
  if (!path.isWellFormed()) return refuse('must be well-formed Unicode')
  const end = path.indexOf('?')
  if (climbsOut(end < 0 ? path : path.slice(0, end))) {
    return refuse("must stay inside the droplet's URL")
  }
  const target = URL.parse(base + path)
  if (!target?.href.startsWith(`${base}/`)) return refuse("must stay inside the droplet's URL")
  return { ok: true, url: target.href }
}

/** Whether, read from left to right, the dot segments ever lead above where they began. */
function climbsOut(pathname: string): boolean {
  if (!pathname.includes('.') && !/%2e/i.test(pathname)) return false
  const plain = pathname.replace(/%2e/gi, '.').replace(/%(?:2f|5c)/gi, '/')
  let depth = 0
  for (const segment of plain.split('/').slice(1)) {
    if (segment === '..') depth--
    else if (segment !== '.' && segment !== '') depth++
    if (depth < 0) return true
  }
  return false
}
