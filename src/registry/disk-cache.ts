import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { errorText } from '../errors.ts'
import type { Droplet } from '../droplets/droplet.ts'
import { SLICE } from '../platform/turns.ts'
import type { Log, Ports } from '../ports.ts'
import { MAX_REPLY_BYTES } from './client.ts'
import type { ParsedList, Registration } from './droplet-list.ts'
import { parseList } from './parse-list.ts'
import { readRegularFile } from './regular-file.ts'
import { repeatedWarning } from './repeated-warning.ts'

export interface CachedList {
  /** Wall clock, ms. */
  readonly syncedAt: number
  readonly droplets: readonly Droplet[]
  /** Which Registry it is of. */
  readonly registryUrl?: string
  /** Our own entry there. */
  readonly own?: Registration | null
  /** Those of the droplets that the Registry has lost, and since when; wall clock, ms. */
  readonly unlisted?: readonly { readonly name: string; readonly since: number }[]
}

/** Keeps the list for the next process. Neither method rejects. */
export interface DirectoryCache {
  /** Null when there is no list, or none that can be read. */
  read(): Promise<CachedList | null>
  write(list: CachedList): Promise<void>
}

export const CACHE_FILE = 'orchestrator_droplets.json'
/** More than any list that a Registry can send. */
const MAX_CACHE_BYTES = 2 * MAX_REPLY_BYTES

/** Unix seconds. */
const StoredTime = Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER / 1000 })

/** Older versions write only the first of these, and read only that. */
const StoredHead = Type.Object({
  synced_at: StoredTime,
  registry_url: Type.Optional(Type.String()),
  own: Type.Optional(
    Type.Object({
      id: Type.Union([Type.String(), Type.Number(), Type.Null()]),
      registered_at: Type.Union([StoredTime, Type.Null()]),
    }),
  ),
  unlisted: Type.Optional(Type.Array(Type.Object({ name: Type.String(), since: StoredTime }))),
})

/**
 * Keeps the list in `<dir>/orchestrator_droplets.json`; the first write creates the directory.
 * `newId` makes the names of temporary files unique.
 */
export function fileCache(dir: string, log: Log, newId: Ports['newId']): DirectoryCache {
  const path = join(dir, CACHE_FILE)
  const unwritable = repeatedWarning(log)
  return {
    async read() {
      try {
        const bytes = await readRegularFile(path, MAX_CACHE_BYTES)
        const parsed = await parseList(bytes, null)
        const list = parsed.ok ? parseStored(parsed.head, parsed.list) : null
        if (!list) log.warning('The cached droplet list is damaged: not used', { path })
        return list
      } catch (error) {
        if (isMissing(error)) return null
        log.warning('The cached droplet list cannot be read: not used', {
          path,
          error: errorText(error),
        })
        return null
      }
    },
    async write(list) {
      try {
        await mkdir(dir, { recursive: true })
        await replaceFile(path, `${path}.${newId()}.tmp`, storedText(list))
        unwritable.clear()
      } catch (error) {
        // Only the first part: the rest names the temporary file, so that no two errors would be
        // the same.
        const [reason] = errorText(error).split(', ')
        unwritable.warn('The droplet list cannot be cached', { path, error: reason })
      }
    },
  }
}

function isMissing(error: unknown): boolean {
  const { code } = error as { code?: unknown }
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function parseStored(head: unknown, list: ParsedList): CachedList | null {
  if (!Value.Check(StoredHead, head)) return null
  const { synced_at, registry_url: registryUrl, own: stored, unlisted } = head
  const own = stored
    ? { id: stored.id, registeredAt: toMs(stored.registered_at) }
    : list.own && { id: list.own.id, registeredAt: list.own.registeredAt }
  return {
    syncedAt: synced_at * 1000,
    droplets: list.droplets,
    ...(registryUrl === undefined ? {} : { registryUrl }),
    ...(own ? { own } : {}),
    ...(unlisted
      ? { unlisted: unlisted.map((mark) => ({ ...mark, since: mark.since * 1000 })) }
      : {}),
  }
}

/** JSON with a line for each droplet, in pieces: none takes longer than a few ms to make. */
function* storedText(list: CachedList): Generator<string> {
  const { syncedAt, droplets, registryUrl, own, unlisted = [] } = list
  const marks = unlisted.map(({ name, since }) => ({ name, since: since / 1000 }))
  const head = {
    synced_at: syncedAt / 1000,
    registry_url: registryUrl,
    own: own ? { id: own.id, registered_at: toSeconds(own.registeredAt) } : undefined,
    unlisted: marks.length > 0 ? marks : undefined,
  }
  yield `${JSON.stringify(head).slice(0, -1)},"droplets":[`
  for (let from = 0; from < droplets.length; from += SLICE) {
    const lines = droplets.slice(from, from + SLICE).map((each) => `\n${JSON.stringify(each)}`)
    yield (from === 0 ? '' : ',') + lines.join(',')
  }
  yield '\n]}\n'
}

const toMs = (seconds: number | null) => seconds && seconds * 1000
const toSeconds = (ms: number | null) => ms && ms / 1000

/**
 * A reader sees the old file or the new one, even after a crash. `temporary` is unique: several
 * orchestrators may share a directory.
 */
async function replaceFile(
  path: string,
  temporary: string,
  pieces: Iterable<string>,
): Promise<void> {
  try {
    const file = await open(temporary, 'wx')
    try {
      // Each write is awaited, and so a turn of its own.
      for (const piece of pieces) await file.writeFile(piece)
      // Else a power cut after the rename may leave an empty file.
      await file.sync()
    } finally {
      await file.close()
    }
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true }).catch(() => {})
    throw error
  }
}
