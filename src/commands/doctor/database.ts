import { statSync } from 'node:fs'
import { dirname } from 'node:path'
import { isPostgres } from '../../config/database.ts'
import { codeOf, errorText } from '../../errors.ts'
import { fileSize } from '../../platform/disk.ts'
import { lockHolder } from '../../platform/file-lock.ts'
import type { DatabaseState } from '../../store/sqlite/inspect.ts'
import { canWrite } from '../command.ts'
import { bytesText } from '../terminal/bytes-text.ts'
import type { Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import { lookAtPostgres } from './postgres.ts'
import type { DoctorWorld } from './world.ts'

export const DATABASE: Check = { name: 'database', group: 'machine', run: lookAtDatabase }

/** The service keeps it at 20 MiB, and writes it back from 64 MiB on. */
const LARGE_LOG_BYTES = 128 * 1024 * 1024
const READABLE_BY_OTHERS = 0o044

type World = Pick<DoctorWorld, 'config' | 'database' | 'ownService' | 'postgres'>

/** What `serve` would do with it, without doing it. Nothing of it is changed. */
export async function lookAtDatabase(world: World): Promise<Finding[]> {
  const { db } = world.config.task
  if (db === ':memory:') return [ok('TASK_DB=:memory: keeps nothing over a restart')]
  if (isPostgres(db)) return lookAtPostgres(world)
  const findings = look(world, db)
  const inUse = await usedByAnother(world, db)
  return [...findings, ...inUse]
}

function look(world: World, db: string): Finding[] {
  try {
    // To open one of another kind, a pipe or a device, may take for ever, or do something.
    if (!statSync(db).isFile()) {
      return [failure(`${db} is not a regular file`, 'name a file in TASK_DB')]
    }
  } catch (error) {
    const isMissing = ['ENOENT', 'ENOTDIR'].includes(String(codeOf(error)))
    return [isMissing ? missing(db) : unusable(db, error)]
  }
  return present(world, db)
}

function missing(db: string): Finding {
  return canWrite(dirname(db))
    ? ok(`${db} is not there yet: the service makes it at its start`)
    : failure(
        `${db} is not there, and its folder cannot be written by this user`,
        'make the folder, or set TASK_DB; under systemd the unit sees to it: run the doctor as root',
      )
}

function present(world: World, db: string): Finding[] {
  if (fileSize(db) === 0) return [ok(`${db} is empty: the service makes its tables at its start`)]
  try {
    return [...stateFindings(db, world.database()), ...modeFindings(db)]
  } catch (error) {
    return [unusable(db, error)]
  }
}

function unusable(db: string, error: unknown): Finding {
  const code = String(codeOf(error))
  const found = `${db}: ${errorText(error)}`
  if (/^SQLITE_(BUSY|PROTOCOL)/.test(code)) {
    return warning(found, 'another program has it locked: try again')
  }
  if (/^(SQLITE_(CANTOPEN|PERM|AUTH|READONLY)|EACCES)/.test(code)) {
    return warning(found, 'this user may not read it: run the doctor as root')
  }
  return failure(found, 'move it away to start with an empty history, or restore a backup')
}

function stateFindings(db: string, state: DatabaseState): Finding[] {
  const { schema, latestSchema, bytes, freeBytes, logBytes, integrity } = state
  const findings: Finding[] = []
  if (integrity !== null && integrity !== 'ok') {
    findings.push(failure(`${db} is damaged: ${integrity}`, 'restore a backup, or move it away'))
  }
  if (logBytes > LARGE_LOG_BYTES) {
    const found = `its write-ahead log has ${bytesText(logBytes)}`
    findings.push(
      warning(found, 'end what reads from it all the time: a backup, sqlite3, Litestream'),
    )
  }
  if (findings.length > 0) return findings
  const read =
    integrity === null
      ? `not read through, as it is large: sqlite3 ${db} 'pragma quick_check'`
      : 'undamaged'
  const older =
    schema < latestSchema ? `, which the next start brings to ${latestSchema}` : ', the newest'
  const sizes = `${bytesText(bytes)} (${bytesText(freeBytes)} free), log ${bytesText(logBytes)}`
  return [ok(`${db}: ${sizes}; ${read}; schema ${schema}${older}`)]
}

function modeFindings(db: string): Finding[] {
  const { mode } = statSync(db)
  if ((mode & READABLE_BY_OTHERS) === 0) return []
  const found = `${db} may be read by others, and holds payloads and secret headers`
  return [warning(found, `chmod 600 ${db}`)]
}

/** By another one than the service of these settings: `serve` would end at once. */
async function usedByAnother(world: World, db: string): Promise<Finding[]> {
  const pid = lockHolder(db)
  if (pid === null) return []
  const own = await world.ownService()
  // With PORT=0 nobody can tell which one it is.
  if (own.kind === 'running' || own.kind === 'unknown') return []
  const found = `${db} is in use by another orchestrator (process ${pid})`
  return [failure(found, 'end that one, or set another TASK_DB or PORT')]
}
