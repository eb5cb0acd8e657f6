/** Which events a reader has asked for. */
import { nameKey } from '../../droplets/droplet.ts'
import type { TaskFilter } from '../../store/store.ts'
import { statusesOf, type StatusFilter } from '../../task.ts'
import type { TaskChange } from './task-change.ts'

export const KINDS = ['task', 'droplet', 'overview'] as const
export type Kind = (typeof KINDS)[number]

export interface Selection {
  readonly kinds: ReadonlySet<Kind>
  /** Of the `task` events. Droplets by their keys. */
  readonly filter: TaskFilter
  readonly taskId: string | null
  /** `task` events a second; null: all. */
  readonly taskRate: number | null
}

/** Whether the change concerns a list that is filtered so. */
export function selects({ kinds, filter, taskId }: Selection, { task, type }: TaskChange): boolean {
  if (!kinds.has('task') || (taskId !== null && task.id !== taskId)) return false
  const { status, droplets, mode, responseStatus, requestId, replayOf } = filter
  return (
    (status === undefined || isIn(status, task) || leaves(status, type)) &&
    (droplets === undefined || droplets.includes(nameKey(task.dropletName))) &&
    (mode === undefined || task.mode === mode) &&
    (responseStatus === undefined || isWithin(task.responseStatus, responseStatus)) &&
    (requestId === undefined || task.requestId === requestId) &&
    (replayOf === undefined || task.replayOf === replayOf) &&
    isCreatedWithin(task.createdAt, filter)
  )
}

function isIn(status: StatusFilter, task: TaskChange['task']): boolean {
  return statusesOf(status).includes(task.status)
}

/** A list of the running tasks must hear that one of them has ended. */
function leaves(status: StatusFilter, type: TaskChange['type']): boolean {
  if (status === 'queued') return type === 'attempt started' || type === 'ended'
  return status === 'running' && type === 'ended'
}

function isWithin(status: number | null, { from, to }: { from: number; to: number }): boolean {
  return status !== null && status >= from && status <= to
}

function isCreatedWithin(at: number, { createdFrom, createdBefore }: TaskFilter): boolean {
  return (
    (createdFrom === undefined || at >= createdFrom) &&
    (createdBefore === undefined || at < createdBefore)
  )
}
