import { Type, type Static } from 'typebox'
import { TypeCompiler } from 'typebox/compiler'
import { dropletUrl, nameKey, type Droplet } from '../droplets/droplet.ts'
import { MAX_NAME_LENGTH } from '../task.ts'
import { textFault } from '../text-fault.ts'
import { SERVICE } from '../version.ts'

/**
 * An entry as Registries send it. Only the fields that routing needs are checked strictly: a
 * droplet with an odd version or steward can still be called.
 */
const WireDroplet = Type.Object({
  name: Type.String({ minLength: 1, maxLength: MAX_NAME_LENGTH }),
  endpoint: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  url: Type.Optional(Type.Union([Type.String(), Type.Null()])),
  id: Type.Optional(Type.Unknown()),
  version: Type.Optional(Type.Unknown()),
  metadata: Type.Optional(Type.Unknown()),
  status: Type.Optional(Type.Unknown()),
  steward: Type.Optional(Type.Unknown()),
  updated_at: Type.Optional(Type.Unknown()),
  registered_at: Type.Optional(Type.Unknown()),
})
type WireDroplet = Static<typeof WireDroplet>

const WireList = Type.Union([
  Type.Array(Type.Unknown()),
  Type.Object({ droplets: Type.Array(Type.Unknown()) }),
])

const wireDroplet = TypeCompiler.Compile(WireDroplet)
const wireList = TypeCompiler.Compile(WireList)

/** What tells one registration of ours from the next. */
export interface Registration {
  readonly id: Droplet['id']
  /** ms since the epoch; null: the Registry doesn't say. */
  readonly registeredAt: number | null
}

/** The entry of our own name. */
export interface OwnEntry extends Registration {
  readonly url: string
}

export interface ParsedList {
  readonly droplets: readonly Droplet[]
  /** Null: we are not listed. */
  readonly own: OwnEntry | null
  /** How many entries are not valid. */
  readonly skipped: number
  /** Why the first of them isn't valid; without its URL, which may contain a password. */
  readonly firstReason: string | null
}

/**
 * Takes `{"droplets":[…]}` or a bare array; null for anything else. Of several entries with the
 * same name, the one with the latest `updated_at` counts, and of equal ones the last.
 */
export function parseDropletList(json: unknown): ParsedList | null {
  if (!wireList.Check(json)) return null
  const byName = new Map<string, ParsedEntry>()
  let skipped = 0
  let firstReason: string | null = null
  for (const [index, entry] of (Array.isArray(json) ? json : json.droplets).entries()) {
    const parsed = parseDroplet(entry)
    if ('fault' in parsed) {
      skipped++
      firstReason ??= `entry ${index}: ${parsed.fault}`
      continue
    }
    const key = nameKey(parsed.droplet.name)
    const sameName = byName.get(key)
    if (!sameName || parsed.updatedAt >= sameName.updatedAt) byName.set(key, parsed)
  }
  const droplets = [...byName.values()].map(({ droplet }) => droplet)
  return { droplets, own: ownEntry(byName.get(SERVICE)), skipped, firstReason }
}

interface ParsedEntry {
  droplet: Droplet
  updatedAt: number
  registeredAt: unknown
}

function ownEntry(parsed: ParsedEntry | undefined): OwnEntry | null {
  if (!parsed) return null
  const { id, url } = parsed.droplet
  return { id, url, registeredAt: timeOrNull(parsed.registeredAt) }
}

function parseDroplet(entry: unknown): ParsedEntry | { fault: string } {
  if (!wireDroplet.Check(entry)) {
    const error = wireDroplet.Errors(entry).First()
    return { fault: error ? `${error.path || 'entry'}: ${error.message}` : 'not a droplet' }
  }
  const nameFault = textFault(entry.name)
  if (nameFault !== null) return { fault: `/name: ${nameFault}` }
  const text = entry.endpoint || entry.url
  if (!text) return { fault: 'endpoint or url is missing' }
  const address = dropletUrl(text)
  if ('fault' in address) {
    return { fault: `${entry.endpoint ? 'endpoint' : 'url'}: ${address.fault}` }
  }
  return {
    droplet: Object.freeze({
      id: wireId(entry.id),
      name: entry.name,
      url: address.url,
      version: wireVersion(entry),
      status: wireStatus(entry.status),
      steward: typeof entry.steward === 'string' ? entry.steward : null,
    }),
    updatedAt: wireTime(entry.updated_at),
    registeredAt: entry.registered_at,
  }
}

/** Text, or a whole number: the mesh has both. */
function wireId(id: unknown): Droplet['id'] {
  return typeof id === 'string' || Number.isSafeInteger(id) ? (id as string | number) : null
}

function wireVersion({ version, metadata }: WireDroplet): string | null {
  if (typeof version === 'string') return version
  if (typeof version === 'number') return String(version)
  if (typeof metadata !== 'object' || metadata === null || !('version' in metadata)) return null
  return wireVersion({ name: '', version: metadata.version })
}

function wireStatus(status: unknown): Droplet['status'] {
  const known = typeof status === 'string' ? status.toLowerCase() : ''
  return known === 'inactive' || known === 'error' ? known : 'active'
}

/** A time as Registries write it, ms since the epoch; null when it is none. */
export function timeOrNull(time: unknown): number | null {
  const ms = wireTime(time)
  return Number.isFinite(ms) ? ms : null
}

/** ms since the epoch; -Infinity without a time, so that such an entry is the oldest. */
function wireTime(time: unknown): number {
  if (typeof time === 'number') return time * 1000
  if (typeof time !== 'string') return -Infinity
  const ms = Date.parse(time)
  if (Number.isNaN(ms)) return -Infinity
  // Registries write microseconds; Date.parse drops what is below a millisecond.
  const micros = /\.\d{3}(\d+)/.exec(time)?.[1]
  return micros ? ms + Number(`0.${micros}`) : ms
}
