/** One connection to the database file, and the statements that were prepared on it. */
import { Database, type Changes, type Statement } from 'bun:sqlite'
import { DatabaseLocked, type MovedFile } from '../driver.ts'
import { databaseBytes } from './database-bytes.ts'
import { hasCode } from './has-code.ts'
import { upgradeSchema } from './migrate.ts'
import { OwnFiles } from './own-files.ts'
import { refuseForeign, refuseForeignFile } from './ownership.ts'
import { isOutOfRoom, Reserve } from './reserve.ts'
import type { Row, SqlValue } from './rows.ts'
import { WriteAheadLog } from './write-ahead-log.ts'

/** Larger files are not read through at start: that would take longer than a start may. */
const MAX_CHECKED_BYTES = 16 * 1024 * 1024

/**
 * How long SQLite waits at the start for the lock of another process, ms. After the start it does
 * not wait: the store asks again (`retryWhileLocked`), so that reads go on.
 */
const MAX_LOCKED_AT_START_MS = 5000

export class Connection {
  readonly #db: Database
  readonly #log: WriteAheadLog | null
  readonly #statements = new Map<string, Statement<Row, SqlValue[]>>()
  readonly #files: OwnFiles | null
  #skipsCheckpoint = false
  /** Room for when the disk is full; null without a disk. */
  readonly reserve: Reserve | null

  /**
   * Throws when the file is not a database, is damaged, was written by a newer version or is a
   * database of something else; and then nothing was changed.
   */
  constructor(file: string) {
    if (file !== ':memory:') refuseForeignFile(file, MAX_LOCKED_AT_START_MS)
    this.#db = new Database(file, { create: true, strict: true })
    try {
      this.#db.run(`pragma busy_timeout = ${MAX_LOCKED_AT_START_MS}`)
      useWriteAheadLog(this.#db)
      this.#db.run('pragma synchronous = full')
      this.#log = file === ':memory:' ? null : new WriteAheadLog(this.#db, file)
      checkIntegrity(this.#db)
      upgradeSchema(this.#db)
      // A wait in SQLite would hold up the reads behind it, which no lock concerns.
      this.#db.run('pragma busy_timeout = 0')
      // Only now: it leaves that at 0.
      this.#log?.committed()
      this.#files = file === ':memory:' ? null : new OwnFiles(this.#db, file)
      this.reserve = file === ':memory:' ? null : new Reserve(file)
    } catch (error) {
      this.#db.close()
      throw error
    }
  }

  /**
   * Opens it even on a disk that has not the 32 KB left which that takes: then the reserve is
   * given up. Throws as the constructor does.
   */
  static open(file: string): Connection {
    try {
      return new Connection(file)
    } catch (error) {
      if (!isOutOfRoom(error) || !new Reserve(file).giveUp()) throw error
      return new Connection(file)
    }
  }

  run(sql: string, ...values: SqlValue[]): Changes {
    return this.#prepare(sql).run(...values)
  }

  all(sql: string, ...values: SqlValue[]): Row[] {
    return this.#prepare(sql).all(...values)
  }

  /** For queries that always give a row. */
  one(sql: string, ...values: SqlValue[]): Row {
    return this.#prepare(sql).get(...values)!
  }

  /**
   * All of what `work` does or, when it throws, nothing of it. Throws DatabaseLocked, and has not
   * begun, while another process holds the lock.
   */
  transaction<T>(work: () => T): T {
    this.#begin()
    this.#skipsCheckpoint = false
    try {
      const result = work()
      this.#log?.setAutocheckpoint(!this.#skipsCheckpoint)
      this.run('commit')
      this.#log?.committed()
      return result
    } catch (error) {
      // A failed COMMIT may have rolled back by itself.
      if (this.#db.inTransaction) this.run('rollback')
      throw error
    }
  }

  /** The transaction under way does not write the log back, however long it is: a caller waits. */
  skipCheckpoint(): void {
    this.#skipsCheckpoint = true
  }

  /**
   * Whether the disk has little left: then only small transactions may be made. A large one that
   * does not fit leaves a log that takes all the room there is, and can't be written back.
   */
  isDiskTight(): boolean {
    return this.#log?.isDiskTight() ?? false
  }

  /** Frees space on a disk that is full. False when there is none to be freed. */
  freeSpace(): boolean {
    return this.#log?.truncate() ?? false
  }

  /** Whether nothing is in it that is not in the database's file. */
  isLogEmpty(): boolean {
    return this.#log?.isEmpty() ?? true
  }

  /** Writes all of it into the database. False while somebody reads from it. */
  emptyLog(): boolean {
    return this.#log?.empty() ?? true
  }

  /**
   * What `work` deletes is zeroed. Not always on: the journal's pages, which are freed all the
   * time, would all be written once more.
   */
  withSecureDelete(work: () => void): void {
    // Not prepared: it takes effect when it is compiled.
    this.#db.run('pragma secure_delete = on')
    try {
      work()
    } finally {
      this.#db.run('pragma secure_delete = off')
    }
  }

  /**
   * null while all files are as they were left. What is in a log that was deleted is written into
   * the database: so nothing of it is lost.
   */
  movedFile(): MovedFile | null {
    const moved = this.#files?.moved() ?? null
    const isLog = moved?.role === 'write-ahead log of the database'
    if (isLog && moved.became !== 'truncated' && this.#files!.logIsGone) this.freeSpace()
    return moved
  }

  close(): void {
    this.#db.close()
  }

  #begin(): void {
    try {
      this.run('begin immediate')
    } catch (error) {
      throw isLock(error) ? new DatabaseLocked((error as Error).message) : error
    }
  }

  #prepare(sql: string): Statement<Row, SqlValue[]> {
    let statement = this.#statements.get(sql)
    if (!statement) {
      statement = this.#db.query<Row, SqlValue[]>(sql)
      this.#statements.set(sql, statement)
    }
    return statement
  }
}

/** PROTOCOL is a race for the lock that was lost too often. */
function isLock(error: unknown): boolean {
  return hasCode(error, /^SQLITE_(BUSY|PROTOCOL)/)
}

function useWriteAheadLog(db: Database): void {
  const { journal_mode } = db.query<{ journal_mode: string }, []>('pragma journal_mode').get()!
  if (journal_mode === 'wal') return
  // The change itself does not wait for a lock; this does. Who had it may have made tables.
  db.transaction(() => refuseForeign(db)).exclusive()
  db.run('pragma journal_mode = wal')
}

function checkIntegrity(db: Database): void {
  if (databaseBytes(db) > MAX_CHECKED_BYTES) return
  const result = db.query<{ quick_check: string }, []>('pragma quick_check(1)').get()
  if (result?.quick_check !== 'ok') throw new Error(`damaged: ${result?.quick_check}`)
}
