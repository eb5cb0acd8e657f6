import { describe, expect, test } from 'bun:test'
import { SQL } from 'bun'
import { interrupt, resume } from '../../../src/delivery/lifecycle.ts'
import { postgresClient } from '../../../src/platform/postgres.ts'
import { RESUME_SQL, valuesOf } from '../../../src/store/postgres/commit-sql.ts'
import { dayOf } from '../../../src/store/postgres/days.ts'
import { dropOneOf } from '../../../src/store/postgres/drop-day.ts'
import { fold } from '../../../src/store/postgres/fold.ts'
import { Partitions } from '../../../src/store/postgres/partitions.ts'
import { allowRealTime, eventually } from '../../support/eventually.ts'
import { hasPostgres, withPostgres, type TestDatabase } from '../../support/postgres.ts'
import { after, taskOf } from '../../support/task-states.ts'
import { newTask, NOW, queued, running } from '../../support/tasks.ts'
import { poolOver, withNodes, type Node } from './opened.ts'

allowRealTime()

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS
const TODAY = Date.parse('2024-03-10T12:00:00Z')

/** An id of so many days ago. */
const idOf = (daysAgo: number) => Bun.randomUUIDv7('hex', TODAY - daysAgo * DAY_MS)

/** One that ended on the day of its id. */
const endedOf = (daysAgo: number, key: string | null = null) => ({
  ...taskOf('success', { id: idOf(daysAgo), idempotencyKey: key }),
  completedAt: TODAY - daysAgo * DAY_MS + 5,
})

async function insert(node: Node, tasks: Parameters<Node['insert']>[0][]): Promise<void> {
  expect(await node.commit(...tasks.map((task) => node.insert(task)))).toEqual([])
}

async function trimAll(node: Node): Promise<void> {
  while (await node.database.trim(TODAY));
}

async function daysOf(database: TestDatabase): Promise<string[]> {
  const rows = await database.query(`select c.relname as name from pg_class c
    join pg_namespace n on n.oid = c.relnamespace and n.nspname = 'orchestrator'
    where c.relkind = 'r' and c.relname like 'history_%' order by 1`)
  return rows.map(({ name }) => name.replace('history_', ''))
}

async function isAnyoneWaiting(database: TestDatabase): Promise<boolean> {
  const rows = await database.query(`select 1 from pg_stat_activity
    where datname = current_database() and wait_event_type = 'Lock'`)
  return rows.length > 0
}

const AHEAD = ['20240310', '20240311', '20240312', '20240313']

