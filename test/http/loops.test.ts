/** CONTRACT, section 10: a task may come back to us, but not for ever. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator } from '../support/orchestrator.ts'
import { hang, json, scriptedServer, sequenceServer } from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const TASKS = '/orchestrator/tasks'
const hops = (value: string) => ({ 'X-Orchestrator-Hops': value })

/** A task that submits a task that submits …, so many in all; the last one goes to `echo`. */
function nested(depth: number): object {
  const common = { max_retries: 0, method: 'POST' }
  return depth === 1
    ? { ...common, droplet_name: 'echo', path: '/' }
    : { ...common, droplet_name: 'self', path: TASKS, payload: nested(depth - 1) }
}

/** The replies in each other, the outermost first. */
function repliesIn(reply: { response_body?: never } | null): object[] {
  return reply ? [reply, ...repliesIn(reply.response_body ?? null)] : []
}

test.each([
  [8, 8, { response_status: 200 }],
  [9, 8, { error: { code: 'LOOP_DETECTED', details: { hops: 8 } } }],
])('of %p tasks that call each other, %p are made', async (depth, made, last) => {
  await using echo = scriptedServer(json(null))
  await using service = await startOrchestrator()
  await service.relist({ echo: echo.url, self: service.url })
  await service.engine.registry.refresh()
  const { json: outermost } = await service.submit(nested(depth))
  const replies = repliesIn(outermost)
  expect(replies).toHaveLength(depth)
  expect(replies.at(-1)).toMatchObject(last)
  expect((await service.get(TASKS)).json.total).toBe(made)
  expect(echo.requests.map(({ headers }) => headers['x-orchestrator-hops'])).toEqual(
    depth === made ? ['8'] : [],
  )
})

describe('each attempt tells one more than the request did', () => {
  test.each([
    [{}, '1'],
    [hops('0'), '1'],
    [hops('7'), '8'],
    [hops('0003'), '4'],
  ])('of %p: %s', async (headers, told) => {
    await using upstream = sequenceServer(json(1, 503), json(2))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { json: outcome } = await service.skipWaits(service.submit({}, headers))
    expect(outcome).toMatchObject({ status: 'success', retry_count: 1 })
    await service.post('/orchestrator/send', { target: 'echo', message_type: 'event' }, headers)
    const all = upstream.requests.map((request) => request.headers['x-orchestrator-hops'])
    expect(all).toEqual([told, told, told])
  })

  test('over a restart too; a replay goes by its own request', async () => {
    using dir = temporaryDir()
    await using upstream = scriptedServer(hang)
    const options = { mesh: { echo: upstream.url }, config: { task: { db: dir.file('tasks.db') } } }
    await using before = await startOrchestrator(options)
    const { json: accepted } = await before.submit({}, { ...ASYNC, ...hops('5') })
    await upstream.received(1)
    await before.stop()
    upstream.script(json(1))
    await using after = await startOrchestrator({ ...options, clock: before.clock })
    await after.task(accepted.task_id, ({ status }) => status === 'success')
    await after.post(`${TASKS}/${accepted.task_id}/replay`, undefined, hops('2'))
    await after.post(`${TASKS}/${accepted.task_id}/replay`)
    const all = upstream.requests.map(({ headers }) => headers['x-orchestrator-hops'])
    expect(all).toEqual(['6', '6', '3', '1'])
  })
})

describe('every way to submit', () => {
  test.each(['8', '9', '99999999999999999999', '08'])('with %p hops is refused', async (many) => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { json: done } = await service.submit()
    const sent = { target: 'echo', message_type: 'event' }
    for (const reply of [
      await service.submit({}, hops(many)),
      await service.submit({}, { ...hops(many), ...ASYNC }),
      await service.post(`${TASKS}/${done.task_id}/replay`, undefined, hops(many)),
      await service.post('/orchestrator/send', sent, hops(many)),
    ]) {
      expect(reply.status).toBe(508)
      const { code, details } = reply.json.error
      expect([code, details]).toEqual(['LOOP_DETECTED', { hops: Number(many) }])
    }
    expect(upstream.requests).toHaveLength(1)
    expect((await service.get(TASKS)).json.total).toBe(1)
  })

  test.each(['', '-1', '1.5', '1, 1', '1e0', '0x1', 'none', '٣'])(
    'with %p, which is no number of hops, is refused: a loop would start at 0 again',
    async (malformed) => {
      await using upstream = scriptedServer(json(1))
      await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
      const bytes = Buffer.from(malformed).toString('latin1')
      const reply = await service.submit({}, hops(bytes))
      expect(reply.status).toBe(400)
      expect(reply.json.error.details.errors).toEqual([
        { path: 'X-Orchestrator-Hops', message: 'must be a whole number' },
      ])
      expect(upstream.requests).toHaveLength(0)
    },
  )
})
