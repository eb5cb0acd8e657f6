import type { CachedList, DirectoryCache } from '../../src/registry/disk-cache.ts'

/** A cache that forgets with the process. `list` is what is in it; `writes`, how often. */
export interface MemoryCache extends DirectoryCache {
  list: CachedList | null
  writes: number
}

export function memoryCache(list: CachedList | null = null): MemoryCache {
  return {
    list,
    writes: 0,
    async read() {
      return this.list
    },
    async write(next) {
      this.list = next
      this.writes++
    },
  }
}
