/** The text of a list of droplets, from a Registry, a file or the cache. */
import { parseDropletList, type ParsedList } from './droplet-list.ts'

export type ParsedText =
  | {
      readonly ok: true
      readonly list: ParsedList
      /** What else the object has that held the list; empty for a bare array. */
      readonly head: Readonly<Record<string, unknown>>
    }
  | { readonly ok: false; readonly fault: 'not JSON' | 'no list' }

/** Bytes that are not UTF-8 become U+FFFD. */
export function parseListText(bytes: Uint8Array): ParsedText {
  let json: unknown
  try {
    json = JSON.parse(new TextDecoder().decode(bytes))
  } catch {
    return { ok: false, fault: 'not JSON' }
  }
  const list = parseDropletList(json)
  if (!list) return { ok: false, fault: 'no list' }
  const { droplets: _, ...head } = Array.isArray(json) ? {} : (json as Record<string, unknown>)
  return { ok: true, list, head }
}
