/** One orchestrator per database: an advisory lock that ends with the process, however it ends. */
import { dlopen, FFIType } from 'bun:ffi'
import { closeSync, mkdirSync, openSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

// flock(2)
const LOCK_EX = 2
const LOCK_NB = 4

/**
 * Locks the database's file, making it and its folder where they are missing; returns what
 * unlocks it. flock, not SQLite's own exclusive mode: that would keep `sqlite3` and backups out
 * as well. The descriptor must outlive the connection, since closing any descriptor of a file
 * drops the fcntl locks that SQLite holds on it.
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
