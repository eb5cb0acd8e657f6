import { isPostgres, shownDatabase } from '../../config/database.ts'
import { VARIABLES } from '../../config/variables.ts'
import { errorText } from '../../errors.ts'
import { systemClock } from '../../platform/clock.ts'
import { openPostgres } from '../../store/postgres/open.ts'
import { compareTasks } from '../../store/shared/compare.ts'
import { moveTasks, type MoveTarget } from '../../store/shared/move.ts'
import type { WholeHistory } from '../../store/sqlite/whole-history.ts'
import { EXIT, misused, readArguments, type Command, type CommandIo } from '../command.ts'
import { taskDatabase } from '../task-database.ts'
import {
  comparedText,
  differencesText,
  movedText,
  Progress,
  SOURCE_IS_KEPT,
  stoppedText,
  type Names,
} from './report.ts'
import { lockSource, type LockedSource } from './source.ts'

export const MIGRATE: Command = {
  name: 'migrate',
  synopsis: '--from FILE [--to URL]',
  summary: 'move the tasks of a SQLite file into a Postgres, and compare them there',
  details: `
Stop the service that uses the FILE first. It is only read, from a copy beside it, which needs as
much room and is taken away at the end; of an older version, only the copy is brought up to date.
Finished tasks come first, then those that wait: the nodes that run there begin with them at once.
A synchronous task that was under way ends as interrupted. Then each task is compared, field by
field (exit code 1: something differs). It may be ended and run again: what is there stays, and
tasks of others are left alone. No node should delete meanwhile: TASK_MAX_HISTORY counts there, too.

  --from FILE  the SQLite file; sqlite:FILE is the same
  --to URL     postgres://USER:PASSWORD@HOST:PORT/DATABASE. Without it, TASK_DB of the environment,
               of --env-file or of the unit: there a password is not seen by others

  TASK_DB=postgres://… orchestrator migrate --from /var/lib/fpai/orchestrator.db
  orchestrator migrate --from sqlite:tasks.db --to postgres://orc:secret@db.example:5432/orc
`,
  run: migrate,
}

/** Of what is moved nothing is forgotten here: that is for the nodes. */
const KEEP_ALL = { maxFinished: Number.MAX_SAFE_INTEGER, ttlMs: 0 }

export async function migrate(args: string[], io: CommandIo): Promise<number> {
  const given = readArguments(MIGRATE, args, io, { flags: { from: '', to: '' } })
  if (!given) return EXIT.usage
  const from = given.flags.from.replace(/^sqlite:(\/\/)?/i, '')
  const fault = usageFault(from, given.flags.to)
  if (fault !== null) {
    misused(MIGRATE, io, fault)
    return EXIT.usage
  }
  try {
    const to = given.flags.to || targetOf(io)
    const source = lockSource(from, io.cwd)
    const stop = heedSignals(io, source)
    try {
      return await moveInto(to, source, { from, to: shownDatabase(to) }, stop, io)
    } finally {
      source.close()
    }
  } catch (error) {
    io.stderr(`${errorText(error)}\n`)
    return EXIT.failed
  }
}

/** No value is told: there may be a password in it. */
function usageFault(from: string, to: string): string | null {
  if (from === '') return 'From which FILE? Name it with --from'
  if (isPostgres(from)) return '--from must be a SQLite file: nothing is moved out of a Postgres'
  if (to === '') return null
  const { kind } = VARIABLES.TASK_DB
  if (!isPostgres(to)) return '--to must be postgres://USER:PASSWORD@HOST:PORT/DATABASE'
  if (kind.parse(to) !== undefined) return null
  return `--to must be postgres://USER:PASSWORD@HOST:PORT/DATABASE: ${kind.reason?.(to)}`
}

function targetOf(io: CommandIo): string {
  const database = taskDatabase(io)
  if (isPostgres(database)) return database
  throw new Error('Where to? Name a Postgres with --to, or in TASK_DB')
}

/** The first signal ends it after the batch that is under way; the second at once. */
function heedSignals(io: CommandIo, source: LockedSource): AbortSignal {
  const stop = new AbortController()
  io.onStopSignal(() => {
    if (stop.signal.aborted) {
      source.close()
      io.exit(EXIT.interrupted)
    }
    stop.abort()
  })
  // A terminal that is closed would else leave the copy behind.
  io.onReloadSignal(() => stop.abort())
  return stop.signal
}

async function moveInto(
  url: string,
  source: LockedSource,
  names: Names,
  stop: AbortSignal,
  io: CommandIo,
): Promise<number> {
  const target = await orStopped(openTarget(url, names), stop)
  if (!target) return stoppedAfter(0, io)
  try {
    return await moveAndCompare(source.open(), target, names, stop, io)
  } finally {
    await target.close()
  }
}

/** null: it was stopped before. A schema that another changes may be waited for. */
function orStopped<T>(work: Promise<T>, stop: AbortSignal): Promise<T | null> {
  return new Promise((resolve, reject) => {
    stop.addEventListener('abort', () => resolve(null))
    work.then(resolve, reject)
  })
}

async function openTarget(url: string, { to }: Names) {
  try {
    return await openPostgres(url, KEEP_ALL, { clock: systemClock, name: 'orchestrator migrate' })
  } catch (error) {
    throw new Error(`${to} cannot be used: ${errorText(error)}`, { cause: error })
  }
}

async function moveAndCompare(
  history: WholeHistory,
  target: MoveTarget,
  names: Names,
  stop: AbortSignal,
  io: CommandIo,
): Promise<number> {
  const { total } = history
  const during = async <T>(verb: string, work: (done: (tasks: number) => void) => Promise<T>) => {
    const progress = new Progress(io, verb, total)
    return work((tasks) => progress.add(tasks)).finally(() => progress.end())
  }
  const now = () => systemClock.now()
  const moved = await during('Moved', (done) =>
    moveTasks(history, target, { now, stop, done }).catch((error) => {
      const again = 'what was moved stays; run it again to go on'
      throw new Error(`${names.to}: ${errorText(error)}; ${again}`, { cause: error })
    }),
  )
  const compared = stop.aborted
    ? null
    : await during('Compared', (done) =>
        compareTasks(history, target, { stop, done }, moved.refused),
      )
  if (!compared || stop.aborted) return stoppedAfter(moved.added, io)
  io.stdout(movedText(moved, names) + comparedText(compared))
  if (compared.differing > 0) {
    io.stderr(differencesText(compared))
    return EXIT.failed
  }
  io.stdout(SOURCE_IS_KEPT(names.from))
  return EXIT.ok
}

function stoppedAfter(added: number, io: CommandIo): number {
  io.stderr(stoppedText(added))
  return EXIT.interrupted
}
