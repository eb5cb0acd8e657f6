/** The rows of the tables that nodes share, and how they are read. */
import type { RefusedWrite } from '../../../src/store/driver.ts'
import type { FencedClaim, Hold, SharedWrite } from '../../../src/store/shared/database.ts'
import type { NodeInfo } from '../../../src/store/shared/work.ts'
import type { TaskPage, TaskQuery } from '../../../src/store/store.ts'
import { isFinished, retryCount, type Task } from '../../../src/task.ts'

/** One task in the table of live ones. */
export interface LiveRow {
  task: Task
  /** A session; null: nobody. */
  owner: string | null
  fence: number
  /** Of its owner's last write. */
  step: number
  /** By which of its owner's claims it was got; null: by none. */
  claim: number | null
  isCancelAsked: boolean
  readonly createdAt: number
  dueAt: number
  /** What made it, while nothing has changed it since. */
  fresh: 'inserted' | 'resumed' | null
}

export interface HistoryRow {
  readonly task: Task
  readonly endedBy: Hold
  readonly endedAt: number
}

/** Hears of each change as it is made. */
export interface TablesObserver {
  joined(session: string, node: NodeInfo): void
  renewed(session: string, isAlive: boolean): void
  /** `how`: its own node has ended it, or somebody has found that its lease had run out. */
  died(session: string, how: 'left' | 'run out'): void
  /** `session`: null: it is nobody's now. */
  owned(taskId: string, session: string | null, fence: number, dueAt: number): void
  claimed(claim: FencedClaim, session: string): void
  written(write: SharedWrite): void
  refused(write: SharedWrite, reason: RefusedWrite['reason']): void
  undone(task: Task, what: 'inserted' | 'resumed', now: number): void
  forgotten(taskId: string): void
}

export function claimOf(row: LiveRow, now: number): FencedClaim {
  const { task, fence, dueAt, createdAt, isCancelAsked } = row
  const { id, mode, status, dropletName, delayMs, timeoutMs, deadlineMs } = task
  return {
    task: {
      ...{ id, mode, status: status as 'queued' | 'running', dropletName, delayMs },
      ...{ createdAt: task.createdAt, dueAt: task.dueAt, timeoutMs, deadlineMs },
    },
    waitMs: task.dueAt === null ? 0 : dueAt - now,
    ageMs: now - createdAt,
    isCancelAsked,
    fence,
  }
}

/** Of the filters, callers in the simulation use the status alone. */
export function pageOf(all: readonly Task[], { status, limit, cursor }: TaskQuery): TaskPage {
  const matches = all
    .filter((task) => status === undefined || task.status === status)
    .sort((a, b) => placeOf(b.id) - placeOf(a.id))
  const page = matches.filter(({ id }) => cursor === undefined || placeOf(id) < placeOf(cursor))
  const tasks = page.slice(0, limit)
  const nextCursor = page.length > limit ? tasks.at(-1)!.id : null
  const summaries = tasks.map((task) => ({ ...task, retryCount: retryCount(task) }))
  return { tasks: summaries, total: matches.length, nextCursor }
}

/** A new task's id has the higher number. */
function placeOf(id: string): number {
  return Number(id.slice(1))
}

/** Only what is to be sent again, perhaps by another node, keeps its values. */
export function withoutNeedlessSecrets(task: Task): Task {
  const copy = structuredClone(task)
  if (copy.secretHeaders === null || (task.mode === 'async' && !isFinished(task))) return copy
  const names = Object.keys(copy.secretHeaders).map((name) => [name, null])
  return { ...copy, secretHeaders: Object.fromEntries(names) }
}
