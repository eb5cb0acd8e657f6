import { within } from '../platform/time-limit.ts'
import type { Clock } from '../ports.ts'
import type { TaskStore } from '../store/store.ts'
import type { Task } from '../task.ts'

/** How long one read may take, ms: its caller has waited for the task's end already. */
const MAX_READ_MS = 1000

/** The task as it is now or, where that can't be read or is not there any more, as it was. */
export async function latest(
  store: Pick<TaskStore, 'find'>,
  task: Task,
  clock: Clock,
): Promise<Task> {
  const read = await within(clock, MAX_READ_MS, null, () => store.find(task.id))
  return (read.ok ? read.value : null) ?? task
}
