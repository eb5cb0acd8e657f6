/** The history holds every task in its latest state; it forgets only what retention allows. */
import { writeCursor } from '../../../src/store/sqlite/cursor.ts'
import type { TaskSummary } from '../../../src/task.ts'
import { hasEnded, type TaskModel } from '../model/task-model.ts'
import type { Checker, Context, TaskFinding } from '../check/checker.ts'

export function historyIsComplete(context: Context): Checker {
  const { world, model } = context
  /** The latest that the wall clock ever was. */
  let latestWall = 0
  const readWallClock = () => {
    latestWall = Math.max(latestWall, world.wall)
    return null
  }

  return {
    wallClockJumps: readWallClock,

    audit() {
      readWallClock()
      const { rows, total } = everything(context)
      const findings: TaskFinding[] = []
      if (total !== rows.size) {
        findings.push({ text: `the list counts ${total} of ${rows.size} tasks`, taskId: null })
      }
      const tasks = [...model.tasks.all]
      const ended = tasks.filter((task) => task.lastCompletedAt !== null)
      for (const task of tasks) {
        if (!task.row) continue
        const row = rows.get(task.id)
        rows.delete(task.id)
        const text = row ? rowFault(task, row) : missingFault(task, ended, latestWall, context)
        if (text) findings.push({ text, taskId: task.id })
        else if (!row) model.tasks.forget(task)
      }
      for (const id of rows.keys()) {
        findings.push({ text: 'it is on disk, and was never submitted', taskId: id })
      }
      return findings
    },
  }
}

function everything({ sqlite: disk }: Context): { rows: Map<string, TaskSummary>; total: number } {
  const rows = new Map<string, TaskSummary>()
  let cursor: string | undefined
  for (;;) {
    const query = { limit: 1000, ...(cursor === undefined ? {} : { cursor }) }
    const { tasks, total } = disk!.history.list(query)!
    for (const { task } of tasks) rows.set(task.id, task)
    if (tasks.length < query.limit) return { rows, total }
    cursor = writeCursor(tasks.at(-1)!.seq)
  }
}

function rowFault({ row }: TaskModel, { status }: TaskSummary): string | null {
  return status === row!.status ? null : `on disk it is ${status}, and not ${row!.status}`
}

function missingFault(
  task: TaskModel,
  ended: readonly TaskModel[],
  latestWall: number,
  { retention }: Context,
): string | null {
  if (!hasEnded(task)) return 'an accepted task is missing'
  const at = task.row!.completed_at as number
  if (retention.ttlMs > 0 && at < latestWall - retention.ttlMs) return null
  const newer = ended.filter((other) => other !== task && other.lastCompletedAt! >= at).length
  return newer >= retention.maxFinished ? null : `it was forgotten, with ${newer} newer ones`
}
