/** Lists over a history that takes several steps. */
import { expect, test } from 'bun:test'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { listInSteps } from '../../src/store/sqlite/list-in-steps.ts'
import type { TaskQuery } from '../../src/store/store.ts'
import { fillHistory } from '../bench/history.ts'
import { temporaryDir } from '../support/temporary.ts'

const FILLED = 45_000
const ANSWERED_404 = { responseStatus: { from: 404, to: 404 }, limit: 300 }

interface Listed {
  ids: string[]
  totals: (number | null)[]
  steps: number
}

test('a page that counts nothing looks only as far as it must, and the pages are the same', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  fillHistory(file, FILLED)
  const history = new SqliteHistory(new Connection(file), { maxFinished: FILLED, ttlMs: 0 })
  const list = async (query: TaskQuery): Promise<Listed> => {
    const listed: Listed = { ids: [], totals: [], steps: 0 }
    let cursor: string | null = null
    do {
      const step = async (...args: Parameters<typeof history.list>) => {
        listed.steps++
        return history.list(...args)
      }
      const page = await listInSteps(step, { ...query, ...(cursor === null ? {} : { cursor }) })
      listed.ids.push(...page!.tasks.map(({ id }) => id))
      listed.totals.push(page!.total)
      cursor = page!.nextCursor
    } while (cursor !== null)
    return listed
  }
  try {
    const counted = await list(ANSWERED_404)
    const uncounted = await list({ ...ANSWERED_404, counted: false })
    expect(uncounted.ids).toEqual(counted.ids)
    expect(counted.ids.length).toBeGreaterThan(900)
    expect(counted.totals).toEqual(counted.totals.map(() => counted.ids.length))
    expect(uncounted.totals).toEqual(counted.totals.map(() => null))
    // Three for each of the counted pages; without counting, two at most, and not for each.
    expect(counted.steps).toBe(3 * counted.totals.length)
    expect(uncounted.steps).toBeLessThan(2 * uncounted.totals.length)
  } finally {
    history.close()
  }
})
