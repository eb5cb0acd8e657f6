/** Durable and asynchronous tasks over HTTP: CONTRACT, section 9. */
import { describe, expect, test } from 'bun:test'
import { join } from 'node:path'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ASYNC, startOrchestrator, type Reply } from '../support/orchestrator.ts'
import { hang, held, json, scriptedServer, sequenceServer } from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const POST = { method: 'POST', payload: { n: 1 } }

describe('Prefer', () => {
  test('respond-async: 202 at once, with where to follow it', async () => {
    await using upstream = scriptedServer(json({ done: true }))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { status, headers, json: accepted } = await service.submit({}, ASYNC)
    const location = `/orchestrator/tasks/${accepted.task_id}`
    expect(status).toBe(202)
    expect(accepted).toEqual({ task_id: accepted.task_id, status: 'queued', location })
    expect(headers.get('location')).toBe(location)
    expect(headers.get('preference-applied')).toBe('respond-async')
    const ended = await service.task(accepted.task_id, ({ status: now }) => now === 'success')
    expect(ended).toMatchObject({ response_body: { done: true }, retry_count: 0 })
  })

  test('wait: the result when it comes in time, else the 202', async () => {
    const release = Promise.withResolvers<void>()
    await using upstream = sequenceServer(json(1), held(release.promise, json(2)))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const quick = await service.submit({}, { prefer: 'respond-async, wait=10' })
    expect([quick.status, quick.json.response_body]).toEqual([200, 1])
    expect(quick.headers.get('preference-applied')).toBe('wait=10')
    const slow = service.submit({}, { prefer: 'handling=lenient, Wait="2"; x=1' })
    await upstream.received(2)
    await service.clock.advance(2000)
    const { status, headers, json: accepted } = await slow
    expect([status, accepted.status]).toEqual([202, 'running'])
    expect(headers.get('preference-applied')).toBe('wait=2')
    release.resolve()
    await service.task(accepted.task_id, ({ status: now }) => now === 'success')
  })

  test('wait: a large answer comes whole, as without it; a look at the task has the marker', async () => {
    const large = 'x'.repeat(50_000)
    const release = Promise.withResolvers<void>()
    await using upstream = sequenceServer(json(large), held(release.promise, json(large)))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const quick = await service.submit({}, { prefer: 'wait=10' })
    expect([quick.status, quick.json.response_body]).toEqual([200, large])
    const { json: accepted } = await service.submit({}, ASYNC)
    await upstream.received(2)
    const looks = ['?wait=5', '?wait=5'].map((wait) => service.get(accepted.location + wait))
    await service.clock.settle()
    release.resolve()
    const marker = expect.objectContaining({ _truncated: true })
    for (const { json: task } of await Promise.all(looks)) {
      expect([task.status, task.response_body]).toEqual(['success', marker])
    }
    expect((await service.get(accepted.location)).json.response_body).toEqual(marker)
  })

  test.each([
    ['wait=0', 1, 'wait=1'],
    ['wait=100', 55, 'wait=55'],
    ['respond-async, wait=100', 55, 'respond-async, wait=55'],
  ])('%s waits %d s, and says so', async (prefer, seconds, applied) => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const submitted = service.submit({ timeout_ms: 600_000 }, { prefer })
    await upstream.received(1)
    await service.clock.advance(seconds * 1000 - 1)
    expect(await Promise.race([submitted, Bun.sleep(5)])).toBeUndefined()
    await service.clock.advance(1)
    const { status, headers } = await submitted
    expect([status, headers.get('preference-applied')]).toEqual([202, applied])
  })

  test.each([
    ['wait=x', null, 200],
    ['wait=-1, respond-async', 'respond-async', 202],
    ['return=minimal, handling=lenient', null, 200],
  ])('%s: what cannot be honoured is ignored', async (prefer, applied, status) => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const reply = await service.submit({}, { prefer })
    expect([reply.status, reply.headers.get('preference-applied')]).toEqual([status, applied])
  })
})

test('a long poll answers when the task has ended, or with what there is', async () => {
  const release = Promise.withResolvers<void>()
  await using upstream = scriptedServer(held(release.promise, json(1)))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: accepted } = await service.submit({}, ASYNC)
  await upstream.received(1)
  const poll = () => service.get(`${accepted.location}?wait=5`)
  const early = poll()
  await service.clock.settle()
  await service.passTime(early, 1000)
  expect((await early).json.status).toBe('running')
  const late = poll()
  release.resolve()
  expect((await late).json.status).toBe('success')
})

test.each([
  ['100', 55],
  ['56', 55],
  ['99999999999999999999', 55],
  ['1', 1],
])('a long poll of %s s lasts %d s', async (wait, seconds) => {
  await using upstream = scriptedServer(hang)
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: accepted } = await service.submit({ timeout_ms: 600_000 }, ASYNC)
  await upstream.received(1)
  const before = service.clock.pending
  const poll = service.get(`${accepted.location}?wait=${wait}`)
  await service.clock.settle(() => service.clock.pending > before)
  // Its thread answers in order: by then the poll has read its task, and only waits.
  await service.engine.store.find('another')
  await service.clock.settle()
  await service.clock.advance(seconds * 1000 - 1)
  expect(await Promise.race([poll, Bun.sleep(5)])).toBeUndefined()
  await service.clock.advance(1)
  expect((await poll).json.status).toBe('running')
})

