import type { CachedList, DirectoryCache } from './disk-cache.ts'

/**
 * Writes lists to the cache, one write at a time. While one is being written, only the newest of
 * the others waits. Nobody waits for the disk: one that hangs stops neither routing nor syncs.
 */
export class ListSaver {
  #newest: CachedList | null = null
  #saving: Promise<void> | null = null

  constructor(private readonly cache: DirectoryCache) {}

  save(list: CachedList): void {
    this.#newest = list
    this.#saving ??= this.#writeNewest()
  }

  /** Resolves when everything is written. Never rejects. */
  async finished(): Promise<void> {
    await this.#saving
  }

  async #writeNewest(): Promise<void> {
    try {
      while (this.#newest) {
        const list = this.#newest
        this.#newest = null
        await this.cache.write(list)
      }
    } finally {
      this.#saving = null
    }
  }
}
