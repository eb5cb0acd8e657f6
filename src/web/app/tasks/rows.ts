/**
 * The rows of a list that goes on while somebody reads it. What is shown changes in place and
 * never moves; what is new waits until the reader is at the top, or asks for it.
 */
import type { Page, TaskItem } from '../../../client/types.ts'

export interface Rows {
  /** Newest first. */
  readonly shown: readonly TaskItem[]
  /** Not shown yet: newer than the first, or between those that are shown. In no order. */
  readonly waiting: readonly TaskItem[]
  /** More came than are kept, or events are missing: the list must be read anew to show them. */
  readonly isTorn: boolean
  /** Of the page after the last one shown; null: there is none. */
  readonly cursor: string | null
}

export const NO_ROWS: Rows = { shown: [], waiting: [], isTorn: false, cursor: null }

/** More than this nobody reads one by one. */
export const MAX_WAITING = 200

export function rowsOf({ tasks, next_cursor }: Page): Rows {
  return { ...NO_ROWS, shown: tasks, cursor: next_cursor }
}

/** `isWanted`: it belongs in the list; one that is shown stays there even when it no longer does. */
export function withTask(rows: Rows, task: TaskItem, isWanted: boolean): Rows {
  const shownAt = rows.shown.findIndex(({ id }) => id === task.id)
  if (shownAt >= 0) return { ...rows, shown: rows.shown.with(shownAt, task) }
  const others = rows.waiting.filter(({ id }) => id !== task.id)
  if (!isWanted) return others.length === rows.waiting.length ? rows : { ...rows, waiting: others }
  const last = rows.shown.at(-1)
  // It is on a page that has not been read yet.
  if (rows.cursor !== null && last && isNewer(last, task)) return rows
  if (others.length >= MAX_WAITING) return { ...rows, isTorn: true }
  return { ...rows, waiting: [...others, task] }
}

/** Shows what waits, each in its place. */
export function withWaiting(rows: Rows): Rows {
  if (rows.waiting.length === 0) return rows
  const waiting = rows.waiting.toSorted(newestFirst)
  const newest = rows.shown[0]
  const isAllNewer = newest === undefined || isNewer(waiting.at(-1)!, newest)
  const shown = [...waiting, ...rows.shown]
  return { ...rows, waiting: [], shown: isAllNewer ? shown : shown.sort(newestFirst) }
}

/** The page that follows the last one shown. */
export function withPage(rows: Rows, { tasks, next_cursor }: Page): Rows {
  const known = new Set(rows.shown.map(({ id }) => id))
  const fresh = tasks.filter(({ id }) => !known.has(id))
  const ids = new Set(fresh.map(({ id }) => id))
  return {
    ...rows,
    shown: [...rows.shown, ...fresh],
    waiting: rows.waiting.filter(({ id }) => !ids.has(id)),
    cursor: next_cursor,
  }
}

/** The first page as it is now, after events have been missed: what is shown stays where it is. */
export function withFirstPage(rows: Rows, page: Page): Rows {
  if (rows.shown.length === 0) return rowsOf(page)
  const known = new Set(rows.shown.map(({ id }) => id))
  const isOverlapping = page.next_cursor === null || page.tasks.some(({ id }) => known.has(id))
  const read = page.tasks.reduce((all, task) => withTask(all, task, true), rows)
  return isOverlapping ? read : { ...read, isTorn: true }
}

/** Those that are shown as unfinished, and may have ended: the page says nothing of them. */
export function missedIn(rows: Rows, page: Page): readonly string[] {
  const ids = new Set(page.tasks.map(({ id }) => id))
  return rows.shown.filter((task) => isUnfinished(task) && !ids.has(task.id)).map(({ id }) => id)
}

export function isUnfinished({ status }: Pick<TaskItem, 'status'>): boolean {
  return status === 'queued' || status === 'running'
}

/** The order of a list; within a millisecond, ids have it. */
function newestFirst(a: TaskItem, b: TaskItem): number {
  return b.created_at - a.created_at || (b.id < a.id ? -1 : 1)
}

function isNewer(a: TaskItem, b: TaskItem): boolean {
  return newestFirst(a, b) < 0
}