test.each([
  ['0', 200],
  ['-1', 200],
  ['-0', 200],
  ['', 200],
  ['abc', 400],
  ['1.5', 400],
  ['1e1', 400],
  ['1s', 400],
  ['%31', 200],
])('a long poll of %j s: %d', async (wait, expected) => {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: done } = await service.submit()
  const reply = await service.get(`/orchestrator/tasks/${done.task_id}?wait=${wait}`)
  expect(reply.status).toBe(expected)
  if (expected === 400) {
    const errors = [{ path: '?wait', message: 'must be a whole number' }]
    expect(reply.json.error.details).toEqual({ errors })
  }
})

test('delay_seconds: not before then, also when the clock is set back; not for synchronous ones', async () => {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: accepted } = await service.submit({ delay_seconds: 60 }, ASYNC)
  service.clock.jump(-3_600_000)
  await service.clock.advance(59_999)
  expect(upstream.calls).toHaveLength(0)
  await service.clock.advance(1)
  const task = await service.task(accepted.task_id, ({ status }) => status === 'success')
  expect(task.duration_ms).toBe(0)
  expect((await service.submit({ delay_seconds: 1 })).status).toBe(400)
})

describe('Idempotency-Key', () => {
  const key = { 'idempotency-key': 'order-1' }

  test('the same request again gives the stored outcome, and sends nothing', async () => {
    await using upstream = sequenceServer(json({ n: 1 }, 201), json({ n: 2 }))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const first = await service.submit(POST, key)
    const second = await service.submit(POST, key)
    expect(second.json).toEqual(first.json)
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    expect(first.headers.get('idempotency-replayed')).toBeNull()
    expect(upstream.calls).toHaveLength(1)
    const other = await service.submit({ ...POST, payload: { n: 2 } }, key)
    expect([other.status, other.json.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect(other.json.error.details).toEqual({ task_id: first.json.task_id })
  })

  test('of many that arrive together one runs; the others are told which', async () => {
    const release = Promise.withResolvers<void>()
    await using upstream = scriptedServer(held(release.promise, json(1)))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const all = Array.from({ length: 8 }, () => service.submit(POST, key))
    await upstream.received(1)
    const refused: Reply[] = []
    for (const each of all) void each.then((reply) => refused.push(reply))
    // The one that runs is not answered before its droplet is.
    await service.clock.settle(() => refused.length === all.length - 1)
    const others = [...refused]
    release.resolve()
    const statuses = (await Promise.all(all)).map(({ status }) => status).sort()
    expect(statuses).toEqual([200, 409, 409, 409, 409, 409, 409, 409])
    for (const { json: reply, headers } of others) {
      expect(reply.error.code).toBe('IDEMPOTENCY_KEY_IN_USE')
      expect(headers.get('location')).toBe(`/orchestrator/tasks/${reply.error.details.task_id}`)
    }
    expect(upstream.calls).toHaveLength(1)
  })

  test.each(['', 'a b', 'x'.repeat(256)])('%p is refused', async (bad) => {
    await using service = await startOrchestrator({ mesh: { echo: 'http://127.0.0.1:1' } })
    const { status } = await service.submit(POST, { 'idempotency-key': bad })
    expect(status).toBe(400)
  })
})

describe('cancel', () => {
  test('in line, between attempts and in flight', async () => {
    await using upstream = sequenceServer(json(1, 500), hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const cancel = (id: string) => service.post(`/orchestrator/tasks/${id}/cancel`)
    const inLine = (await service.submit({ delay_seconds: 9 }, ASYNC)).json.task_id
    expect((await cancel(inLine)).json).toMatchObject({ status: 'cancelled', attempts: [] })
    const between = (await service.submit({}, ASYNC)).json.task_id
    await service.task(between, ({ attempts }) => attempts[0]?.response_status === 500)
    expect((await cancel(between)).json).toMatchObject({ status: 'cancelled', retry_count: 0 })
    const inFlight = (await service.submit({}, ASYNC)).json.task_id
    await upstream.received(2)
    expect((await cancel(inFlight)).json).toMatchObject({ status: 'cancelled' })
    await service.clock.advance(60_000)
    expect(upstream.calls).toHaveLength(2)
    const again = await cancel(inFlight)
    expect([again.status, again.json.error.code]).toEqual([409, 'TASK_FINISHED'])
    expect((await cancel('nope')).status).toBe(404)
    const { tasks } = (await service.get('/orchestrator/metrics')).json
    expect(tasks).toMatchObject({ cancelled: 3, total: 3, queued: 0, running: 0 })
  })

  test('the caller who waits gets 200, cancelled', async () => {
    await using upstream = scriptedServer(hang)
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const waiting = service.submit()
    await upstream.received(1)
    const { tasks } = (await service.get('/orchestrator/tasks')).json
    await service.post(`/orchestrator/tasks/${tasks[0].id}/cancel`, undefined, {
      'content-type': 'text/plain',
    })
    const { status, json: outcome } = await waiting
    expect([status, outcome.status, outcome.response_status]).toEqual([200, 'cancelled', null])
  })
})

test('replay: the same again, as a new task', async () => {
  await using upstream = sequenceServer(json(1), json(2))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: first } = await service.submit({ ...POST, meta: { a: 1 } })
  const { status, json: second } = await service.post(`/orchestrator/tasks/${first.task_id}/replay`)
  expect([status, second.response_body]).toEqual([200, 2])
  expect(await service.task(second.task_id)).toMatchObject({
    replay_of: first.task_id,
    payload: { n: 1 },
    meta: { a: 1 },
  })
  const third = await service.post(`/orchestrator/tasks/${first.task_id}/replay`, undefined, ASYNC)
  expect(third.status).toBe(202)
})

test('TASK_MAX_QUEUED: one more is OVERLOADED, and is no task', async () => {
  await using upstream = scriptedServer(hang)
  await using service = await startOrchestrator({
    mesh: { echo: upstream.url },
    config: { task: { concurrency: 1, maxQueued: 2 } },
  })
  await service.submit({}, ASYNC)
  await upstream.received(1)
  for (let n = 0; n < 2; n++) expect((await service.submit({}, ASYNC)).status).toBe(202)
  const { status, json: reply, headers } = await service.submit({}, ASYNC)
  expect([status, reply.error.code]).toEqual([503, 'OVERLOADED'])
  expect(headers.get('retry-after')).toBe('5')
  expect((await service.get('/orchestrator/tasks')).json.total).toBe(3)
})

test('after a stop: ours goes on under its id, a keyed interrupted one runs when sent again', async () => {
  using dir = temporaryDir()
  await using upstream = scriptedServer(hang)
  const options = {
    mesh: { echo: upstream.url },
    config: { task: { db: join(dir.path, 'tasks.db') }, shutdownGraceMs: 10 },
  }
  const before = await startOrchestrator(options)
  const { json: accepted } = await before.submit({ ...POST, max_retries: 0 }, ASYNC)
  await upstream.received(1)
  const key = { 'idempotency-key': 'k' }
  const waiting = before.submit(POST, key)
  await upstream.received(2)
  await before.stop()
  expect((await waiting).json.error.code).toBe('SHUTTING_DOWN')

  upstream.script(json({ done: true }))
  await using after = await startOrchestrator(options)
  // The new process's clock is behind the old one's: that may cost one wait, and no more.
  await after.clock.advance(60_000)
  const task = await after.task(accepted.task_id, ({ status }) => status === 'success')
  expect(task.attempts).toMatchObject([
    { attempt: 1, error: 'interrupted by a restart', response_status: null },
    { attempt: 2, response_status: 200 },
  ])
  const { json: interrupted } = await after.get('/orchestrator/tasks?status=error')
  expect(interrupted.tasks).toMatchObject([{ error_message: 'interrupted by a restart' }])
  const { status, json: outcome } = await after.submit(POST, key)
  expect([status, outcome.task_id]).toEqual([200, interrupted.tasks[0].id])
  expect(upstream.requests.map(({ headers }) => headers['x-attempt'])).toEqual(['1', '1', '2', '2'])
})

test('what waited before a restart has waited since then', async () => {
  using dir = temporaryDir()
  await using upstream = scriptedServer(hang)
  const options = {
    mesh: { echo: upstream.url },
    config: { task: { db: join(dir.path, 'tasks.db'), concurrency: 1 }, shutdownGraceMs: 10 },
  }
  const before = await startOrchestrator(options)
  await before.submit({}, ASYNC)
  await upstream.received(1)
  await before.submit({}, ASYNC)
  await before.submit({}, ASYNC)
  await before.stop()

  const clock = new FakeClock(new FakeClock().now() + 3_600_000)
  await using after = await startOrchestrator({ ...options, clock })
  await upstream.received(2)
  const { json: overview } = await after.get('/orchestrator/overview')
  expect(overview.tasks.queued).toBeGreaterThan(0)
  expect(overview.tasks.oldest_task_age_seconds).toBeGreaterThanOrEqual(3600)
})

test('one droplet that hangs, with all the work that it has, does not hold up another', async () => {
  await using stuck = scriptedServer(hang)
  await using well = scriptedServer(json(1))
  await using service = await startOrchestrator({
    mesh: { stuck: stuck.url, well: well.url },
    config: { task: { concurrency: 4 } },
  })
  for (let n = 0; n < 10; n++) await service.submit({ droplet_name: 'stuck' }, ASYNC)
  const { status } = await service.submit({ droplet_name: 'well' }, { prefer: 'wait=60' })
  expect(status).toBe(200)
  expect(stuck.calls.length).toBeLessThan(4)
})
