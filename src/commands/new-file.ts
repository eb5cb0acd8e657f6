/** A file that is there whole, and on disk, or not at all. */
import {
  closeSync,
  fsyncSync,
  linkSync,
  lstatSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
} from 'node:fs'
import { dirname } from 'node:path'
import { codeOf, errorText } from '../errors.ts'
import { randomBytes } from '../platform/random.ts'

/**
 * `make` fills an empty file, which only its owner may read and which gets the name `file` once it
 * is on disk. Whatever fails, nothing of it stays. Rejects, with a message for people, when there
 * is such a file already: it is never overwritten.
 */
export async function newFile<T>(
  file: string,
  make: (temporary: string) => Promise<T>,
): Promise<T> {
  if (!isDirectory(dirname(file))) {
    throw new Error(`${file} cannot be written: there is no directory ${dirname(file)}`)
  }
  if (isThere(file)) throw new Error(`${file} is there already, and is never overwritten`)
  const temporary = `${file}.${Buffer.from(randomBytes(4)).toString('hex')}.partial`
  createEmpty(temporary, file)
  try {
    const made = await make(temporary)
    sync(temporary)
    publish(temporary, file)
    sync(dirname(file))
    return made
  } finally {
    // SQLite has one beside it while it writes.
    for (const suffix of ['', '-journal']) rmSync(temporary + suffix, { force: true })
  }
}

/** Also a link to nothing. Where that cannot be told, what comes next fails, and says why. */
function isThere(path: string): boolean {
  try {
    return lstatSync(path, { throwIfNoEntry: false }) !== undefined
  } catch {
    return false
  }
}

function isDirectory(path: string): boolean {
  try {
    return statSync(path).isDirectory()
  } catch {
    return false
  }
}

/** For its owner only, from its first byte on. */
function createEmpty(temporary: string, file: string): void {
  try {
    closeSync(openSync(temporary, 'wx', 0o600))
  } catch (error) {
    throw new Error(`${file} cannot be written: ${errorText(error)}`, { cause: error })
  }
}

/** A rename would replace what somebody has put there meanwhile; a link does not. */
function publish(temporary: string, file: string): void {
  try {
    linkSync(temporary, file)
  } catch (error) {
    // Not every file system has links.
    if (codeOf(error) !== 'EEXIST') return renameSync(temporary, file)
    throw new Error(`${file} is there now, and is never overwritten`, { cause: error })
  }
}

/** Onto the disk: a file's content, or the names in a folder. */
function sync(path: string): void {
  const descriptor = openSync(path, 'r')
  try {
    fsyncSync(descriptor)
  } finally {
    closeSync(descriptor)
  }
}
