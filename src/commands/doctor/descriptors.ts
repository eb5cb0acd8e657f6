import { readFileSync } from 'node:fs'
import { isPostgres } from '../../config/database.ts'
import { lockHolder } from '../../platform/file-lock.ts'
import type { Check } from './check.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const DESCRIPTORS: Check = { name: 'descriptors', group: 'machine', run: lookAtLimits }

/** A task has the connection of its caller and that to its droplet. */
const OF_A_TASK = 2
/** The database, the log, the Registry, probes, callers that only ask. */
const OF_ALL_ELSE = 256

/** Of proc_pid_limits(5): soft and hard. */
const OPEN_FILES = /^Max open files +(\d+|unlimited) +(\d+|unlimited)/m

function lookAtLimits({ config }: Pick<DoctorWorld, 'config'>): Finding[] {
  const { db } = config.task
  // A service with Postgres locks no file: which process it is, nobody here knows.
  const pid = db === ':memory:' || isPostgres(db) ? null : lockHolder(db)
  const ofService = pid === null ? null : limitOf(String(pid))
  const limit = ofService ?? limitOf('self')
  if (limit === null) return [warning('the limit is not known', 'see ulimit -n')]
  const whose = ofService === null ? 'a service that is started here' : 'the service that runs'
  const { maxRunning } = config.task
  const { maxConcurrency } = config.droplets
  const needed = OF_A_TASK * maxRunning + OF_ALL_ELSE
  const found = `${whose} may have ${limit} open files`
  if (limit >= needed) return [ok(`${found}; TASK_MAX_RUNNING=${maxRunning} needs ${needed}`)]
  const enough = Math.max(0, Math.floor((limit - OF_ALL_ELSE) / OF_A_TASK))
  const busy = enough < maxConcurrency ? `, less than one droplet may have (${maxConcurrency})` : ''
  const advice = `raise LimitNOFILE in the unit (or ulimit -n) to ${needed}, or lower TASK_MAX_RUNNING`
  return [warning(`${found}, enough for ${enough} of ${maxRunning} tasks at once${busy}`, advice)]
}

/** The hard one: Bun raises the soft one to it. */
function limitOf(process: string): number | null {
  try {
    const [, , hard] = OPEN_FILES.exec(readFileSync(`/proc/${process}/limits`, 'utf8')) ?? []
    if (hard === undefined) return null
    return hard === 'unlimited' ? Infinity : Number(hard)
  } catch {
    return null
  }
}
