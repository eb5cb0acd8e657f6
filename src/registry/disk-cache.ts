import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { TypeCompiler } from 'typebox/compiler'
import { codeOf, errorText } from '../errors.ts'
import type { Droplet } from '../droplets/droplet.ts'
import { jsonArray } from '../droplets/json-array.ts'
import { readRegularFile } from '../platform/regular-file.ts'
import type { Log, Ports } from '../ports.ts'
import { MAX_REPLY_BYTES } from './client.ts'
import type { ParsedList, Registration } from './droplet-list.ts'
import { parseList } from './parse-list.ts'
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

/** Keeps the list for the next process. */
export interface DirectoryCache {
  /** Null when there is none. Rejects, with a message for people, when it cannot be used. */
  read(): Promise<CachedList | null>
  /** Never rejects. */
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
const storedHead = TypeCompiler.Compile(StoredHead)

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
        if (list) return list
      } catch (error) {
        if (isMissing(error)) return null
        throw error
      }
      throw new Error('it is damaged')
    },
    async write(list) {
      try {
        await mkdir(dir, { recursive: true })
        await replaceFile(path, `${path}.${newId()}.tmp`, storedText(list))
        unwritable.clear()
      } catch (error) {
        const setting = 'REGISTRY_CACHE_DIR'
        const fields = { path, setting, error: whyNotWritten(error) }
        unwritable.warn('the droplet list cannot be cached', fields)
      }
    },
  }
}

function whyNotWritten(error: unknown): string {
  if (codeOf(error) === 'EEXIST') return 'it is a file, not a directory'
  // Only the first part: the rest names the temporary file, so that no two errors would be the
  // same.
  return errorText(error).split(', ')[0]!
}

function isMissing(error: unknown): boolean {
  const code = codeOf(error)
  return code === 'ENOENT' || code === 'ENOTDIR'
}

function parseStored(head: unknown, list: ParsedList): CachedList | null {
  if (!storedHead.Check(head)) return null
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

/** The text of the file, in pieces. */
export function* storedText(list: CachedList): Generator<string> {
  const { syncedAt, droplets, registryUrl, own, unlisted = [] } = list
  const head = {
    synced_at: syncedAt / 1000,
    registry_url: registryUrl,
    own: own ? { id: own.id, registered_at: toSeconds(own.registeredAt) } : undefined,
  }
  yield JSON.stringify(head).slice(0, -1)
  if (unlisted.length > 0) {
    yield ',"unlisted":'
    yield* jsonArray(unlisted, ({ name, since }) => ({ name, since: since / 1000 }))
  }
  yield ',"droplets":'
  yield* jsonArray(droplets, (droplet) => droplet)
  yield '}\n'
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
