/** The Postgres under two nodes goes away, in every way that it can, and comes back. */
import { describe, expect, test } from 'bun:test'
import { chmodSync } from 'node:fs'
import type { Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { LONG_LEASE, nodesOver, SHORT_LEASE } from '../support/nodes.ts'
import {
  createDatabase,
  hasPostgres,
  startPostgres,
  withPostgres,
  type PostgresServer,
  type TestDatabase,
} from '../support/postgres.ts'
import type { Reply } from '../support/orchestrator.ts'
import { held, json, scriptedServer, type ScriptedServer } from '../support/scripted-server.ts'
import { mayMount, mountSmallDisk, withMounts, type SmallDisk } from '../support/small-disk.ts'
import { lockTable } from '../support/table-lock.ts'
import { tcpProxy, type TcpProxy } from '../support/tcp-proxy.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }
/** What everybody may know of it. */
const FAULTS = [
  'the store cannot be written(: a commit has taken longer than 6000 ms)?',
  'the database does not answer',
  'this node has lost its lease in the database',
].join('|')
/** Of the small disk: what a new Postgres takes, and some room. */
const DISK_MB = 160

interface World extends AsyncDisposable {
  server: PostgresServer
  database: TestDatabase
  proxy: TcpProxy
  disk: SmallDisk | null
  a: Service
  b: Service
  echo: ScriptedServer
  slow: ScriptedServer
  /** Lets `slow` answer. */
  release(): void
}

interface Setting {
  env?: Readonly<Record<string, string>>
  onSmallDisk?: boolean
  /** It costs time where Postgres is away: Bun tries again for 5 s what is accepted and closed. */
  throughProxy?: boolean
}

async function worldOf(setting: Setting = {}): Promise<World> {
  const { env = LONG_LEASE, onSmallDisk = false, throughProxy = false } = setting
  await using stack = new AsyncDisposableStack()
  const release = Promise.withResolvers<void>()
  const slow = stack.use(scriptedServer(held(release.promise, json({ slow: true }))))
  const echo = stack.use(scriptedServer(json({ fine: true })))
  const dir = stack.use(temporaryDir())
  // Postgres runs as another user.
  chmodSync(dir.path, 0o755)
  const disk = onSmallDisk ? stack.use(mountSmallDisk(dir.file('disk'), DISK_MB)) : null
  const server = stack.use(await startPostgres(disk ? { path: disk.path } : {}))
  const database = stack.use(await createDatabase(server))
  const proxy = stack.use(await tcpProxy(server.port))
  const url = server.url(database.name, throughProxy ? proxy.port : server.port)
  const nodes = stack.use(nodesOver(url, { echo: echo.url, slow: slow.url }, env))
  const [a, b] = await Promise.all([nodes.start('a'), nodes.start('b')])
  const kept = stack.move()
  const parts = { server, database, proxy, disk, a, b, echo, slow, release: release.resolve }
  return { ...parts, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

interface Outage extends Setting {
  name: string
  begin(world: World): unknown
  end(world: World): unknown
  /** It can be read all the while. */
  isReadable?: boolean
}

const setReadOnly = async ({ database }: World, value: 'on' | 'off') => {
  await database.query(`alter system set default_transaction_read_only = ${value}`)
  await database.query('select pg_reload_conf()')
}

const OUTAGES: Outage[] = [
  { name: 'is stopped', begin: ({ server }) => server.stop(), end: ({ server }) => server.start() },
  { name: 'is killed', begin: ({ server }) => server.kill(), end: ({ server }) => server.start() },
  {
    name: 'stands still',
    begin: ({ server }) => server.freeze(),
    end: ({ server }) => server.thaw(),
  },
  {
    name: 'is behind a firewall that has forgotten the connections',
    begin: ({ proxy }) => proxy.swallow(),
    end: ({ proxy }) => proxy.pass(),
    throughProxy: true,
  },
  {
    name: 'takes no writes',
    begin: (world) => setReadOnly(world, 'on'),
    end: (world) => setReadOnly(world, 'off'),
    isReadable: true,
  },
]
const FULL: Outage = {
  name: 'has no room on its disk',
  begin: ({ disk }) => disk!.fill(),
  end: async ({ disk, server }) => {
    disk!.free()
    if (!server.isRunning) await server.start()
  },
  onSmallDisk: true,
  isReadable: true,
}

interface Lost {
  /** In the text of the statements whose answers are lost, and how many of them there are. */
  statement: string
  count: number
  /** SQL that is done before them. */
  change?: string
  /** Asks for what they write. */
  ask?(): void
}

/** Statements of the nodes are done, and they don't learn of it. */
async function loseAnswers(
  { database, proxy }: World,
  { statement, count, change = 'select 1', ask = () => {} }: Lost,
): Promise<void> {
  await using lock = await lockTable(database, 'orchestrator.live')
  await lock.query(change)
  ask()
  await lock.waiting(statement, count)
  proxy.swallow('to client')
  await lock.release()
}

/**
 * It takes no tasks, and says so. Some may have been taken before it has noticed: they are added to
 * `accepted`.
 */
async function refuses(node: Service, accepted: string[]): Promise<void> {
  const refused = await eventually('refused', async () => {
    const reply = await node.submit({ delay_seconds: 1 }, ASYNC)
    if (reply.status !== 202) return reply
    accepted.push(reply.json.task_id)
    return null
  })
  expect([refused.status, refused.json.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
  expect(refused.headers.has('retry-after')).toBe(true)
  const ready = await node.get('/orchestrator/ready')
  expect([ready.status, ready.json.checks.store.ok]).toEqual([503, false])
  // Both without the words of the server, which name its users and tables.
  expect(ready.json.checks.store.reason).toMatch(new RegExp(`^(${FAULTS})$`))
  expect(refused.json.error.message).toMatch(new RegExp(`it was not started(: (${FAULTS}))?$`))
  expect((await node.get('/orchestrator/health')).status).toBe(200)
}

const failuresOf = async (node: Service): Promise<number> =>
  (await node.get('/orchestrator/metrics')).json.store.failures

async function survives(outage: Outage): Promise<void> {
  const { begin, end, onSmallDisk, isReadable = false } = outage
  await using world = await worldOf(outage)
  const { a, b, echo, slow } = world
  const accepted: string[] = []
  const { json: inFlight } = await a.submit({ droplet_name: 'slow' }, ASYNC)
  const reply = a.submit({ droplet_name: 'slow' })
  // For a test that fails before it is awaited.
  reply.catch(() => {})
  await slow.received(2)
  const synchronous = slow.requests
    .map(({ headers }) => headers['x-task-id']!)
    .find((id) => id !== inFlight.task_id)!

  await begin(world)
  await Promise.all([a, b].map((node) => refuses(node, accepted)))
  const answer = isReadable ? [200, undefined] : [503, 'STORE_UNAVAILABLE']
  const paths = ['/orchestrator/tasks', `/orchestrator/tasks/${synchronous}`]
  for (const read of await Promise.all(paths.map((path) => b.get(path)))) {
    expect([read.status, read.json.error?.code]).toEqual(answer)
  }
  // Nothing may be sent of which no record can be made.
  const sent = echo.requests.length
  world.release()
  const before = await failuresOf(a)
  await eventually('two more failed writes', async () => (await failuresOf(a)) >= before + 2)
  // A full disk has room in some pages: what fits there is written, and sent.
  if (!onSmallDisk) expect(echo.requests.length).toBe(sent)

  await end(world)
  await Promise.all([a.ready(), b.ready()])
  // How long it took depends on the machine, and so whether the caller was told before.
  const { status, json: told } = await reply
  if (status === 200) expect(told).toMatchObject({ task_id: synchronous, status: 'success' })
  else {
    expect([status, told.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
    expect(told.error.details).toMatchObject({ task_id: synchronous, delivered: true })
  }
  for (const id of [synchronous, inFlight.task_id, ...accepted]) {
    const task = await b.task(id, (each) => each.status === 'success')
    expect(task.attempts).toHaveLength(1)
  }
  expect(slow.requests).toHaveLength(2)
  expect(echo.requests).toHaveLength(accepted.length)
  for (const node of [a, b]) {
    expect((await node.submit()).json).toMatchObject({ status: 'success' })
  }
  // Statements that were on their way may have come late: what they wrote does not stay.
  await eventually('nothing else is there', async () => {
    const { json: page } = await b.get('/orchestrator/tasks?limit=1')
    return page.total === accepted.length + 4
  })
  expect(a.log('the store can be written again').length).toBeGreaterThan(0)
  await Promise.all([a.stop(), b.stop()])
  expect([await a.exited, await b.exited]).toEqual([0, 0])
}

describe.skipIf(!hasPostgres)(`the database${withPostgres}`, () => {
  test.concurrent.each(OUTAGES)(
    '$name: new tasks are refused, none is lost, and it recovers',
    survives,
  )

  test.skipIf(!mayMount)(
    `${FULL.name}: new tasks are refused, none is lost, and it recovers${withMounts}`,
    () => survives(FULL),
  )

  test.concurrent(
    'is away for longer than the lease: all begins anew, and nothing is lost',
    async () => {
      await using world = await worldOf({ env: SHORT_LEASE })
      const { a, b, server, slow } = world
      const { json: inFlight } = await a.submit({ droplet_name: 'slow' }, ASYNC)
      const reply = a.submit({ droplet_name: 'slow' })
      await slow.received(2)
      const synchronous = slow.requests
        .map(({ headers }) => headers['x-task-id']!)
        .find((id) => id !== inFlight.task_id)!
      server.freeze()
      const { status, json: told } = await reply
      expect([status, told.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
      expect(told.error.details).toMatchObject({ task_id: synchronous })
      // What cannot be recorded is not waited for.
      await eventually('both requests are aborted', () => slow.connections === 0)
      world.release()
      await server.kill()
      await server.start()
      await Promise.all([a.ready(), b.ready()])
      const again = await b.task(inFlight.task_id, (each) => each.status === 'success')
      expect(again.attempts.map(({ attempt }: { attempt: number }) => attempt)).toEqual([1, 2])
      const interrupted = await a.task(synchronous, (each) => each.status === 'error')
      expect(interrupted.error_message).toBe('interrupted by a restart')
      for (const node of [a, b]) {
        expect((await node.submit()).json).toMatchObject({ status: 'success' })
      }
    },
  )

  test.concurrent(
    'has claimed for a node, and its answer is lost: the tasks are run all the same',
    async () => {
      await using world = await worldOf({ throughProxy: true })
      const { a, b, database, echo, proxy } = world
      const ids: string[] = []
      for (let n = 0; n < 5; n++) {
        ids.push((await a.submit({ delay_seconds: 3600 }, ASYNC)).json.task_id)
      }
      await loseAnswers(world, {
        statement: 'for update skip locked',
        count: 1,
        change: "update orchestrator.live set claim_at = now() - interval '1 hour'",
      })
      await eventually('somebody has claimed them', async () => {
        const owned = 'select count(*)::int4 as n from orchestrator.live where owner is not null'
        return (await database.query(owned))[0].n === ids.length
      })
      proxy.cut()
      proxy.pass()
      for (const id of ids) {
        const task = await b.task(id, ({ status }) => status === 'success')
        expect(task.attempts).toHaveLength(1)
      }
      expect(echo.requests).toHaveLength(ids.length)
    },
  )

  test.concurrent(
    'has recorded an end, and its answer is lost: it is recorded once, and told',
    async () => {
      await using world = await worldOf({ throughProxy: true })
      const { a, b, database, proxy, slow } = world
      const reply = a.submit({ droplet_name: 'slow' })
      await slow.received(1)
      await loseAnswers(world, {
        statement: 'insert into orchestrator.history',
        count: 1,
        ask: () => world.release(),
      })
      await eventually('it is written', async () => {
        return (await database.query('select from orchestrator.history')).length === 1
      })
      proxy.cut()
      proxy.pass()
      const { status, json: told } = await reply
      expect([status, told.status]).toEqual([200, 'success'])
      const task = await b.task(told.task_id)
      expect(task).toMatchObject({ status: 'success', attempts: [{ attempt: 1 }] })
      expect((await b.get('/orchestrator/tasks')).json.total).toBe(1)
      expect(slow.requests).toHaveLength(1)
    },
  )

  test.concurrent(
    'has taken tasks whose callers were told that it had not: none of them stays',
    async () => {
      await using world = await worldOf({ throughProxy: true })
      const { a, b, database, echo, proxy } = world
      // So that they have connections.
      const before = await Promise.all([a, b].map((node) => node.submit()))
      expect(before.map(({ status }) => status)).toEqual([200, 200])
      const replies: Promise<Reply>[] = []
      await loseAnswers(world, {
        statement: 'insert into orchestrator.live',
        count: 2,
        ask: () => replies.push(a.submit(), b.submit({ delay_seconds: 3600 }, ASYNC)),
      })
      await eventually('they are written', async () => {
        const rows = await database.query('select count(*)::int4 as n from orchestrator.live')
        return rows[0].n === replies.length
      })
      proxy.cut()
      proxy.pass()
      for (const { status, json: told } of await Promise.all(replies)) {
        expect([status, told.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
      }
      await eventually('they are gone', async () => {
        return (await b.get('/orchestrator/tasks')).json.total === before.length
      })
      expect(echo.requests).toHaveLength(before.length)
    },
  )
})
