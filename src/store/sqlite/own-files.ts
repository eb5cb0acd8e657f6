/**
 * Notices what somebody does to the database's files behind SQLite's back: it writes on without a
 * word, and what it has written is not found at the next start. Only asks for names and sizes: to
 * open and close one of the files would end SQLite's locks on it (POSIX, fcntl).
 */
import type { Database } from 'bun:sqlite'
import { fileIdentity, fileSize } from '../../platform/disk.ts'
import type { MovedFile } from '../driver.ts'
import { databaseBytes } from './database-bytes.ts'

interface KnownFile {
  readonly file: string
  readonly role: MovedFile['role']
  readonly identity: string | null
}

export class OwnFiles {
  readonly #database: KnownFile
  readonly #log: KnownFile
  /** What the file had at least when it was looked at last, bytes. */
  #size = 0
  /** Another one: somebody else has written through SQLite, who may have shrunk it (VACUUM). */
  #version = 0
  /** For good: what SQLite writes next makes the file as long as before, with a hole. */
  #truncated: MovedFile | null = null

  /** Of a database that has been read: then SQLite has its log open, and keeps it. */
  constructor(
    private readonly db: Database,
    file: string,
  ) {
    this.#database = known(file, 'database file')
    this.#log = known(`${file}-wal`, 'write-ahead log of the database')
    this.#remember(fileSize(file))
  }

  /** null while all of them are as SQLite left them. */
  moved(): MovedFile | null {
    return movedFrom(this.#database) ?? this.#truncatedFile() ?? movedFrom(this.#log)
  }

  /** Nothing at its path would be taken for the log that is open. */
  get logIsGone(): boolean {
    return fileSize(this.#log.file) === 0
  }

  #truncatedFile(): MovedFile | null {
    if (this.#isDatabaseCut()) this.#truncated ??= truncated(this.#database)
    else if (this.#isLogEmptied()) this.#truncated ??= truncated(this.#log)
    return this.#truncated
  }

  #isDatabaseCut(): boolean {
    const size = fileSize(this.#database.file)
    if (size < this.#size && (size === 0 || this.#readVersion() === this.#version)) return true
    this.#remember(size)
    return false
  }

  /** The pages that are only in the log make no difference to the file's size yet. */
  #remember(size: number): void {
    this.#size = Math.min(size, databaseBytes(this.db))
    this.#version = this.#readVersion()
  }

  #readVersion(): number {
    return this.db.query<{ data_version: number }, []>('pragma data_version').get()!.data_version
  }

  /** SQLite empties it, too; but not while there are pages in it. */
  #isLogEmptied(): boolean {
    if (movedFrom(this.#log) || !this.logIsGone) return false
    try {
      const sql = 'pragma wal_checkpoint(passive)'
      return this.db.query<{ log: number }, []>(sql).get()!.log > 0
    } catch {
      // Its first page can't be read.
      return true
    }
  }
}

function known(file: string, role: MovedFile['role']): KnownFile {
  return { file, role, identity: fileIdentity(file) }
}

function movedFrom({ file, role, identity }: KnownFile): MovedFile | null {
  const now = fileIdentity(file)
  if (now === identity) return null
  return { file, role, became: now === null ? 'deleted' : 'replaced' }
}

function truncated({ file, role }: KnownFile): MovedFile {
  return { file, role, became: 'truncated' }
}
