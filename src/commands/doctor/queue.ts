import { isPostgres } from '../../config/database.ts'
import type { Queue } from '../../store/postgres/inspect-tables.ts'
import { counted, durationText } from '../terminal/texts.ts'
import type { Check } from './check.ts'
import { ok, warning, type Finding } from './finding.ts'
import type { DoctorWorld } from './world.ts'

export const QUEUE: Check = { name: 'queue', group: 'service', run: lookAtQueue }

/** As the service itself warns of it. */
const LONG_WAIT_MS = 60_000

type World = Pick<DoctorWorld, 'clock' | 'config' | 'database' | 'postgres'>

/** Tasks that should have been sent long ago, as the disk has them: whether the service runs or not. */
async function lookAtQueue(world: World): Promise<Finding[]> {
  const queue = await queueOf(world)
  if (queue === null) return [ok('not known without the database')]
  const { queued, lateMs } = queue
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
async function queueOf({ clock, config, database, postgres }: World): Promise<Queue | null> {
  try {
    if (isPostgres(config.task.db)) return (await postgres())?.tables?.queue ?? null
    const { queued, oldestDueAt } = database()
    return { queued, lateMs: oldestDueAt === null ? 0 : clock.now() - oldestDueAt }
  } catch {
    return null
  }
}
