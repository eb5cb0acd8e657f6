/** What becomes of statements when the way to the database breaks. */
import { describe, expect, test } from 'bun:test'
import { conclude } from '../../../src/delivery/lifecycle.ts'
import { PostgresError, postgresClient } from '../../../src/platform/postgres.ts'
import { openPostgres } from '../../../src/store/postgres/open.ts'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import { allowRealTime, eventually } from '../../support/eventually.ts'
import { failureOf } from '../../support/failure.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import {
  createDatabase,
  hasPostgres,
  startPostgres,
  withPostgres,
  type TestDatabase,
} from '../../support/postgres.ts'
import { after } from '../../support/task-states.ts'
import { NOW, queued, running } from '../../support/tasks.ts'
import { tcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts'
import { Node } from './opened.ts'

allowRealTime()

/** How soon silence must be noticed, ms. */
const NOTICED_MS = 10_000

interface Subject {
  readonly node: Node
  readonly proxy: TcpProxy
  readonly clock: FakeClock
  readonly direct: TestDatabase
}

async function throughProxy(work: (subject: Subject) => Promise<void>): Promise<void> {
  await using direct = await createDatabase()
  const url = new URL(direct.url)
  await using proxy = await tcpProxy(Number(url.port))
  url.port = String(proxy.port)
  const clock = new FakeClock(NOW)
  await using node = await Node.open(url.href, { clock })
  await work({ node, proxy, clock, direct })
  await node.database.close()
  expect(clock.pending).toBe(0)
}

/** Tells when it has settled; its outcome is awaited later. */
function watched<T>(work: Promise<T>): { outcome: Promise<T | Error>; isSettled(): boolean } {
  let settled = false
  const outcome = work.catch((error: unknown) => error as Error).finally(() => (settled = true))
  return { outcome, isSettled: () => settled }
}

/** Timers of pools that wait for no answer. */
const WATCHES = 4

/** Moves the clock, and lets each answer come in its time: then so many timers are left. */
async function pass(clock: FakeClock, ms: number, timers: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 500) {
    await clock.advance(500)
    await eventually('answers', () => clock.pending <= timers)
  }
}

const eachQuestion: readonly [string, (node: Node) => Promise<unknown>][] = [
  ['a commit', (node) => node.commit(node.insert(queued()))],
  ['a look', ({ database }) => database.find(Bun.randomUUIDv7())],
  ['a list', ({ database }) => database.list({ limit: 1 })],
  ['a renewal', ({ database, session }) => database.renew(session, 60_000)],
  ['a trim', ({ database }) => database.trim(NOW)],
]

