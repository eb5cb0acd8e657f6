/** A node that is killed, told to stop, or stands still: what becomes of its tasks. */
import { describe, expect, test } from 'bun:test'
import type { Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { LONG_LEASE, nodesOver, SHORT_LEASE, withoutListen } from '../support/nodes.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import {
  answeringServer,
  hang,
  held,
  json,
  type Answer,
  type Received,
} from '../support/scripted-server.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }
const ONE_AT_A_TIME = { TASK_CONCURRENCY: '1' }
const INTERRUPTED = 'interrupted by a restart'

const taskPath = (id: string) => `/orchestrator/tasks/${id}`
const idOf = ({ headers }: Received) => headers['x-task-id']!
const attemptsOf = (requests: readonly Received[], id: string) =>
  requests.filter((request) => idOf(request) === id).map(({ headers }) => headers['x-attempt'])

/** `answer`: how the only droplet, `echo`, answers a task's `n`th request, from 0. */
async function nodesWith(
  listens: boolean,
  answer: (n: number, request: Received) => Answer,
  env: Readonly<Record<string, string>>,
) {
  await using stack = new AsyncDisposableStack()
  const requests: Received[] = []
  const echo = stack.use(
    answeringServer((request) => {
      const before = requests.filter((each) => idOf(each) === idOf(request)).length
      requests.push(request)
      return answer(before, request)
    }),
  )
  const database = stack.use(await createDatabase())
  const url = listens ? database.url : stack.use(await withoutListen(database.url)).url
  const nodes = stack.use(nodesOver(url, { echo: echo.url }, env))
  const kept = stack.move()
  return { database, echo, nodes, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

const firstHangs = (n: number) => (n === 0 ? hang : json({ n }))

describe.skipIf(!hasPostgres).each([
  ['a node', true],
  ['a node among those that hear nothing of each other', false],
])(`%s${withPostgres}`, (_, listens) => {
  test.concurrent('is killed: its asynchronous tasks go on elsewhere, and count on', async () => {
    await using mesh = await nodesWith(listens, firstHangs, SHORT_LEASE)
    const { echo, nodes } = mesh
    const [a, b] = await Promise.all([nodes.start('a', ONE_AT_A_TIME), nodes.start('b')])
    const { json: inFlight } = await a.submit({ method: 'POST', payload: { n: 1 } }, ASYNC)
    await echo.received(1)
    const { json: delayed } = await a.submit({ delay_seconds: 1 }, ASYNC)
    a.signal('SIGKILL')
    await a.exited

    const task = await b.task(inFlight.task_id, ({ status }) => status === 'success')
    expect(task).toMatchObject({
      response_body: { n: 1 },
      attempts: [
        { attempt: 1, response_status: null },
        { attempt: 2, response_status: 200 },
      ],
    })
    expect(attemptsOf(echo.requests, task.id)).toEqual(['1', '2'])
    const [first, second] = echo.requests.filter((each) => idOf(each) === task.id)
    expect(second!.headers['idempotency-key']).toBe(first!.headers['idempotency-key']!)
    expect(second!.body).toBe(first!.body)
    expect((await b.task(delayed.task_id, ({ status }) => status !== 'queued')).id).toBe(
      delayed.task_id,
    )
    await eventually('the dead one is not listed', async () => {
      const { json: info } = await b.get('/orchestrator/info')
      return info.nodes.length === 1
    })
  })

  test.concurrent('is killed: what was to be cancelled there is not sent again', async () => {
    await using mesh = await nodesWith(listens, firstHangs, SHORT_LEASE)
    const { echo, nodes } = mesh
    const [a, b] = await Promise.all([nodes.start('a'), nodes.start('b')])
    const { json: accepted } = await a.submit({}, ASYNC)
    await echo.received(1)
    a.signal('SIGSTOP')
    const asked = b.call('POST', `${taskPath(accepted.task_id)}/cancel`)
    await eventually('b has asked for it', async () => {
      const [row] = await mesh.database.query('select cancel from orchestrator.live')
      return row?.cancel
    })
    a.signal('SIGKILL')
    await a.exited
    const task = await b.task(accepted.task_id, ({ completed_at: at }) => at !== null)
    expect(task.status).toBe('cancelled')
    // On a machine that stands still, nobody has taken it over by the time that b waits for that.
    const { status, json: told } = await asked
    expect([status, told.error?.code ?? told.status]).toBeOneOf([
      [200, 'cancelled'],
      [503, 'STORE_UNAVAILABLE'],
    ])
    expect(echo.requests).toHaveLength(1)
  })

  test.concurrent(
    'is killed: its synchronous tasks are interrupted, and a key runs one again',
    async () => {
      await using mesh = await nodesWith(listens, firstHangs, SHORT_LEASE)
      const { echo, nodes } = mesh
      const [a, b] = await Promise.all([nodes.start('a'), nodes.start('b')])
      const headers = { 'idempotency-key': 'k' }
      const callers = [a.submit(), a.submit({}, headers)].map((reply) =>
        reply.catch(() => 'cut off'),
      )
      await echo.received(2)
      const inUse = await b.submit({}, headers)
      expect([inUse.status, inUse.json.error.code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE'])
      a.signal('SIGKILL')
      expect(await Promise.all(callers)).toEqual(['cut off', 'cut off'])

      const ids = echo.requests.map(idOf)
      for (const id of ids) {
        const task = await b.task(id, ({ status }) => status !== 'running')
        expect(task).toMatchObject({ status: 'error', error_message: INTERRUPTED })
      }
      const told = b.log('a node is taken for dead: its tasks are left to others')
      expect(told).toMatchObject([{ level: 'WARNING', node: 'a', requeued: 0, interrupted: 2 }])
      expect(told[0]!.seen_ago_ms).toBeGreaterThanOrEqual(2000)
      expect(echo.requests).toHaveLength(2)
      const again = await b.submit({}, headers)
      expect([again.status, again.json.status]).toEqual([200, 'success'])
      expect(ids).toContain(again.json.task_id)
      expect(attemptsOf(echo.requests, again.json.task_id)).toEqual(['1', '2'])
    },
  )

  test.concurrent('is told to stop: what it has not begun is given back at once', async () => {
    // No lease runs out in this test: what the other gets was given.
    const release = Promise.withResolvers<void>()
    await using mesh = await nodesWith(
      listens,
      (_, { url }) => (url === '/slow' ? held(release.promise, json({})) : json({})),
      LONG_LEASE,
    )
    const { echo, nodes } = mesh
    const a = await nodes.start('a', ONE_AT_A_TIME)
    const { json: inFlight } = await a.submit({ path: '/slow' }, ASYNC)
    await echo.received(1)
    const waiting = await Promise.all(Array.from({ length: 5 }, () => a.submit({}, ASYNC)))
    const { json: delayed } = await a.submit({ delay_seconds: 1 }, ASYNC)
    const b = await nodes.start('b')
    a.signal('SIGTERM')
    for (const { task_id: id } of [...waiting.map((reply) => reply.json), delayed]) {
      await b.task(id, ({ status }) => status === 'success')
      expect(attemptsOf(echo.requests, id)).toEqual(['1'])
    }
    expect(a.exitCode).toBeUndefined()
    release.resolve()
    expect(await a.exited).toBe(0)
    const ended = await b.task(inFlight.task_id)
    expect(ended).toMatchObject({ status: 'success', attempts: [{ attempt: 1 }] })
  })

  test.concurrent(
    'is told to stop and waits no longer: what is in flight goes on elsewhere at once',
    async () => {
      await using mesh = await nodesWith(listens, firstHangs, {
        ...LONG_LEASE,
        SHUTDOWN_GRACE: '0',
      })
      const { echo, nodes } = mesh
      const [a, b] = await Promise.all([nodes.start('a'), nodes.start('b')])
      const { json: accepted } = await a.submit({}, ASYNC)
      await echo.received(1)
      a.signal('SIGTERM')
      const task = await b.task(accepted.task_id, ({ status }) => status === 'success')
      expect(attemptsOf(echo.requests, task.id)).toEqual(['1', '2'])
      expect(await a.exited).toBe(0)
    },
  )

  test.concurrent(
    'has lost tasks and does not know: their ends are dropped, with a warning',
    async () => {
      const release = Promise.withResolvers<void>()
      await using mesh = await nodesWith(listens, () => held(release.promise, json({})), LONG_LEASE)
      const { database, echo, nodes } = mesh
      const [a, b] = await Promise.all([nodes.start('a'), nodes.start('b')])
      const { json: accepted } = await a.submit({}, ASYNC)
      const caller = a.submit()
      await echo.received(2)
      await database.query(`update orchestrator.live set fence = fence + 1,
      owner = (select session from orchestrator.nodes where node = 'b')`)
      const before = await database.query('select * from orchestrator.live order by id')
      release.resolve()
      const { status, json: told } = await caller
      expect([status, told.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
      const ids = [accepted.task_id, told.error.details.task_id].sort()
      await eventually('it has said so of both', () => {
        const lines = a.log('a task is no longer ours')
        return Bun.deepEquals(lines.map((line) => line.task_id).sort(), ids)
      })
      expect(await database.query('select * from orchestrator.live order by id')).toEqual(before)
      for (const node of [a, b]) {
        expect((await node.get('/orchestrator/tasks?status=running')).json.total).toBe(2)
        expect((await node.submit()).json.status).toBe('success')
      }
    },
  )

  test.concurrent(
    'stands still: another takes over, and what it says afterwards changes nothing',
    async () => {
      const late = Promise.withResolvers<void>()
      await using mesh = await nodesWith(
        listens,
        (n) => (n === 0 ? held(late.promise, json({ late: true })) : json({ n })),
        SHORT_LEASE,
      )
      const { echo, nodes } = mesh
      const [a, b] = await Promise.all([nodes.start('a'), nodes.start('b')])
      const { json: accepted } = await a.submit({}, ASYNC)
      await echo.received(1)
      const caller = a.submit()
      await echo.received(2)
      const synchronous = echo.requests.map(idOf).find((id) => id !== accepted.task_id)!
      a.signal('SIGSTOP')

      const taken = await b.task(accepted.task_id, ({ status }) => status === 'success')
      expect(taken).toMatchObject({ response_body: { n: 1 }, attempts: [{}, { attempt: 2 }] })
      const interrupted = await b.task(synchronous, ({ status }) => status === 'error')
      expect(interrupted).toMatchObject({ error_message: INTERRUPTED })
      // Both answers are there when it wakes up.
      late.resolve()
      a.signal('SIGCONT')

      const { status, json: told } = await caller
      expect([status, told.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
      expect(told.error.details).toMatchObject({ task_id: synchronous })
      await a.ready()
      await goesOn(a, b)
      expect(a.log().some(({ msg }) => msg.startsWith('the lease of this node'))).toBe(true)
      for (const node of [a, b]) {
        expect(await node.task(taken.id)).toEqual(taken)
        expect(await node.task(interrupted.id)).toEqual(interrupted)
      }
      expect((await b.get('/orchestrator/info')).json.nodes).toHaveLength(2)
      expect((await b.get('/orchestrator/tasks?status=running')).json.total).toBe(0)
    },
  )
})

/** It takes tasks, and the other knows them. */
async function goesOn(node: Service, other: Service): Promise<void> {
  const { status, json: outcome } = await eventually('it takes tasks', async () => {
    const reply = await node.submit({ path: '/again' })
    return reply.status === 503 ? null : reply
  })
  expect([status, outcome.status]).toEqual([200, 'success'])
  expect((await other.get(taskPath(outcome.task_id))).json.status).toBe('success')
}
