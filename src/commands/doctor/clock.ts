import { LIMIT_WITH_REGISTRY_MS, type Check } from './check.ts'
import { failure, ok, warning, type Finding } from './finding.ts'
import type { DatabaseState } from '../../store/sqlite/inspect.ts'
import type { DoctorWorld } from './world.ts'

export const CLOCK: Check = {
  name: 'clock',
  group: 'machine',
  limitMs: LIMIT_WITH_REGISTRY_MS,
  run: lookAtClock,
}

/** What the network and whole seconds make of two clocks that agree. */
const TOLERANCE_MS = 5000
/** Signed requests (Standard Webhooks) are refused beyond this. */
const REFUSED_MS = 5 * 60 * 1000

type World = Pick<DoctorWorld, 'clock' | 'registry' | 'database' | 'postgres'>

const ADVICE = 'let it be set by the network: timedatectl set-ntp true'

async function lookAtClock(world: World): Promise<Finding[]> {
  const { aheadMs } = await world.registry()
  const postgres = await ofPostgres(world)
  const findings = [
    ...beside("the Registry's", aheadMs),
    ...beside("Postgres's", postgres?.aheadMs ?? null),
    ...(postgres ? [] : besideHistory(world)),
  ]
  if (findings.length > 0) return findings
  const agreeing = [aheadMs !== null && 'the Registry', postgres && 'Postgres'].filter(Boolean)
  if (agreeing.length === 0)
    return [ok('nothing to compare it with: no Registry has told its time')]
  return [ok(`it agrees with ${agreeing.join(' and ')}`)]
}

/** null: it is none, or does not answer, which is for the check of the database. */
async function ofPostgres({ postgres }: World): Promise<{ aheadMs: number } | null> {
  try {
    return (await postgres())?.server ?? null
  } catch {
    return null
  }
}

function beside(whose: string, aheadMs: number | null): Finding[] {
  if (aheadMs === null || Math.abs(aheadMs) <= TOLERANCE_MS) return []
  const seconds = Math.round(Math.abs(aheadMs) / 1000)
  const found = `${seconds} s ${aheadMs > 0 ? 'behind' : 'ahead of'} ${whose}`
  return [Math.abs(aheadMs) > REFUSED_MS ? failure(found, ADVICE) : warning(found, ADVICE)]
}

function besideHistory({ clock, database }: World): Finding[] {
  const newestAt = newestIn(database)
  const behindMs = newestAt === null ? 0 : newestAt - clock.now()
  if (behindMs <= TOLERANCE_MS) return []
  const found = `the newest task is from ${Math.round(behindMs / 1000)} s ahead`
  return [warning(`${found}: the clock was set back`, ADVICE)]
}

function newestIn(database: () => DatabaseState): number | null {
  try {
    return database().newestAt
  } catch {
    // That is for the check of the database.
    return null
  }
}
