/** Paths made to leave their droplet, and droplets that would let them. */
import fc from 'fast-check'

const HOSTILE = [
  ...['/', '//', '/', '.', '..', '/..', '/.', ';', ';a=b', '..;', '%2e', '%2E', '%2f', '%2F'],
  ...['%5c', '%5C', '%3b', '%3B', '%3f', '%23', '%00', '\\', '%', '?', '#'],
]
const MORE = [
  ...['@', ':', '&', '=', 'base', 'a', 'b', 'é', '😀', '%252e', '%25', '2e', '%252f', '%c0%ae'],
  ...['"', "'", '|', '{', '^', '`', '<', '[', '\t', '\u2028', '\ud800'],
]

/** Paths that a general generator would hardly ever produce. */
const hostilePath = fc
  .array(
    fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom(...HOSTILE) },
      { weight: 2, arbitrary: fc.constantFrom(...MORE) },
      { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 4 }) },
    ),
    { maxLength: 12 },
  )
  .map((parts) => `/${parts.join('')}`)

export const anyPath = fc.oneof(
  { weight: 6, arbitrary: hostilePath },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.webPath() },
)

type Reading = (text: string) => string

const merged: Reading = (text) => text.replace(/\/+/g, '/')
const stripped: Reading = (text) => text.replace(/;[^/]*/g, '')
const backslashed: Reading = (text) => text.replaceAll('\\', '/')
const decoded: Reading = (text) => text.replace(/%([0-7][0-9a-f])/gi, (_, hex) => byte(hex))
const untilNul: Reading = (text) => text.split('\0')[0]!
const untilQuery: Reading = (text) => text.split(/[?#]/)[0]!
const slashesDecoded: Reading = (text) => text.replace(/%2f/gi, '/')
const byte = (hex: string) => String.fromCharCode(Number.parseInt(hex, 16))

/** What a droplet may do with a path before it resolves the dot segments. */
const READINGS: Record<string, readonly Reading[]> = {
  plain: [],
  'empty segments merged': [merged],
  'parameters stripped': [stripped],
  'parameters stripped, then merged': [stripped, merged],
  'slashes decoded': [slashesDecoded, stripped],
  decoded: [decoded],
  'decoded, backslashes as slashes': [decoded, backslashed],
  'decoded, parameters stripped': [decoded, stripped],
  'decoded, backslashes, stripped, merged': [decoded, backslashed, stripped, merged],
  'stripped, then decoded': [stripped, decoded, backslashed],
  'decoded, then parsed again': [decoded, untilQuery, backslashed],
  'decoded, as a C string': [decoded, untilNul, backslashed],
}

/** The droplets that this pathname, as it is sent, leads out of. */
export function climbers(pathname: string): string[] {
  return Object.entries(READINGS)
    .filter(([, readings]) => climbs(readings.reduce((text, reading) => reading(text), pathname)))
    .map(([name]) => name)
}

/** Whether the dot segments, resolved by RFC 3986, section 5.2.4, ever lead above the root. */
function climbs(pathname: string): boolean {
  const segments: string[] = []
  for (const segment of pathname.split('/').slice(1)) {
    if (segment === '.') continue
    if (segment !== '..') segments.push(segment)
    else if (segments.pop() === undefined) return true
  }
  return false
}
