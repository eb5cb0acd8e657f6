import { existsSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { isPostgres } from '../../config/database.ts'
import { diskRoom, type DiskRoom } from '../../platform/disk.ts'
import { bytesText } from '../terminal/bytes-text.ts'
import type { Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const DISK: Check = { name: 'disk', group: 'machine', run: lookAtDisks }

/** A commit, the log and the database that grows must fit. */
const NEEDED_BYTES = 32 * 1024 * 1024
/** With less, the service writes small transactions only (store/sqlite/write-ahead-log.ts). */
const AMPLE_BYTES = 256 * 1024 * 1024
const NEEDED_FILES = 16
const AMPLE_FILES = 1000

function lookAtDisks({ config }: Pick<DoctorWorld, 'config'>): Finding[] {
  const { db } = config.task
  const hasFile = db !== ':memory:' && !isPostgres(db)
  const folders = [...(hasFile ? [dirname(resolve(db))] : []), config.registry.cacheDir]
  const findings = folders.map(lookAtDisk)
  return isPostgres(db) ? [...findings, ok(OF_POSTGRES)] : findings
}

const OF_POSTGRES = 'that of Postgres is its own: what it has left cannot be seen from here'

function lookAtDisk(folder: string): Finding {
  const room = diskRoom(nearest(folder))
  if (!room) return warning(`${folder}: what its disk has left is not known`, 'see df')
  const { bytes, files } = room
  const left = `${folder}: ${bytesText(bytes)}${files === null ? '' : ` and ${files} files`} left`
  const advice = 'make room: a smaller TASK_MAX_HISTORY or TASK_HISTORY_TTL, or a larger disk'
  if (isBelow(room, NEEDED_BYTES, NEEDED_FILES)) return failure(left, advice)
  return isBelow(room, AMPLE_BYTES, AMPLE_FILES) ? warning(left, advice) : ok(left)
}

function isBelow({ bytes, files }: DiskRoom, minBytes: number, minFiles: number): boolean {
  return bytes < minBytes || (files !== null && files < minFiles)
}

/** The folder, or what it would be made in. */
function nearest(folder: string): string {
  return existsSync(folder) || dirname(folder) === folder ? folder : nearest(dirname(folder))
}
