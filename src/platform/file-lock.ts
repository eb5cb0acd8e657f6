/** One orchestrator per database: an advisory lock, which the system drops when we end or crash. */
import { dlopen, FFIType } from 'bun:ffi'
import { closeSync, mkdirSync, openSync, readFileSync, statSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

// flock(2)
const LOCK_EX = 2
const LOCK_NB = 4

/**
 * Locks the database's file and returns a function that unlocks it. Creates the file and its
 * folder if they are missing. Throws when the lock is taken or the file can't be opened.
 *
 * flock(2), not SQLite's own exclusive mode, which would also lock out `sqlite3` and backups.
 * Unlock only after SQLite has closed the file: closing any descriptor of a file drops the fcntl
 * locks that SQLite holds on it.
 */
export function lockDatabase(file: string): () => void {
  if (file === ':memory:') return () => {}
  mkdirSync(dirname(resolve(file)), { recursive: true })
  const descriptor = openSync(file, 'a+', 0o600)
  const libc = dlopen('libc.so.6', {
    flock: { args: [FFIType.i32, FFIType.i32], returns: FFIType.i32 },
  })
  if (libc.symbols.flock(descriptor, LOCK_EX | LOCK_NB) !== 0) {
    closeSync(descriptor)
    throw new Error('in use by another orchestrator')
  }
  return () => closeSync(descriptor)
}

/** Of proc_locks(5): `1: FLOCK  ADVISORY  WRITE 708 00:13:16468 0 EOF` */
const FLOCK = /^\d+: FLOCK +ADVISORY +WRITE +(\d+) [\da-f]+:[\da-f]+:(\d+) /gm

/**
 * The pid of the process that has the lock; null: nobody has it, or that cannot be known here. Takes
 * no lock itself: a service that starts just now would find it taken. Devices are not compared,
 * because the table names others than stat(2) does on some file systems.
 */
export function lockHolder(file: string): number | null {
  try {
    const inode = String(statSync(file, { bigint: true }).ino)
    const held = [...readFileSync('/proc/locks', 'utf8').matchAll(FLOCK)]
    const [, pid] = held.find(([, , lockedInode]) => lockedInode === inode) ?? []
    return pid === undefined ? null : Number(pid)
  } catch {
    return null
  }
}
