/**
 * Several nodes: a submission that was refused, though it came to the database, is undone before
 * long, unless its node goes or another has it by then.
 */
import { hasEnded, type TaskModel } from '../model/task-model.ts'
import type { Checker, Context } from '../check/checker.ts'

/** Every 5 s, and what a statement may take. */
const MAX_UNDO_MS = 20_000

export function refusedIsUndone({ world, model, cluster }: Context): Checker {
  function overdueMs(task: TaskModel): number {
    const { owner, refusedAt } = task
    if (task.refusedBy === null || refusedAt < 0 || hasEnded(task)) return 0
    if (owner?.process !== task.refusedBy || owner.fence > 1) return 0
    const node = cluster!.nodeOf(owner)
    if (!node) return 0
    return world.now - Math.max(refusedAt, task.writtenAt, node.store.disturbedUntil)
  }

  return {
    watchAll: () =>
      [...model.tasks.unfinished]
        .filter((task) => overdueMs(task) > MAX_UNDO_MS)
        .map(({ id }) => ({ text: 'it was refused, and is still there', taskId: id })),
  }
}
