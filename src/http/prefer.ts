import { clamp } from './clamp.ts'

/** `Prefer` (RFC 7240): `respond-async` and `wait`, in one header or in several. */
export interface Preferences {
  respondAsync: boolean
  /** null when not asked for. */
  waitSeconds: number | null
}

/** Proxies give up on an answer after 60. */
export const MAX_WAIT_SECONDS = 55

// A quoted string, which may be unfinished; what separates; or what lies between.
const PIECE = /"(?:[^"\\]|\\.)*"?|[,;]|[^",;]+/gs

/**
 * Reads the header as `Headers` joins it. Preferences that we don't know or can't honour are
 * ignored, and of one given twice the first counts, as the RFC says. `wait` is 1 to 55: what is
 * beyond counts as the nearest of them.
 */
export function readPrefer(header: string | null): Preferences {
  if (header === null) return { respondAsync: false, waitSeconds: null }
  const given = new Map<string, string>()
  for (const preference of preferences(header)) {
    const [name, value] = nameAndValue(preference)
    if (!given.has(name)) given.set(name, value)
  }
  const wait = given.get('wait') ?? ''
  const waitSeconds = /^\d+$/.test(wait) ? clamp(Number(wait), 1, MAX_WAIT_SECONDS) : null
  return { respondAsync: given.has('respond-async'), waitSeconds }
}

/** Each `name` or `name=value`, without its parameters. */
function preferences(header: string): string[] {
  const found = ['']
  let inParameters = false
  for (const [piece] of header.matchAll(PIECE)) {
    if (piece === ',') found.push('')
    else if (piece !== ';' && !inParameters) found[found.length - 1] += piece
    inParameters = piece === ';' || (inParameters && piece !== ',')
  }
  return found
}

/** Without the quotes round a value; an empty one when there is none. */
function nameAndValue(preference: string): [string, string] {
  const equals = preference.indexOf('=')
  if (equals < 0) return [preference.trim().toLowerCase(), '']
  const value = preference.slice(equals + 1).trim()
  const isQuoted = value.length > 1 && value.startsWith('"') && value.endsWith('"')
  const name = preference.slice(0, equals).trim().toLowerCase()
  return [name, isQuoted ? value.slice(1, -1) : value]
}

/** The value of `Preference-Applied`; null when nothing was. */
export function preferenceApplied(applied: Preferences): string | null {
  if (!applied.respondAsync && applied.waitSeconds === null) return null
  const names = [
    ...(applied.respondAsync ? ['respond-async'] : []),
    ...(applied.waitSeconds === null ? [] : [`wait=${applied.waitSeconds}`]),
  ]
  return names.join(', ')
}