describe.skipIf(!hasPostgres)(`the history in Postgres${withPostgres}`, () => {
  test('has partitions ahead, and loses whole days once newer ones hold enough', () =>
    withNodes(
      1,
      async ([node], database) => {
        await insert(node!, [endedOf(5, 'five'), endedOf(4, 'four'), endedOf(3), endedOf(2)])
        await trimAll(node!)
        // Within the newest days single tasks go.
        expect(await daysOf(database)).toEqual(['20240307', '20240308', ...AHEAD])
        const page = await node!.database.list({ limit: 9 })
        expect([page!.total, page!.tasks.length]).toEqual([2, 2])
        expect(await node!.database.findByKey('four')).toBeNull()
        for (const table of ['keys', 'payload', 'counts']) {
          const [row] = await database.query(`select count(*)::int as n from orchestrator.${table}`)
          expect([table, row.n]).toEqual([table, table === 'keys' ? 0 : 2])
        }
      },
      { maxFinished: 2, ttlMs: 0 },
    ))

  test('keeps a task of an old day that has ended just now, as long as the number holds', () =>
    withNodes(
      1,
      async ([node]) => {
        const lately = { ...endedOf(6, 'late'), completedAt: TODAY - 5 }
        const before = { ...endedOf(6), completedAt: TODAY - 4 * DAY_MS }
        await insert(node!, [before, lately, endedOf(2), endedOf(2)])
        await trimAll(node!)
        const { tasks, total } = (await node!.database.list({ limit: 9 }))!
        expect([total, tasks.length]).toEqual([2, 2])
        expect(tasks.map(({ id }) => id)).toContain(lately.id)
        expect(await node!.database.findByKey('late')).toMatchObject({ id: lately.id })
      },
      { maxFinished: 2, ttlMs: 0 },
    ))

  test('loses days that are too old, but none with a task that ended lately', () =>
    withNodes(
      1,
      async ([node], database) => {
        const lately = { ...endedOf(6), completedAt: TODAY - 5 }
        await insert(node!, [endedOf(8), endedOf(7), endedOf(6), lately, endedOf(2)])
        await trimAll(node!)
        expect(await daysOf(database)).toEqual(['20240304', '20240308', ...AHEAD])
        const { tasks } = (await node!.database.list({ limit: 9 }))!
        expect(tasks.map(({ id }) => id)).toContain(lately.id)
        expect(tasks).toHaveLength(2)
      },
      { maxFinished: 100, ttlMs: 4 * DAY_MS },
    ))

  test.each([7, 1000])('loses nothing by the clock of a node that is %i days ahead', (ahead) =>
    withNodes(
      1,
      async ([node], database) => {
        const [{ now }] = await database.query('select extract(epoch from now())::float8 as now')
        const ended = Array.from({ length: 5 }, (_, daysAgo) => {
          const completedAt = Math.floor(now * 1000) - daysAgo * DAY_MS
          const id = Bun.randomUUIDv7('hex', completedAt)
          return { ...taskOf('success', { id }), completedAt }
        })
        await insert(node!, ended)
        while (await node!.database.trim(now * 1000 + ahead * DAY_MS));
        expect((await node!.database.list({ limit: 9 }))!.tasks).toHaveLength(5)
      },
      { maxFinished: 100, ttlMs: 5 * DAY_MS },
    ),
  )

  test('keeps a day of which a task is unfinished', () =>
    withNodes(
      1,
      async ([node], database) => {
        const open = queued({ id: idOf(9), idempotencyKey: 'k' })
        await insert(node!, [open, endedOf(9), endedOf(3), endedOf(2)])
        await trimAll(node!)
        expect(await daysOf(database)).toEqual(['20240301', '20240308', ...AHEAD])
        expect(await node!.database.findByKey('k')).toEqual(open)
        expect((await node!.database.list({ limit: 9 }))!.total).toBe(2)
      },
      { maxFinished: 1, ttlMs: 0 },
    ))

  test('drops no day while somebody reads it for long, and keeps nobody else waiting', () =>
    withNodes(
      2,
      async ([one, other], database) => {
        await insert(one!, [endedOf(9), endedOf(2)])
        await using sql = new SQL(database.url, { max: 1 })
        await sql.unsafe('begin')
        await sql.unsafe('select count(*) from orchestrator.history')
        // It does not wait for the one who reads.
        await trimAll(one!)
        expect(await daysOf(database)).toContain('20240301')
        expect((await one!.database.list({ limit: 9 }))!.total).toBe(1)
        expect(await other!.commit(other!.insert(endedOf(1)))).toEqual([])
        await sql.unsafe('commit')
        await trimAll(other!)
        expect(await daysOf(database)).not.toContain('20240301')
      },
      { maxFinished: 1, ttlMs: 0 },
    ))

  test('keeps a day that the counts take for empty, and is not', () =>
    withNodes(
      1,
      async ([node], database) => {
        await insert(node!, [endedOf(9), endedOf(2)])
        await database.query(`delete from orchestrator.counts
          where day = ${Math.floor((TODAY - 9 * DAY_MS) / DAY_MS)}`)
        await trimAll(node!)
        expect(await daysOf(database)).toContain('20240301')
      },
      { maxFinished: 100, ttlMs: 0 },
    ))

  test.each([
    ['ends', { ...endedOf(9), completedAt: TODAY - 5 }],
    ['comes', queued({ id: idOf(9) })],
  ])('keeps a day of which a task %s after the look, and before the locks', (_, late) =>
    withNodes(1, async ([node], database) => {
      await insert(node!, [endedOf(9)])
      await using pool = poolOver(database, (client) => ({
        async transaction(work) {
          await insert(node!, [late])
          return client.transaction(work)
        },
      }))
      const candidate = { day: dayOf(late.id), endedBefore: TODAY - DAY_MS }
      const ports = { pool, partitions: new Partitions(pool) }
      expect(await dropOneOf([candidate], ports)).toBe(false)
      expect(await node!.database.find(late.id)).toMatchObject({ status: late.status })
    }),
  )

  test('keeps the key of a task that another node resumes while its day is to go', () =>
    withNodes(
      2,
      async ([one, other], database) => {
        const oldest = interrupt(running({ id: idOf(9), idempotencyKey: 'k' }), after(5))
        await insert(one!, [oldest, endedOf(2)])
        const again = resume(oldest, newTask({ mode: 'async' }), NOW + 9)
        const changes = fold([other!.resume(again)]).rounds[0]!
        const client = postgresClient(database.url, 'test', 1)
        await client.transaction(async (query) => {
          expect(await query(RESUME_SQL, valuesOf(changes, 'other'))).toHaveLength(1)
          await trimAll(one!)
        })
        await trimAll(one!)
        await client.close()
        expect(await one!.database.findByKey('k')).toEqual(again)
      },
      { maxFinished: 1, ttlMs: 0 },
    ))

  test('loses the keys of days that went before, and left some', () =>
    withNodes(
      1,
      async ([node], database) => {
        await insert(node!, [endedOf(9, 'nine'), endedOf(4), endedOf(2, 'two')])
        const orphans = [8, 5, 3].map((day) => `('${day}', '${idOf(day)}')`)
        await database.query(`insert into orchestrator.keys values ${orphans.join(', ')}`)
        await trimAll(node!)
        const keys = await database.query('select key from orchestrator.keys order by 1')
        expect(keys.map(({ key }) => key)).toEqual(['3', 'two'])
      },
      { maxFinished: 1, ttlMs: 0 },
    ))

  test('leaves no key that nobody can use any more', () =>
    withNodes(1, async ([node], database) => {
      await database.query(`insert into orchestrator.keys values ('k', '${idOf(9)}')`)
      const task = queued({ idempotencyKey: 'k' })
      expect(await node!.commit(node!.insert(task))).toMatchObject([{ reason: 'key taken' }])
      expect(await node!.database.findByKey('k')).toBeNull()
      await insert(node!, [task])
      expect(await node!.database.findByKey('k')).toEqual(task)
    }))

  test('keeps what is asked for of a task that another node resumes meanwhile', () =>
    withNodes(
      2,
      async ([one, other], database) => {
        const oldest = interrupt(running({ idempotencyKey: 'k' }), after(5))
        await insert(one!, [oldest, { ...taskOf('success'), completedAt: NOW + HOUR_MS }])
        const again = resume(oldest, newTask({ mode: 'async' }), NOW + 9)
        const changes = fold([other!.resume(again)]).rounds[0]!
        const client = postgresClient(database.url, 'test', 1)
        let trimming: Promise<void> | undefined
        await client.transaction(async (query) => {
          expect(await query(RESUME_SQL, valuesOf(changes, 'other'))).toHaveLength(1)
          trimming = trimAll(one!)
          await eventually('the trim waits for that', () => isAnyoneWaiting(database))
        })
        await trimming
        await client.close()
        expect(await one!.database.find(oldest.id)).toEqual(again)
        expect(await one!.database.findByKey('k')).toEqual(again)
      },
      { maxFinished: 1, ttlMs: 0 },
    ))

  test('is trimmed by several nodes at once to the number that it may have', () =>
    withNodes(
      3,
      async (nodes) => {
        const tasks = Array.from({ length: 300 }, () => endedOf(0, Bun.randomUUIDv7()))
        await Promise.all(
          nodes.map((node, n) =>
            insert(
              node,
              tasks.filter((_, at) => at % 3 === n),
            ),
          ),
        )
        await Promise.all(nodes.map(trimAll))
        await trimAll(nodes[0]!)
        const page = await nodes[0]!.database.list({ limit: 100 })
        expect([page!.total, page!.tasks.length]).toEqual([10, 10])
      },
      { maxFinished: 10, ttlMs: 0 },
    ))
})
