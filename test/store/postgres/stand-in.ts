/** A driver over the shared database that thinks of no lease: one node, which stays alive. */
import type { StoreDriver } from '../../../src/store/driver.ts'
import type { Hold, SharedDatabase } from '../../../src/store/shared/database.ts'

const LEASE_MS = 60_000

export async function standIn(database: SharedDatabase): Promise<StoreDriver> {
  const session = await database.join({ name: 'node', version: '1.0.0' }, LEASE_MS)
  const fences = new Map<string, number>()
  const holdOf = (id: string): Hold | null => {
    const fence = fences.get(id)
    return fence === undefined ? null : { session, fence }
  }
  return {
    async commit(writes, now) {
      for (const [kind, { id }] of writes) if (kind !== 'update') fences.set(id, 1)
      const shared = writes.map(([kind, task]) => {
        return { kind, task, hold: holdOf(task.id), waitMs: 0 }
      })
      return database.commit(shared, now)
    },
    async catchUp() {
      return []
    },
    trim: (now) => database.trim(now),
    find: (id) => database.find(id),
    findByKey: (key) => database.findByKey(key),
    async claim(capacity) {
      const claimed = await database.claim(session, capacity, [])
      for (const { task, fence } of claimed) fences.set(task.id, fence)
      return claimed.map(({ task }) => task)
    },
    list: (query) => database.list(query),
    async movedFile() {
      return null
    },
    async close() {
      await database.leave(session)
      await database.close()
    },
  }
}
