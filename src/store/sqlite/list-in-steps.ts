import type { TaskPage, TaskQuery } from '../store.ts'
import { writeCursor } from './cursor.ts'
import type { ListStep, ListedTask } from './list.ts'

/**
 * A list, in as many steps as the database makes of it: other questions, and above all commits,
 * get their turns in between. null: the cursor is none of ours.
 */
export async function listInSteps(
  step: (query: TaskQuery, from: number | null) => Promise<ListStep | null>,
  query: TaskQuery,
): Promise<TaskPage | null> {
  const isCounted = query.counted !== false
  const listed: ListedTask[] = []
  let total = 0
  let from: number | null = null
  do {
    // One more than the page holds tells whether there is another page.
    const found = await step({ ...query, limit: query.limit + 1 - listed.length }, from)
    if (!found) return null
    listed.push(...found.tasks)
    total += found.total
    from = found.next
  } while (from !== null && (isCounted || listed.length <= query.limit))
  const last = listed.length > query.limit ? listed[query.limit - 1]! : null
  return {
    tasks: listed.slice(0, query.limit).map(({ task }) => task),
    total: isCounted ? total : null,
    nextCursor: last && writeCursor(last.seq),
  }
}
