/**
 * Keeps the write-ahead log from filling its disk. To get room back, it has to be written into
 * the database first, which may have to grow for that: so it never takes more than the disk has
 * left, or nothing could help any more.
 */
import type { Database } from 'bun:sqlite'
import { dirname, resolve } from 'node:path'
import { fileSize, freeBytes } from '../../platform/disk.ts'

/** To write it back takes as long as 100 commits; so at 16 MiB, not at the default of 4. */
const AUTOCHECKPOINT_PAGES = 4096
/** What a burst, or a long read of somebody else, has added is given back beyond this, bytes. */
const KEPT_BYTES = 20 * 1024 * 1024
/** From here on, a gap between others' reads is waited for, bytes. */
const TOO_LARGE_BYTES = 64 * 1024 * 1024
const MAX_GAP_WAIT_MS = 50
/** With less than this left on the disk, nothing large may be written at once, bytes. */
const AMPLE_BYTES = 256 * 1024 * 1024
/** With more, a check now and then is enough. */
const COMMITS_WITHOUT_CHECK = 64

export class WriteAheadLog {
  readonly #log: string
  readonly #folder: string
  #commitsUntilCheck = 0
  #autocheckpoint = true

  constructor(
    private readonly db: Database,
    file: string,
  ) {
    this.#log = `${file}-wal`
    this.#folder = dirname(resolve(file))
    db.run(`pragma wal_autocheckpoint = ${AUTOCHECKPOINT_PAGES}`)
    db.run(`pragma journal_size_limit = ${KEPT_BYTES}`)
  }

  /** Whether the next commits write a log back that has become long: most leave it to others. */
  setAutocheckpoint(isOn: boolean): void {
    if (isOn === this.#autocheckpoint) return
    this.db.run(`pragma wal_autocheckpoint = ${isOn ? AUTOCHECKPOINT_PAGES : 0}`)
    this.#autocheckpoint = isOn
  }

  isEmpty(): boolean {
    return fileSize(this.#log) === 0
  }

  /** Writes the log into the database, all of it. False while somebody reads from it. */
  empty(): boolean {
    this.truncate(MAX_GAP_WAIT_MS)
    return this.isEmpty()
  }

  /** Whether the disk has little left, now. */
  isDiskTight(): boolean {
    return freeBytes(this.#folder) <= AMPLE_BYTES
  }

  /** After each commit: checks whether the log gets too large. Never throws: it is committed. */
  committed(): void {
    if (this.#commitsUntilCheck-- > 0) return
    const size = fileSize(this.#log)
    const free = freeBytes(this.#folder)
    this.#commitsUntilCheck = free > AMPLE_BYTES ? COMMITS_WITHOUT_CHECK : 0
    if (size > TOO_LARGE_BYTES) this.truncate(MAX_GAP_WAIT_MS)
    else if (2 * size > free) this.truncate()
  }

  /**
   * Writes the log into the database and gives its room back. False when that can't be: somebody
   * reads from it, for longer than `waitMs`, or the database can't grow. Leaves busy_timeout at 0.
   */
  truncate(waitMs = 0): boolean {
    const before = fileSize(this.#log)
    try {
      if (waitMs > 0) this.db.run(`pragma busy_timeout = ${waitMs}`)
      this.db.run('pragma wal_checkpoint(truncate)')
    } catch {
      // It has not got smaller, then: that is what is told.
    } finally {
      if (waitMs > 0) this.db.run('pragma busy_timeout = 0')
    }
    return fileSize(this.#log) < before
  }
}
