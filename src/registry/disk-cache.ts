import { mkdir, open, rename, rm } from 'node:fs/promises'
import { join } from 'node:path'
import { Type } from 'typebox'
import { Value } from 'typebox/value'
import { errorText } from '../errors.ts'
import type { Droplet } from '../droplets/droplet.ts'
import type { Log, Ports } from '../ports.ts'
import { parseDropletList } from './droplet-list.ts'
import { repeatedWarning } from './repeated-warning.ts'

export interface CachedList {
  /** Wall clock, ms. */
  readonly syncedAt: number
  readonly droplets: readonly Droplet[]
}

/** Keeps the list for the next process. Neither method rejects. */
export interface DirectoryCache {
  /** Null when there is no list, or none that can be read. */
  read(): Promise<CachedList | null>
  write(list: CachedList): Promise<void>
}

export const CACHE_FILE = 'orchestrator_droplets.json'

const StoredHead = Type.Object({
  /** Unix seconds. */
  synced_at: Type.Number({ minimum: 0, maximum: Number.MAX_SAFE_INTEGER / 1000 }),
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
        const file = Bun.file(path)
        if (!(await file.exists())) return null
        const list = parseStored(await file.json())
        if (!list) log.warning('The cached droplet list is damaged: not used', { path })
        return list
      } catch (error) {
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

function parseStored(json: unknown): CachedList | null {
  const list = parseDropletList(json)
  if (!list || !Value.Check(StoredHead, json)) return null
  return { syncedAt: json.synced_at * 1000, droplets: list.droplets }
}

function storedText({ syncedAt, droplets }: CachedList): string {
  return JSON.stringify({ synced_at: syncedAt / 1000, droplets }, null, 2) + '\n'
}

/**
 * A reader sees the old file or the new one, even after a crash. `temporary` is unique: several
 * orchestrators may share a directory.
 */
async function replaceFile(path: string, temporary: string, text: string): Promise<void> {
  try {
    const file = await open(temporary, 'wx')
    try {
      await file.writeFile(text)
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
