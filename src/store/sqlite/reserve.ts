/**
 * Room that is kept on the database's disk. To forget tasks takes some, too: without it, a history
 * that has filled the disk could not even be made smaller.
 */
import { closeSync, fsyncSync, openSync, rmSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { fileSize, freeBytes } from '../../platform/disk.ts'
import { hasCode } from './has-code.ts'

const BYTES = 1024 * 1024
/** With less left on the disk, the tasks need it more, bytes. */
const AMPLE_BYTES = 8 * BYTES

export class Reserve {
  readonly #path: string
  readonly #folder: string

  /** `file`: the database's. */
  constructor(file: string) {
    this.#path = `${file}-reserve`
    this.#folder = dirname(resolve(file))
    this.keep()
  }

  /** Makes it where it is missing and there is ample room. Never throws: it is not needed yet. */
  keep(): void {
    if (fileSize(this.#path) === BYTES || freeBytes(this.#folder) < AMPLE_BYTES) return
    try {
      write(this.#path)
    } catch {
      this.giveUp()
    }
  }

  /** False when there is none. */
  giveUp(): boolean {
    const size = fileSize(this.#path)
    try {
      rmSync(this.#path, { force: true })
      return size > 0
    } catch {
      return false
    }
  }
}

/** SQLite says IOERR, too, when a file beside the database can't grow. */
export function isOutOfRoom(error: unknown): boolean {
  return hasCode(error, /^SQLITE_(FULL|IOERR)/)
}

/** Really written: a file of holes takes no room. */
function write(path: string): void {
  const file = openSync(path, 'w', 0o600)
  try {
    const bytes = Buffer.alloc(BYTES)
    for (let at = 0; at < BYTES;) at += writeSync(file, bytes, at)
    fsyncSync(file)
  } finally {
    closeSync(file)
  }
}
