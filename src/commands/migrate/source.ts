/** The SQLite file that is moved: locked, and read from a copy. */
import { mkdirSync, rmSync } from 'node:fs'
import { resolve } from 'node:path'
import { errorText } from '../../errors.ts'
import { fileSize } from '../../platform/disk.ts'
import { lockDatabase, lockHolder } from '../../platform/file-lock.ts'
import { copyDatabase } from '../../store/sqlite/backup.ts'
import { WholeHistory } from '../../store/sqlite/whole-history.ts'

export interface LockedSource {
  /** Copies it, which takes some seconds for a million tasks; then it can be read. */
  open(): WholeHistory
  /** Also takes the copy away. */
  close(): void
}

/**
 * Locks it, so that no service writes to it meanwhile. Throws, with a message for people. Nothing
 * of the file changes: what is brought to the newest schema is the copy, which is beside it, on a
 * disk that has room for as much, and for its owner only.
 */
export function lockSource(file: string, cwd: string): LockedSource {
  const path = resolve(cwd, file)
  if (fileSize(path) === 0) throw new Error(`There is no database ${path} that can be read`)
  const unlock = lock(path)
  // Nobody else uses it: one that is there is of a run that was killed.
  const folder = `${path}.migrate`
  let history: WholeHistory | null = null
  return {
    open: () => (history = copied(path, folder)),
    close() {
      history?.close()
      rmSync(folder, { recursive: true, force: true })
      unlock()
    },
  }
}

function lock(path: string): () => void {
  try {
    return lockDatabase(path)
  } catch (error) {
    const pid = lockHolder(path)
    const reason =
      pid === null
        ? `cannot be opened: ${errorText(error)}`
        : `is in use by an orchestrator (process ${pid}): stop that first`
    throw new Error(`${path} ${reason}`, { cause: error })
  }
}

function copied(path: string, folder: string): WholeHistory {
  try {
    rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { mode: 0o700 })
    copyDatabase(path, `${folder}/copy.db`)
    return new WholeHistory(`${folder}/copy.db`)
  } catch (error) {
    const reason = `${path} cannot be copied into ${folder}, to read it: ${errorText(error)}`
    throw new Error(reason, { cause: error })
  }
}
