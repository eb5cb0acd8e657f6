/**
 * Tells when a file may have changed. Its folder is watched, not the file itself: editors and `mv`
 * rename another file over it, and a watch on the old one would report nothing more. Kubernetes
 * changes a mounted file by exchanging the link `..data` beside it.
 */
import { realpathSync, watch, type FSWatcher } from 'node:fs'
import { basename, dirname, resolve } from 'node:path'
import type { WatchFile } from '../ports.ts'

const KUBERNETES_LINK = '..data'

export const watchFile: WatchFile = (path, changed, failed) => {
  const watched = new WatchedFolders(resolve(path), changed, failed)
  watched.follow()
  return () => watched.stop()
}

class WatchedFolders {
  /** By the paths of the folders. */
  readonly #watchers = new Map<string, FSWatcher>()
  /** What may stand for the file in one of them. */
  #names: ReadonlySet<string> = new Set()

  constructor(
    private readonly path: string,
    private readonly changed: () => void,
    private readonly failed: (error: unknown) => void,
  ) {}

  /** Watches the folder of the path and, where the path is a link, the folder of its target. */
  follow(): void {
    const target = targetOf(this.path)
    const folders = new Set([dirname(this.path), dirname(target)])
    this.#names = new Set([basename(this.path), basename(target), KUBERNETES_LINK])
    for (const [folder, watcher] of this.#watchers) {
      if (folders.has(folder)) continue
      watcher.close()
      this.#watchers.delete(folder)
    }
    for (const folder of folders) if (!this.#watchers.has(folder)) this.#watch(folder)
  }

  stop(): void {
    for (const watcher of this.#watchers.values()) watcher.close()
    this.#watchers.clear()
  }

  #watch(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, (_, name) => {
        if (name !== null && !this.#names.has(name)) return
        // The link may lead to another folder now.
        this.follow()
        this.changed()
      })
      watcher.on('error', this.failed)
      this.#watchers.set(folder, watcher)
    } catch (error) {
      this.failed(error)
    }
  }
}

/** The path itself while there is no file. */
function targetOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}
