/**
 * What a group of writes comes to, task by task: the insert and the updates of one task that are
 * in one group are one insert of its last state. That is rare, for each step of a task waits until
 * the last one is written; but one statement must not change a row twice.
 */
import { isFinished, type Task } from '../../task.ts'
import type { RefusedWrite } from '../driver.ts'
import type { SharedWrite } from '../shared/database.ts'
import { faultOf } from './faults.ts'

/** One or more writes of one task, as one. */
export interface Change extends SharedWrite {
  /** As it was first: what was asked for, and the values of secret headers. */
  readonly asked: Task
  /** The first of the writes, whose answer may be another than the others'. */
  readonly first: number
  /** The places of the others in the group. */
  readonly others: readonly number[]
}

export interface Folded {
  /** To be made one after the other; mostly there is one. In each, a task has at most one. */
  readonly rounds: readonly (readonly Change[])[]
  /** Those of which the database need not be asked. */
  readonly refused: readonly RefusedWrite[]
}

export function fold(writes: readonly SharedWrite[]): Folded {
  const refused: RefusedWrite[] = []
  const tasks = new Map<string, Change[]>()
  for (const [index, write] of writes.entries()) {
    const changes = tasks.get(write.task.id) ?? []
    const reason = refusalOf(write, changes.at(-1))
    if (reason !== null) {
      refused.push({ index, reason })
      continue
    }
    add(changes, write, index)
    tasks.set(write.task.id, changes)
  }
  return { rounds: roundsOf([...tasks.values()]), refused }
}

function refusalOf(write: SharedWrite, last: Change | undefined): RefusedWrite['reason'] | null {
  const error = faultOf(write)
  if (error !== null) return { error }
  if (write.kind === 'insert') return null
  if (write.hold === null) return 'not owned'
  if (!last) return null
  // Whether the one before is done or not: after it, the task is not to be had.
  if (write.kind === 'resume') return last.kind === 'resume' ? 'not owned' : null
  return isFinished(last.task) ? 'not owned' : null
}

function add(changes: Change[], write: SharedWrite, index: number): void {
  const last = changes.at(-1)
  const isNext = last && write.kind === 'update' && hasSameRight(last, write)
  if (isNext && !endsResume(last, write.task)) {
    const others = [...last.others, index]
    const { task, hold, waitMs } = write
    changes[changes.length - 1] = { ...last, task, hold, waitMs, others }
  } else changes.push({ ...write, asked: write.task, first: index, others: [] })
}

function hasSameRight({ hold }: Change, write: SharedWrite): boolean {
  return hold?.session === write.hold?.session && hold?.fence === write.hold?.fence
}

/** A resume takes its task out of the history: it does not bring it there. */
function endsResume({ kind }: Change, task: Task): boolean {
  return kind === 'resume' && isFinished(task)
}

/** In the order of their ids: nodes that change the same rows wait for each other, and no more. */
function roundsOf(tasks: readonly Change[][]): Change[][] {
  const rounds: Change[][] = []
  for (const changes of tasks) {
    for (const [round, change] of changes.entries()) (rounds[round] ??= []).push(change)
  }
  return rounds.map((round) => round.sort((a, b) => (a.task.id < b.task.id ? -1 : 1)))
}
