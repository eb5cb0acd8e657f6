import type { DatabaseState } from '../../store/sqlite/inspect.ts'
import { counted, durationText } from '../terminal/texts.ts'
import type { Check } from './check.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const QUEUE: Check = { name: 'queue', group: 'service', run: lookAtQueue }

/** As the service itself warns of it. */
const LONG_WAIT_MS = 60_000

type World = Pick<DoctorWorld, 'clock' | 'database'>

/** Tasks that should have been sent long ago, as the disk has them: whether the service runs or not. */
function lookAtQueue(world: World): Finding[] {
  const state = read(world)
  if (state === null) return [ok('not known without the database')]
  const { queued, oldestDueAt } = state
  const lateMs = oldestDueAt === null ? 0 : world.clock.now() - oldestDueAt
  const found = `${counted(queued, 'asynchronous task')} queued`
  if (lateMs < LONG_WAIT_MS) return [ok(found)]
  return [
    warning(
      `${found}, the oldest due for ${durationText(lateMs)}`,
      'does the service run, and do their droplets answer? If they do, raise TASK_CONCURRENCY',
    ),
  ]
}

/** null: why not is for the check of the database. */
function read({ database }: World): DatabaseState | null {
  try {
    return database()
  } catch {
    return null
  }
}