describe.skipIf(!hasPostgres)(`connections to Postgres${withPostgres}`, () => {
  test.each(eachQuestion)(
    'that are half open are noticed: %s rejects, and the next works',
    (_, ask) =>
      throughProxy(async ({ node, proxy, clock }) => {
        await ask(node)
        proxy.swallow()
        const asked = watched(ask(node))
        proxy.pass()
        for (let ms = 0; ms < NOTICED_MS && !asked.isSettled(); ms += 500) await clock.advance(500)
        await eventually('it rejects', asked.isSettled)
        expect(node.database.whatFailed(await asked.outcome)).toBe('connection')
        await ask(node)
      }),
  )

  test('that are idle are looked at, before anybody needs them', () =>
    throughProxy(async ({ node, proxy, clock }) => {
      await node.database.find(Bun.randomUUIDv7())
      await node.commit()
      proxy.swallow()
      const open = proxy.accepted
      proxy.pass()
      await clock.advance(2000)
      await clock.advance(5000)
      await node.database.find(Bun.randomUUIDv7())
      await node.commit()
      expect(proxy.accepted).toBeGreaterThan(open)
    }))

  test('that answer are kept, however long nobody asks anything', () =>
    throughProxy(async ({ node, proxy, clock }) => {
      for (const [, ask] of eachQuestion) await ask(node)
      await pass(clock, 2000, WATCHES)
      const { accepted } = proxy
      await pass(clock, 20_000, WATCHES)
      expect(proxy.accepted).toBe(accepted)
    }))

  test('that lose an answer lose nothing else: an end that was written is not "not owned"', () =>
    throughProxy(async ({ node, proxy, clock, direct }) => {
      const task = running()
      await node.commit(node.insert(task))
      proxy.swallow('to client')
      const end = conclude(task, { kind: 'answered', status: 200, body: '1' }, 5, after(5))
      const lost = watched(node.commit(node.update(end)))
      await eventually('written', async () => {
        const [row] = await direct.query('select count(*)::int as n from orchestrator.history')
        return row.n === 1
      })
      proxy.pass()
      await clock.advance(8000)
      expect(await lost.outcome).toBeInstanceOf(Error)
      expect(await node.commit(node.update(end))).toEqual([])
      expect((await node.database.list({ limit: 9 }))!.total).toBe(1)
    }))

  test('keep nothing locked for a process that is paused in a transaction', async () => {
    await using database = await createDatabase()
    const client = postgresClient(database.url, 'test', 1)
    const paused = client.transaction(async (query) => {
      const limit = `current_setting('idle_in_transaction_session_timeout') as idle`
      expect(await query(`select ${limit}`)).toEqual([{ idle: '10s' }])
      await query(`set local idle_in_transaction_session_timeout = '10ms'`)
      await eventually('the server ends it', async () => {
        const open = await database.query(`select from pg_stat_activity
          where datname = current_database() and state = 'idle in transaction'`)
        return open.length === 0
      })
      await query('select 1')
    })
    expect(await failureOf(paused)).toBeInstanceOf(PostgresError)
    await client.close()
  })

  test.each([
    ['the one that is given', '', 'orchestrator node-1:8001'],
    ['with what a pooler wants', '?prepare=false', 'orchestrator node-1:8001'],
    ['that of the URL', '?application_name=tasks%20of%20ours&prepare=false', 'tasks of ours'],
  ])('have a name in pg_stat_activity: %s', async (_, parameters, name) => {
    await using database = await createDatabase()
    const client = postgresClient(database.url + parameters, 'orchestrator node-1:8001', 1)
    await client.listen(
      'news',
      () => {},
      () => {},
    )
    const named = await client.query(`select application_name as name from pg_stat_activity
      where datname = current_database() and backend_type = 'client backend'`)
    expect(named).toEqual([{ name }, { name }])
    await client.close()
  })

  test('have a name of which the server cuts nothing', async () => {
    await using server = await startPostgres({ settings: { log_min_messages: 'notice' } })
    const client = postgresClient(server.url('postgres'), `orchestrator ${'n'.repeat(100)}`, 1)
    const [row] = await client.query(`select current_setting('application_name') as name`)
    expect(row).toEqual({ name: `orchestrator ${'n'.repeat(50)}` })
    await client.close()
    await server.stop()
    expect(server.log).not.toContain('truncated')
  })

  test('tell a server that is away from one that answers with an error, and from a bug', () =>
    throughProxy(async ({ node: { database }, proxy, direct }) => {
      const failed = async (asked: Promise<unknown>) => database.whatFailed(await failureOf(asked))
      const id = Bun.randomUUIDv7()
      await direct.query('alter table orchestrator.payload rename to hidden')
      expect(await failed(database.find(id))).toBe('statement')
      await direct.query('alter table orchestrator.hidden rename to payload')
      expect(await failed(database.list({ limit: 1, cursor: null as never }))).toBe('program')
      proxy.swallow()
      const lost = failed(database.find(id))
      proxy.cut()
      expect(await lost).toBe('connection')
    }))

  test('that are cut work again', () =>
    throughProxy(async ({ node, proxy }) => {
      await node.commit()
      proxy.cut()
      await eventually('back', () =>
        node.commit().then(
          () => true,
          () => false,
        ),
      )
      expect(await node.database.find(Bun.randomUUIDv7())).toBeNull()
    }))

  test('end with a close that waits for nobody, though the server is gone', () =>
    throughProxy(async ({ node, proxy }) => {
      await node.commit()
      proxy.swallow()
      const pending = watched(node.commit(node.insert(queued())))
      await node.database.close()
      expect(await pending.outcome).toBeInstanceOf(Error)
      await node.database.close()
    }))
})

describe.skipIf(!hasPostgres)(`a read from Postgres that takes long${withPostgres}`, () => {
  /** A count takes for ever. */
  const withSlowCounts = async (
    work: (database: SharedDatabase, clock: FakeClock, direct: TestDatabase) => Promise<void>,
  ) => {
    await using direct = await createDatabase()
    const clock = new FakeClock(NOW)
    const database = await openPostgres(direct.url, { maxFinished: 9, ttlMs: 0 }, { clock })
    await direct.query('alter table orchestrator.counts rename to real_counts')
    await direct.query(`create view orchestrator.counts as
      select * from orchestrator.real_counts union all
      select 0, 'd', 'error', 'w', 1 from pg_sleep(600)`)
    await work(database, clock, direct)
    await database.close()
  }

  test('is ended by the server, and its connection goes on', () =>
    withSlowCounts(async (database, clock, direct) => {
      const list = watched(database.list({ limit: 1 }))
      const sleeping = async () => {
        const [row] = await direct.query(`select count(*)::int as n from pg_stat_activity
          where datname = current_database() and wait_event = 'PgSleep'`)
        return row.n as number
      }
      await eventually('it sleeps', sleeping)
      await pass(clock, 7500, WATCHES + 2)
      expect(list.isSettled()).toBe(false)
      await pass(clock, 500, WATCHES)
      expect(await list.outcome).toMatchObject({ state: '57014' })
      expect(await sleeping()).toBe(0)
    }))

  test('leaves room for those that are short', () =>
    withSlowCounts(async (database) => {
      const lists = Array.from({ length: 8 }, () => watched(database.list({ limit: 1 })))
      for (let look = 0; look < 9; look++) {
        expect(await database.findByKey('nobody')).toBeNull()
      }
      expect(lists.some(({ isSettled }) => isSettled())).toBe(false)
      await database.close()
      for (const { outcome } of lists) expect(await outcome).toBeInstanceOf(Error)
    }))
})

describe.skipIf(!hasPostgres)(`what the server does${withPostgres}`, () => {
  test('ends there, whether anybody waits for it or not', async () => {
    await using direct = await createDatabase()
    const client = postgresClient(direct.url, 'test', 1, 50)
    const slept = client.query('select pg_sleep(60)')
    expect(await slept.catch((error: unknown) => error)).toMatchObject({ state: '57014' })
    await client.close()
  })
})
