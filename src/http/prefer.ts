/** `Prefer` (RFC 7240): `respond-async` and `wait`, in one header or in several. */
import { invalidRequest } from '../errors.ts'

export interface Preferences {
  respondAsync: boolean
  /** null when not asked for. */
  waitSeconds: number | null
}

export const MAX_WAIT_SECONDS = 60

// One preference: a token, perhaps a value (a token or a quoted string), perhaps parameters.
const PREFERENCE = /^\s*([\w!#$%&'*+.^`|~-]+)\s*(?:=\s*(?:"([^"]*)"|([^\s;"]*)))?\s*(?:;.*)?$/

/**
 * Reads the header as `Headers` joins it. Preferences that we don't know are ignored, and of one
 * given twice the first counts, as the RFC says. Throws INVALID_REQUEST for a wait that isn't 1
 * to 60.
 */
export function readPrefer(header: string | null): Preferences {
  const given = new Map<string, string>()
  for (const part of header?.split(',') ?? []) {
    const [, name, quoted, plain] = PREFERENCE.exec(part) ?? []
    if (name && !given.has(name.toLowerCase())) given.set(name.toLowerCase(), quoted ?? plain ?? '')
  }
  const wait = given.get('wait')
  return {
    respondAsync: given.has('respond-async'),
    waitSeconds: wait === undefined ? null : readWait(wait, 'Prefer'),
  }
}

/** Whole seconds, 1 to 60. Throws INVALID_REQUEST naming `path`. */
export function readWait(text: string, path: string): number {
  const seconds = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (seconds >= 1 && seconds <= MAX_WAIT_SECONDS) return seconds
  const message = `wait must be a whole number from 1 to ${MAX_WAIT_SECONDS}`
  throw invalidRequest({ path, message })
}

/** The value of `Preference-Applied`; null when nothing was. */
export function preferenceApplied(applied: Preferences): string | null {
  const names = [
    ...(applied.respondAsync ? ['respond-async'] : []),
    ...(applied.waitSeconds === null ? [] : [`wait=${applied.waitSeconds}`]),
  ]
  return names.length === 0 ? null : names.join(', ')
}
