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
import { dirname, resolve } from 'node:path'
import { effectiveText } from '../config/source.ts'
import { VARIABLES } from '../config/variables.ts'
import { codeOf, errorText } from '../errors.ts'
import { systemClock } from '../platform/clock.ts'
import { fileSize } from '../platform/disk.ts'
import { randomBytes } from '../platform/random.ts'
import { copyDatabase, type BackupReport } from '../store/sqlite/backup.ts'
import {
  configWorld,
  EXIT,
  misused,
  readArguments,
  UNIT_SETTINGS,
  type CommandIo,
} from './command.ts'

const IN_MEMORY = ':memory:'

/**
 * `orchestrator backup FILE`: a copy of the database, while the service runs or not. The FILE is
 * there when all of it is, checked and on disk, or not at all; one that is there stays as it is.
 */
export async function backup(args: string[], io: CommandIo): Promise<number> {
  const given = readArguments('backup', args, io, { max: 1 })
  if (!given) return EXIT.usage
  const [file] = given.positionals
  if (!file) {
    misused('backup', io, 'Into which FILE?')
    return EXIT.usage
  }
  try {
    const { tasks, bytes } = await copyInto(resolve(io.cwd, file), databaseOf(io), io)
    io.stdout(`${file}: ${tasks} tasks, ${sizeText(bytes)}, checked\n`)
    return EXIT.ok
  } catch (error) {
    io.stderr(`${errorText(error)}\n`)
    return EXIT.failed
  }
}

/** That of the environment or of --env-file; else that of the unit; else where it is by default. */
function databaseOf(io: CommandIo): string {
  const unit = io.env.TASK_DB ? {} : io.unitSettings()
  if (unit === null) io.stderr(`${UNIT_SETTINGS} cannot be read: which TASK_DB?\n`)
  const env = { ...io.env, TASK_DB: io.env.TASK_DB || unit?.TASK_DB }
  const text = effectiveText('TASK_DB', env, configWorld(io))?.text
  const database = text && VARIABLES.TASK_DB.kind.parse(text)
  if (!database) throw new Error(`Which database? Set TASK_DB to ${VARIABLES.TASK_DB.kind.allowed}`)
  if (database === IN_MEMORY) {
    throw new Error(
      `TASK_DB=${IN_MEMORY} keeps its tasks in the service alone: no copy can be made`,
    )
  }
  const path = resolve(io.cwd, database)
  if (fileSize(path) > 0) return path
  throw new Error(`There is no database ${path} that can be read: TASK_DB must name it`)
}

/** Under another name first. Whatever fails, or ends it, nothing of it stays. */
async function copyInto(file: string, database: string, io: CommandIo): Promise<BackupReport> {
  if (!isDirectory(dirname(file))) {
    throw new Error(`The backup cannot be written: there is no directory ${dirname(file)}`)
  }
  if (lstatSync(file, { throwIfNoEntry: false })) {
    throw new Error(`${file} is there already, and is never overwritten`)
  }
  let stoppedBy: string | null = null
  io.onStopSignal((name) => void (stoppedBy = name))
  const temporary = `${file}.${Buffer.from(randomBytes(4)).toString('hex')}.partial`
  createEmpty(temporary)
  try {
    const report = copied(database, temporary, file)
    // SQLite holds up the event loop: a signal that came meanwhile is told now.
    await new Promise<void>((next) => systemClock.soon(next))
    if (stoppedBy !== null) throw new Error(`ended by ${stoppedBy}`)
    sync(temporary)
    publish(temporary, file)
    sync(dirname(file))
    return report
  } finally {
    for (const suffix of ['', '-journal']) rmSync(temporary + suffix, { force: true })
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
function createEmpty(file: string): void {
  try {
    closeSync(openSync(file, 'wx', 0o600))
  } catch (error) {
    throw new Error(`The backup cannot be written: ${errorText(error)}`, { cause: error })
  }
}

function copied(database: string, temporary: string, file: string): BackupReport {
  try {
    return copyDatabase(database, temporary)
  } catch (error) {
    const reason = `The database ${database} cannot be copied into ${file}: ${errorText(error)}`
    throw new Error(reason, { cause: error })
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

function sizeText(bytes: number): string {
  return bytes < 1_000_000
    ? `${Math.ceil(bytes / 1000)} kB`
    : `${(bytes / 1_000_000).toFixed(1)} MB`
}
