import { describe, expect, test } from 'bun:test'
import { SQL } from 'bun'
import { dayAt } from '../../../src/store/postgres/days.ts'
import { SCHEMA_LOCK } from '../../../src/store/postgres/migrate.ts'
import { allowRealTime } from '../../support/eventually.ts'
import { hasPostgres, withPostgres } from '../../support/postgres.ts'
import { taskOf } from '../../support/task-states.ts'
import { LEASE_MS, withNodes } from './opened.ts'

allowRealTime()

const DAY_MS = 86_400_000
const NOW = Date.parse('2024-03-10T12:00:00Z')
const TODAY = dayAt(NOW)

const endedOf = (daysAgo: number) => {
  const completedAt = NOW - daysAgo * DAY_MS
  return { ...taskOf('success', { id: Bun.randomUUIDv7('hex', completedAt) }), completedAt }
}

describe.skipIf(!hasPostgres)(`the counts of the history${withPostgres}`, () => {
  test('are of each node apart, and together once their day is past', () =>
    withNodes(3, async (nodes, database) => {
      // Who makes partitions needs the lock, too: those of the next days are there then.
      await nodes[0]!.database.trim(NOW)
      for (const [n, node] of nodes.entries()) {
        await node.database.join({ name: `node-${n}`, version: '1.0.0' }, LEASE_MS)
        const tasks = [5, 5, 3, 1, 0].map((daysAgo) => node.insert(endedOf(daysAgo)))
        expect(await node.commit(...tasks)).toEqual([])
      }
      const counts = async () => {
        const rows = await database.query(`select day, writer, tasks::int4 as tasks
          from orchestrator.counts order by day, writer`)
        return rows.map(({ day, writer, tasks }) => [TODAY - day, writer, tasks])
      }
      const apart = (daysAgo: number, tasks = 1) =>
        nodes.map((_, n) => [daysAgo, `node-${n}/1`, tasks])
      const recent = [...apart(1), ...apart(0)]
      expect(await counts()).toEqual([...apart(5, 2), ...apart(3), ...recent])
      // Somebody may be dropping the day.
      await using sql = new SQL(database.url, { max: 1 })
      await sql.unsafe('begin')
      await sql.unsafe(`select pg_advisory_xact_lock(${SCHEMA_LOCK})`)
      await nodes[0]!.database.trim(NOW)
      expect(await counts()).toEqual([...apart(5, 2), ...apart(3), ...recent])
      await sql.unsafe('commit')
      // What is being written, it leaves for the next time.
      await sql.unsafe('begin')
      await sql.unsafe(`update orchestrator.counts set tasks = tasks + 7
        where writer = 'node-1/1' and day = ${TODAY - 5}`)
      for (const node of nodes) await node.database.trim(NOW)
      const three = [3, '', 3]
      expect(await counts()).toEqual([[5, '', 4], [5, 'node-1/1', 2], three, ...recent])
      await sql.unsafe('commit')
      await Promise.all(nodes.map((node) => node.database.trim(NOW)))
      expect(await counts()).toEqual([[5, '', 13], three, ...recent])
      expect((await nodes[0]!.database.list({ limit: 1 }))!.total).toBe(22)
    }))
})
