/** Any node answers for any task: two of them over one Postgres, with and without its wake-ups. */
import { describe, expect, test } from 'bun:test'
import type { Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { nodesOver, withoutListen } from '../support/nodes.ts'
import { createDatabase, hasPostgres, withPostgres } from '../support/postgres.ts'
import { held, json, scriptedServer, type ScriptedServer } from '../support/scripted-server.ts'
import { lockTable } from '../support/table-lock.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }
const ONE_AT_A_TIME = { TASK_CONCURRENCY: '1' }

const taskPath = (id: string) => `/orchestrator/tasks/${id}`
const cancel = (node: Service, id: string) => node.call('POST', `${taskPath(id)}/cancel`)
const sentFor = ({ requests }: ScriptedServer, id: string) =>
  requests.filter(({ headers }) => headers['x-task-id'] === id)

/** Two nodes, and a droplet `slow` that answers when a test lets it, and `echo` at once. */
async function pairOf(listens: boolean) {
  await using stack = new AsyncDisposableStack()
  const release = Promise.withResolvers<void>()
  const slow = stack.use(scriptedServer(held(release.promise, json({ slow: true }))))
  const echo = stack.use(scriptedServer(json({ fine: true })))
  const database = stack.use(await createDatabase())
  const url = listens ? database.url : stack.use(await withoutListen(database.url)).url
  const nodes = stack.use(nodesOver(url, { echo: echo.url, slow: slow.url }))
  const [a, b] = await Promise.all([nodes.start('a', ONE_AT_A_TIME), nodes.start('b')])
  const kept = stack.move()
  const parts = { a, b, slow, echo, nodes, database, release: release.resolve }
  return { ...parts, [Symbol.asyncDispose]: () => kept.disposeAsync() }
}

describe.skipIf(!hasPostgres).each([
  ['two nodes', true],
  ['two nodes that hear nothing of each other', false],
])(`%s${withPostgres}`, (_, listens) => {
  test.concurrent(
    'a task that one has accepted is found, listed, waited for and replayed by the other',
    async () => {
      await using pair = await pairOf(listens)
      const { a, b, slow } = pair
      const { status, json: accepted } = await a.submit(
        { droplet_name: 'slow', meta: { n: 1 } },
        ASYNC,
      )
      expect(status).toBe(202)
      const { task_id: id } = accepted
      await slow.received(1)
      const seen = await b.get(taskPath(id))
      expect(seen.json).toMatchObject({ id, status: 'running', meta: { n: 1 }, mode: 'async' })
      expect(seen.json).toEqual((await a.get(taskPath(id))).json)
      const lists = await Promise.all([a, b].map((node) => node.get('/orchestrator/tasks')))
      expect(lists[1]!.json).toEqual(lists[0]!.json)
      expect(lists[1]!.json).toMatchObject({ total: 1, tasks: [{ id, status: 'running' }] })

      const waiting = b.get(`${taskPath(id)}?wait=55`)
      const short = await b.get(`${taskPath(id)}?wait=1`)
      expect(short.json).toEqual(seen.json)
      pair.release()
      const { json: ended } = await waiting
      expect(ended).toMatchObject({ status: 'success', response_body: { slow: true } })
      expect((await a.get(taskPath(id))).json).toEqual(ended)

      const replayed = await b.call('POST', `${taskPath(id)}/replay`)
      expect(replayed.json).toMatchObject({ status: 'success', response_body: { slow: true } })
      const again = await a.get(taskPath(replayed.json.task_id))
      expect(again.json).toMatchObject({ replay_of: id, status: 'success', mode: 'sync' })
      expect(slow.requests).toHaveLength(2)
    },
  )

  test.concurrent(
    'a synchronous task is known to the other while it runs and afterwards',
    async () => {
      await using pair = await pairOf(listens)
      const { a, b, slow, database } = pair
      const reply = a.submit({ droplet_name: 'slow' })
      await slow.received(1)
      const id = slow.requests[0]!.headers['x-task-id']!
      expect((await b.get(taskPath(id))).json).toMatchObject({ status: 'running', mode: 'sync' })
      await eventually('no transaction is open while the droplet works', async () => {
        const open = await database.query(`select from pg_stat_activity
        where datname = current_database() and xact_start is not null and pid <> pg_backend_pid()
          and backend_type = 'client backend'`)
        return open.length === 0
      })
      const waiting = b.get(`${taskPath(id)}?wait=55`)
      pair.release()
      expect((await reply).json).toMatchObject({ task_id: id, status: 'success' })
      expect((await waiting).json).toMatchObject({
        status: 'success',
        response_body: { slow: true },
      })
      const { json: metrics } = await b.get('/orchestrator/metrics')
      expect(metrics.tasks.running).toBe(0)
    },
  )

  describe('the other cancels', () => {
    test('what is in flight', async () => {
      await using pair = await pairOf(listens)
      const { a, b, slow } = pair
      const { json: accepted } = await a.submit({ droplet_name: 'slow' }, ASYNC)
      await slow.received(1)
      const waiting = a.get(`${taskPath(accepted.task_id)}?wait=55`)
      const cancelled = await cancel(b, accepted.task_id)
      expect([cancelled.status, cancelled.json.status]).toEqual([200, 'cancelled'])
      await eventually('its request is aborted', () => slow.connections === 0)
      expect((await waiting).json).toEqual(cancelled.json)
      for (const node of [a, b]) {
        const again = await cancel(node, accepted.task_id)
        expect([again.status, again.json.error.code]).toEqual([409, 'TASK_FINISHED'])
      }
      expect(slow.requests).toHaveLength(1)
    })

    test('what waits for a slot, and what waits for its time', async () => {
      await using pair = await pairOf(listens)
      const { a, b, slow, echo } = pair
      await a.submit({ droplet_name: 'slow' }, ASYNC)
      await slow.received(1)
      const { json: queued } = await a.submit({}, ASYNC)
      const { json: delayed } = await a.submit({ delay_seconds: 3600 }, ASYNC)
      for (const { task_id: id } of [queued, delayed]) {
        const cancelled = await cancel(b, id)
        expect([cancelled.status, cancelled.json.status]).toEqual([200, 'cancelled'])
        expect((await a.get(taskPath(id))).json).toEqual(cancelled.json)
      }
      pair.release()
      await eventually('nothing is left', async () => {
        const { json: page } = await a.get('/orchestrator/tasks?status=running')
        return page.total === 0
      })
      expect(echo.requests).toHaveLength(0)
    })

    test('what a caller of the first waits for', async () => {
      await using pair = await pairOf(listens)
      const { a, b, slow } = pair
      const reply = a.submit({ droplet_name: 'slow' })
      await slow.received(1)
      const id = slow.requests[0]!.headers['x-task-id']!
      const cancelled = await cancel(b, id)
      expect([cancelled.status, cancelled.json.status]).toEqual([200, 'cancelled'])
      const { status, json: outcome } = await reply
      expect([status, outcome.task_id, outcome.status]).toEqual([200, id, 'cancelled'])
      await eventually('its request is aborted', () => slow.connections === 0)
    })
  })

  test.each([
    ['synchronous', {}],
    ['asynchronous', ASYNC],
  ])('one key on both at once runs one task: %s', async (mode, prefer) => {
    await using pair = await pairOf(listens)
    const { a, b, slow, database } = pair
    const headers = { ...prefer, 'idempotency-key': 'one' }
    const submit = (node: Service, body: object = {}) =>
      node.submit({ droplet_name: 'slow', method: 'POST', payload: { n: 1 }, ...body }, headers)
    // Both have seen that there is no such key.
    await using lock = await lockTable(database, 'orchestrator.keys')
    const first = [a, b].map((node) => submit(node))
    await lock.waiting('insert into orchestrator.keys', 2)
    await lock.release()
    const loser =
      mode === 'synchronous'
        ? // The other answers when the droplet does.
          await Promise.race(first)
        : (await Promise.all(first)).find(({ status }) => status !== 202)!
    expect([loser.status, loser.json.error?.code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE'])
    const id = loser.json.error.details.task_id
    expect(loser.headers.get('location')).toBe(taskPath(id))
    await slow.received(1)
    for (const node of [a, b]) expect((await submit(node)).status).toBe(409)
    pair.release()
    const replies = await Promise.all(first)
    const winner = replies.find(({ status }) => status !== 409)!
    expect(winner.json.task_id).toBe(id)
    await b.task(id, ({ status }) => status === 'success')
    for (const node of [a, b]) {
      const again = await submit(node)
      expect(again.headers.get('idempotency-replayed')).toBe('true')
      expect(again.json).toMatchObject({ task_id: id, response_body: { slow: true } })
      const other = await submit(node, { payload: { n: 2 } })
      expect([other.status, other.json.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    }
    expect(slow.requests.map(({ headers: sent }) => sent['x-task-id'])).toEqual([id])
    expect((await a.get('/orchestrator/tasks')).json.total).toBe(1)
  })

  test.concurrent(
    'work that is too much for one is done by the other, each task once',
    async () => {
      await using pair = await pairOf(listens)
      const { a, b, slow, echo } = pair
      await a.submit({ droplet_name: 'slow' }, ASYNC)
      await slow.received(1)
      // The one slot of `a` is taken.
      const many = await Promise.all(Array.from({ length: 20 }, () => a.submit({}, ASYNC)))
      await echo.received(19)
      pair.release()
      for (const { json: accepted } of many) {
        const task = await b.task(accepted.task_id, ({ status }) => status === 'success')
        expect(task.attempts).toHaveLength(1)
        expect(sentFor(echo, task.id)).toHaveLength(1)
      }
    },
  )

  test.concurrent('a delayed task is run by whichever node is there', async () => {
    await using pair = await pairOf(listens)
    const { a, b, echo } = pair
    const { json: accepted } = await a.submit({ delay_seconds: 2 }, ASYNC)
    await a.stop()
    const task = await b.task(accepted.task_id, ({ status }) => status === 'success')
    expect(task.attempts).toHaveLength(1)
    expect(echo.requests).toHaveLength(1)
  })

  test.concurrent('each tells of both, and of itself', async () => {
    await using pair = await pairOf(listens)
    const { a, b, slow, database } = pair
    const { json: info } = await b.get('/orchestrator/info')
    expect(info).toMatchObject({
      node: 'b',
      nodes: [
        { name: 'a', self: false },
        { name: 'b', self: true },
      ],
    })
    const listening = `select from pg_stat_activity
      where datname = current_database() and query ilike 'listen%'`
    await eventually('they listen, or cannot', async () => {
      return (await database.query(listening)).length === (listens ? 2 : 0)
    })
    const names = await database.query(`select distinct application_name as name
      from pg_stat_activity where datname = current_database() and pid <> pg_backend_pid()
        and backend_type = 'client backend' order by name`)
    expect(names).toEqual([{ name: 'orchestrator a' }, { name: 'orchestrator b' }])
    await a.submit({ droplet_name: 'slow' }, ASYNC)
    await slow.received(1)
    const page = await a.call('GET', '/orchestrator/metrics', { headers: { accept: 'text/plain' } })
    const samples = page.text.split('\n').filter((line) => /^[^#]/.test(line))
    expect(samples.length).toBeGreaterThan(50)
    expect(samples.filter((line) => !line.includes('node="a"'))).toEqual([])
    pair.release()
    await a.stop()
    expect(await a.exited).toBe(0)
    const { json: later } = await b.get('/orchestrator/info')
    expect(later.nodes).toMatchObject([{ name: 'b' }])
  })
})
