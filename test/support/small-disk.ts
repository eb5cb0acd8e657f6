/** A disk of some megabytes that a test can fill, where it may mount one. */
import { closeSync, mkdirSync, openSync, rmSync, writeSync } from 'node:fs'
import { temporaryDir } from './temporary.ts'

export interface SmallDisk extends Disposable {
  path: string
  fill(): void
  free(): void
}

export const mayMount = canMount()

/** For the name of a test. */
export const withMounts = mayMount ? '' : ' (skipped: nothing may be mounted here)'

/** `path`: a folder that is made for it. */
export function mountSmallDisk(path: string, megabytes: number): SmallDisk {
  mkdirSync(path)
  if (!mount(path, megabytes)) throw new Error(`${path} cannot be mounted`)
  const filler = `${path}/filler`
  return {
    path,
    fill() {
      const file = openSync(filler, 'a')
      // Large pieces, then small ones, until not a page is left.
      for (const size of [64 * 1024, 4096]) {
        try {
          while (writeSync(file, Buffer.alloc(size)) === size);
        } catch (error) {
          if ((error as NodeJS.ErrnoException).code !== 'ENOSPC') throw error
        }
      }
      closeSync(file)
    },
    free: () => rmSync(filler),
    [Symbol.dispose]: () => unmount(path),
  }
}

function mount(path: string, megabytes: number): boolean {
  if (!Bun.which('mount') || process.getuid?.() !== 0) return false
  const command = ['mount', '-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', path]
  return Bun.spawnSync(command).exitCode === 0
}

function unmount(path: string): void {
  Bun.spawnSync(['umount', '-l', path])
}

function canMount(): boolean {
  using dir = temporaryDir()
  const mounted = mount(dir.path, 1)
  if (mounted) unmount(dir.path)
  return mounted
}
