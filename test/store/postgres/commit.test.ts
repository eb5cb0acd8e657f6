/** What SQL alone decides about writes. */
import { describe, expect, test } from 'bun:test'
import { begin, conclude, interrupt, resume } from '../../../src/delivery/lifecycle.ts'
import { commit } from '../../../src/store/postgres/commit.ts'
import { dayOf, nameOf } from '../../../src/store/postgres/days.ts'
import { Partitions } from '../../../src/store/postgres/partitions.ts'
import type { Task } from '../../../src/task.ts'
import { allowRealTime, eventually } from '../../support/eventually.ts'
import { hasPostgres, withPostgres } from '../../support/postgres.ts'
import { after, taskOf } from '../../support/task-states.ts'
import { newTask, NOW, queued, running } from '../../support/tasks.ts'
import { poolOver, withNodes } from './opened.ts'

allowRealTime()

const ended = (task: Task) =>
  conclude(task, { kind: 'answered', status: 200, body: '1' }, 5, after(5))
const notOwned = (index: number) => ({ index, reason: 'not owned' as const })
const keyTaken = (index: number) => ({ index, reason: 'key taken' as const })

describe.skipIf(!hasPostgres)(`commits to Postgres${withPostgres}`, () => {
  test('make one row of all the steps of a task that one group has', () =>
    withNodes(1, async ([node], database) => {
      const task = queued({ secretHeaders: { cookie: 'a' } })
      const started = begin(task, task.targetUrl, NOW)
      const done = ended(started)
      const group = [node!.insert(task), node!.update(started), node!.update(done)]
      expect(await node!.commit(...group, node!.update(started))).toEqual([notOwned(3)])
      expect(await node!.database.find(task.id)).toEqual({
        ...done,
        secretHeaders: { cookie: null },
      })
      const [rows] = await database.query(`select
        (select count(*)::int from orchestrator.live) as live,
        (select count(*)::int from orchestrator.secrets) as secrets,
        pg_relation_size('orchestrator.live')::int as pages,
        (select sum(tasks)::int from orchestrator.counts) as counted`)
      expect(rows).toMatchObject({ live: 0, pages: 0, secrets: 0, counted: 1 })
    }))

  test('write what was asked for once, whatever becomes of the task', () =>
    withNodes(1, async ([node], database) => {
      const task = queued()
      await node!.commit(node!.offer(task))
      const versionOf = async () =>
        (await database.query('select xmin::text, ctid::text from orchestrator.payload'))[0]
      const written = await versionOf()
      await node!.claim()
      const started = begin(task, task.targetUrl, NOW)
      await node!.commit(node!.update(started, 2))
      await node!.commit(node!.update(ended(started), 2))
      expect(await node!.database.find(task.id)).toMatchObject({ status: 'success' })
      expect(await versionOf()).toEqual(written)
    }))

  test('fold what follows an insert that is refused: it is not there', () =>
    withNodes(1, async ([node]) => {
      const [first, second] = [running({ idempotencyKey: 'k' }), running({ idempotencyKey: 'k' })]
      await node!.commit(node!.insert(first))
      const neighbour = running()
      const group = [node!.insert(second), node!.insert(neighbour), node!.update(ended(second))]
      expect(await node!.commit(...group)).toEqual([keyTaken(0), notOwned(2)])
      expect(await node!.database.find(neighbour.id)).toEqual(neighbour)
    }))

  test('end an interrupted task that one group ends, and runs again, and ends', () =>
    withNodes(1, async ([node]) => {
      const task = running({ idempotencyKey: 'k' })
      await node!.commit(node!.insert(task))
      const orphan = interrupt(task, after(5))
      const again = resume(orphan, newTask({ mode: 'sync' }), NOW + 9)
      const last = ended(begin(again, again.targetUrl, NOW + 9))
      const group = [node!.update(orphan), node!.resume(again), node!.resume(again)]
      expect(await node!.commit(...group, node!.update(last))).toEqual([notOwned(2)])
      expect(await node!.database.find(task.id)).toEqual(last)
      const page = await node!.database.list({ limit: 9 })
      expect([page!.total, page!.tasks.length]).toEqual([1, 1])
    }))

  test('give a key to one of two sessions, whatever the order in which they name several', () =>
    withNodes(2, async ([one, other], database) => {
      for (let round = 0; round < 20; round++) {
        const keys = ['a', 'b', 'c', 'd'].map((key) => `${key}${round}`)
        const tasks = (names: string[]) =>
          names.map((idempotencyKey) => running({ idempotencyKey }))
        const [forth, back] = [tasks(keys), tasks(keys.toReversed())]
        const refused = await Promise.all([
          one!.commit(...forth.map((task) => one!.insert(task))),
          other!.commit(...back.map((task) => other!.insert(task))),
        ])
        expect(refused.flat().map(({ reason }) => reason)).toEqual(Array(4).fill('key taken'))
        const found = await Promise.all(keys.map((key) => one!.database.findByKey(key)))
        expect(found.every((task) => task !== null)).toBe(true)
      }
      // The server tells of what its connections have seen when they end, which is after they close.
      await Promise.all([one!.database.close(), other!.database.close()])
      await eventually('their connections have ended', async () => {
        const open = await database.query(`select from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid()
            and backend_type = 'client backend'`)
        return open.length === 0
      })
      const [row] = await database.query(`select deadlocks::int as n from pg_stat_database
        where datname = current_database()`)
      expect(row.n).toBe(0)
    }))

  test('change nothing by a fence that is past, also of two nodes at once', () =>
    withNodes(2, async ([one, other]) => {
      const tasks = Array.from({ length: 20 }, () => running())
      await one!.commit(...tasks.map((task) => one!.insert(task)))
      await one!.database.release(tasks.map(({ id }) => ({ id, ...one!.hold() })))
      expect((await other!.claimedIds()).length).toBe(20)
      const late = tasks.map((task) => one!.update(interrupt(task, after(9))))
      const right = tasks.toReversed().map((task) => other!.update(ended(task), 2))
      const wrongFence = tasks.map((task) => other!.update(ended(task), 1))
      expect(await other!.commit(...wrongFence)).toHaveLength(20)
      const results = await Promise.all([one!.commit(...late), other!.commit(...right)])
      expect(results.map((refused) => refused.length)).toEqual([20, 0])
      const page = await one!.database.list({ limit: 100, status: 'success' })
      expect(page!.total).toBe(20)
    }))

  test('begin nothing synchronous of a session that is dead, and leave the rest to anyone', () =>
    withNodes(2, async ([dead, other]) => {
      const old = interrupt(running({ idempotencyKey: 'old' }), after(5))
      await dead!.commit(dead!.insert(old))
      await dead!.database.leave(dead!.session)
      const [sync, async] = [running({ mode: 'sync', idempotencyKey: 'new' }), queued()]
      const again = resume(old, newTask({ mode: 'sync' }), NOW)
      const group = [dead!.insert(sync), dead!.insert(async), dead!.resume(again)]
      expect(await dead!.commit(...group)).toEqual([notOwned(0), notOwned(2)])
      expect(await other!.database.findByKey('new')).toBeNull()
      expect(await other!.database.findByKey('old')).toEqual(old)
      expect(await other!.claimedIds()).toEqual([async.id])
      expect(await other!.commit(other!.insert(sync), other!.resume(again))).toEqual([])
    }))

  test('change nothing by a write that comes after a later one of the same owner', () =>
    withNodes(1, async ([node]) => {
      const task = running()
      await node!.commit(node!.insert(task))
      const failed = conclude(task, { kind: 'unreachable', error: 'x' }, 5, after(6))
      const late = node!.update(failed)
      const next = node!.update(begin(failed, failed.targetUrl, NOW + 1006))
      expect(await node!.commit(late)).toEqual([])
      expect(await node!.commit(late)).toEqual([])
      expect(await node!.commit(next)).toEqual([])
      expect(await node!.commit(late)).toEqual([{ index: 0, reason: 'not owned' }])
      expect(await node!.database.find(task.id)).toEqual(next.task)
      await node!.database.release([{ id: task.id, ...late.hold! }])
      expect(await node!.claimedIds()).toEqual([])
    }))

  test('refuse what no row can hold by itself, and keep the rest to the digit', () =>
    withNodes(1, async ([node]) => {
      const exact = queued({
        payload: `{"n":12345678901234567890.10,"t":"'\\"\\\\{},NULL"}`,
        headers: { 'x-a': 'a"b\\c{d},NULL\n' },
        meta: 'NULL',
        path: '/\u{10ffff}?a=%00',
        timeoutMs: Number.MAX_SAFE_INTEGER,
      })
      const bad = [
        queued({ path: '/a\0b' }),
        queued({ path: '/\ud800' }),
        queued({ timeoutMs: 2 ** 53 }),
        queued({ timeoutMs: 1.5 }),
        queued({ id: 'nobody' }),
        queued({ id: crypto.randomUUID() }),
        queued({ id: Bun.randomUUIDv7().toUpperCase() }),
        { ...taskOf('success'), completedAt: null },
      ]
      const refused = await node!.commit(...[...bad, exact].map((task) => node!.insert(task)))
      expect(refused.map(({ index }) => index)).toEqual(bad.map((_, index) => index))
      for (const { reason } of refused) expect(reason).toHaveProperty('error')
      expect(await node!.database.find(exact.id)).toEqual(exact)
      expect(await node!.database.find('nobody')).toBeNull()
    }))

  test('write the neighbours of a row that the database itself rejects', () =>
    withNodes(1, async ([node], database) => {
      await database.query(`alter table orchestrator.live add check (method <> 'PATCH')`)
      // Longer than a row of an index may be, and of nothing that is compressed.
      const requestId = Array.from({ length: 300 }, () => crypto.randomUUID()).join('')
      const tasks = [
        running(),
        running({ method: 'PATCH' }),
        running({ idempotencyKey: 'k' }),
        taskOf('error', { requestId }),
      ]
      await node!.commit(node!.insert(taskOf('error', { idempotencyKey: 'k' })))
      const refused = await node!.commit(...tasks.map((task) => node!.insert(task)))
      expect(refused[0]).toMatchObject({ index: 1, reason: { error: expect.any(String) } })
      expect(refused[1]).toEqual(keyTaken(2))
      expect(refused[2]).toMatchObject({ index: 3, reason: { error: expect.any(String) } })
      expect(await node!.database.find(tasks[0]!.id)).toEqual(tasks[0]!)
      expect(await node!.database.find(tasks[1]!.id)).toBeNull()
    }))

  test('find a row that the database rejects among many by few statements', () =>
    withNodes(1, async ([node], database) => {
      await database.query(`alter table orchestrator.live add check (method <> 'PATCH')`)
      const tasks = Array.from({ length: 300 }, (_, index) =>
        running({ method: index === 77 ? 'PATCH' : 'POST' }),
      )
      let tried = 0
      await using pool = poolOver(database, (client) => ({
        transaction: (work) =>
          client.transaction((query) =>
            work((text, values) => {
              if (text === 'savepoint part') tried++
              return query(text, values)
            }),
          ),
      }))
      const ports = { pool, partitions: new Partitions(pool) }
      const writes = tasks.map((task) => node!.insert(task))
      const refused = await commit(ports, writes, 'writer')
      expect(refused).toEqual([{ index: 77, reason: { error: expect.any(String) } }])
      // Two for each halving, and the whole.
      expect(tried).toBeLessThan(2 * Math.ceil(Math.log2(tasks.length)) + 2)
      expect(tried).toBeGreaterThan(1)
      expect((await node!.database.list({ limit: 1 }))!.total).toBe(299)
    }))

  test('write nothing of a group when anything but a row is wrong', () =>
    withNodes(1, async ([node], database) => {
      const task = running()
      await node!.commit(node!.insert(task))
      await database.query('drop table orchestrator.keys')
      const group = [node!.insert(queued()), node!.update(ended(task))]
      expect(await node!.commit(...group).catch(() => 'failed')).toBe('failed')
      expect(await node!.database.find(task.id)).toEqual(task)
      expect((await node!.database.list({ limit: 9 }))!.total).toBe(1)
    }))

  test('take an end that is written again for written, and another end not', () =>
    withNodes(1, async ([node]) => {
      const task = running()
      await node!.commit(node!.insert(task))
      const done = ended(task)
      expect(await node!.commit(node!.update(done))).toEqual([])
      expect(await node!.commit(node!.update(done))).toEqual([])
      const other = conclude(task, { kind: 'answered', status: 404, body: '1' }, 5, after(6))
      expect(await node!.commit(node!.update(other))).toEqual([notOwned(0)])
      expect((await node!.database.list({ limit: 9 }))!.total).toBe(1)
    }))

  test('make the partition that an id wants, also after another node has dropped it', () =>
    withNodes(2, async ([one, other], database) => {
      const idOf = (at: string) => Bun.randomUUIDv7('hex', Date.parse(at))
      const days = ['2024-02-29T23:59:59.999Z', '2024-03-01T00:00:00Z', '9999-12-31T00:00:00Z']
      const tasks = days.map((at) => running({ id: idOf(at) }))
      const [last] = tasks.splice(-1)
      await Promise.all([
        one!.commit(...tasks.map((task) => one!.insert(task)), one!.insert(last!)),
        other!.commit(other!.insert(running({ id: idOf(days[0]!) }))),
      ])
      const names = await database.query(`select c.relname as name from pg_inherits i
        join pg_class c on c.oid = i.inhrelid and c.relkind = 'r'
        where i.inhparent = 'orchestrator.history'::regclass order by 1`)
      expect(names.map(({ name }) => name)).toEqual([
        ...['history_20240229', 'history_20240301', 'history_99991231'],
      ])
      for (const name of ['payload_20240229', 'history_20240229']) {
        await database.query(`drop table orchestrator.${name}`)
      }
      const task = running({ id: idOf(days[0]!) })
      expect(await one!.commit(one!.insert(task))).toEqual([])
      expect(await one!.database.find(task.id)).toEqual(task)
    }))

  test.each(['payload', 'history'])(
    'make what is missing of a day of which somebody has taken the %s away',
    (parent) =>
      withNodes(2, async ([one, other], database) => {
        const first = queued()
        await one!.commit(one!.insert(first))
        await database.query(`drop table orchestrator.${parent}_${nameOf(dayOf(first.id))}`)
        for (const node of [one!, other!]) {
          const task = running()
          expect(await node.commit(node.insert(task), node.update(ended(task)))).toEqual([])
          expect(await node.database.find(task.id)).toEqual(ended(task))
        }
      }),
  )

  test('of an empty group write something: it tells whether the disk takes it', () =>
    withNodes(1, async ([node], database) => {
      const testedAt = async () => (await database.query('select tested from orchestrator.meta'))[0]
      const before = await testedAt()
      expect(await node!.commit()).toEqual([])
      expect(await testedAt()).not.toEqual(before)
    }))
})
