import { resolve } from 'node:path'
import { isPostgres, shownDatabase } from '../config/database.ts'
import { errorText } from '../errors.ts'
import { systemClock } from '../platform/clock.ts'
import { fileSize } from '../platform/disk.ts'
import { copyDatabase, type BackupReport } from '../store/sqlite/backup.ts'
import { hasCode } from '../store/sqlite/has-code.ts'
import { EXIT, misused, readArguments, type Command, type CommandIo } from './command.ts'
import { newFile } from './new-file.ts'
import { taskDatabase } from './task-database.ts'
import { bytesText } from './terminal/bytes-text.ts'
import { counted } from './terminal/texts.ts'

const IN_MEMORY = ':memory:'
const PG_DUMP = 'pg_dump --format=custom --file=FILE "$TASK_DB"'

export const BACKUP: Command = {
  name: 'backup',
  synopsis: 'FILE',
  summary: 'copy the database into a new FILE, while the service runs',
  details: `
The database is that of TASK_DB in the environment or in --env-file; without one, in the file that
the systemd unit reads, /etc/fpai/orchestrator.env. The copy is checked, and only its owner may
read it. To restore it, stop the service and put it in the database's place. A Postgres has tools
of its own: pg_dump.

  orchestrator backup /var/backups/orchestrator-$(date +%F).db
`,
  run: backup,
}

/**
 * `orchestrator backup FILE`: a copy of the database, while the service runs or not. The FILE is
 * there when all of it is, checked and on disk, or not at all; one that is there stays as it is.
 */
export async function backup(args: string[], io: CommandIo): Promise<number> {
  const given = readArguments(BACKUP, args, io, { max: 1 })
  if (!given) return EXIT.usage
  const [file] = given.positionals
  if (!file) {
    misused(BACKUP, io, 'Into which FILE?')
    return EXIT.usage
  }
  try {
    const [database, path] = [fileOf(io), resolve(io.cwd, file)]
    // Before there is anything that a signal could leave behind.
    const stoppedBy = heedSignals(io)
    const copy = (temporary: string) => copyUnlessStopped(database, temporary, path, stoppedBy)
    const { tasks, bytes } = await newFile(path, copy)
    io.stdout(`${file}: ${counted(tasks, 'task')}, ${bytesText(bytes)}, checked\n`)
    return EXIT.ok
  } catch (error) {
    io.stderr(`${errorText(error)}\n`)
    return EXIT.failed
  }
}

/** The path of a database that is there. */
function fileOf(io: CommandIo): string {
  const database = taskDatabase(io)
  if (isPostgres(database)) {
    const shown = shownDatabase(database)
    throw new Error(`TASK_DB=${shown} is a Postgres, which has its own tools: ${PG_DUMP}`)
  }
  if (database === IN_MEMORY) {
    throw new Error(
      `TASK_DB=${IN_MEMORY} keeps its tasks in the service alone: no copy can be made`,
    )
  }
  const path = resolve(io.cwd, database)
  if (fileSize(path) > 0) return path
  throw new Error(`There is no database ${path} that can be read: TASK_DB must name it`)
}

/** From now on no signal ends the process. Returns which has asked for that so far; null: none. */
function heedSignals(io: CommandIo): () => string | null {
  let stoppedBy: string | null = null
  io.onStopSignal((name) => void (stoppedBy = name))
  // A terminal that is closed would else leave half a copy behind; it is done in a moment.
  io.onReloadSignal(() => {})
  return () => stoppedBy
}

async function copyUnlessStopped(
  database: string,
  temporary: string,
  file: string,
  stoppedBy: () => string | null,
): Promise<BackupReport> {
  const report = copied(database, temporary, file)
  // SQLite holds up the event loop: a signal that came meanwhile is told now.
  await new Promise<void>((next) => systemClock.soon(next))
  const name = stoppedBy()
  if (name !== null) throw new Error(`ended by ${name}`)
  return report
}

function copied(database: string, temporary: string, file: string): BackupReport {
  try {
    return copyDatabase(database, temporary)
  } catch (error) {
    const isForbidden = hasCode(error, /^SQLITE_(CANTOPEN|READONLY|PERM|AUTH)/)
    const hint = isForbidden ? ' (run it as the owner of the database, or as root)' : ''
    const reason = `The database ${database} cannot be copied into ${file}: ${errorText(error)}${hint}`
    throw new Error(reason, { cause: error })
  }
}
