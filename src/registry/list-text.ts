/** The text of a list of droplets, from a Registry, a file or the cache. */
import { parseDropletList, type ParsedList } from './droplet-list.ts'
import { parseJson } from './json-bytes.ts'

export type ParsedText =
  | {
      readonly ok: true
      readonly list: ParsedList
      /** What else the object has that held the list; empty for a bare array. */
      readonly head: Readonly<Record<string, unknown>>
    }
  | {
      readonly ok: false
      readonly fault: 'not JSON' | 'no list'
      /** What is wrong with the JSON, in the parser's words. */
      readonly reason?: string
    }

export function parseListText(bytes: Uint8Array): ParsedText {
  const parsed = parseJson(bytes)
  if (!parsed.ok) return { ok: false, fault: 'not JSON', reason: parsed.reason }
  const json = parsed.value
  const list = parseDropletList(json)
  if (!list) return { ok: false, fault: 'no list' }
  const { droplets: _, ...head } = Array.isArray(json) ? {} : (json as Record<string, unknown>)
  return { ok: true, list, head }
}
