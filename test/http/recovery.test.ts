/** What outlives a process: CONTRACT, section 9, "Who waits owns the retry". */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { accept, begin, conclude } from '../../src/delivery/lifecycle.ts'
import type { Task } from '../../src/task.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { ASYNC, startOrchestrator } from '../support/orchestrator.ts'
import { hang, held, json, reply, scriptedServer } from '../support/scripted-server.ts'
import { inlineStore } from '../support/store.ts'
import { newTask, NOW } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

/** What a process that was killed left in its database. */
async function leave(db: string, ...tasks: Task[]): Promise<void> {
  const store = inlineStore(db)
  for (const task of tasks) await store.insert(task)
  await store.close()
}

const inFlight = (task: Task) => begin(task, task.targetUrl, NOW)
const failed = (task: Task) =>
  conclude(inFlight(task), { kind: 'unreachable', error: 'reset' }, 5, { now: NOW, elapsedMs: 5 })

/** A service that starts on what was left. */
async function restart(
  left: (url: string) => Task[],
  clock = new FakeClock(NOW),
  answer = json({ fine: true }),
) {
  const dir = temporaryDir()
  const upstream = scriptedServer(answer)
  const db = dir.file('tasks.db')
  const tasks = left(upstream.url)
  await leave(db, ...tasks)
  const service = await startOrchestrator({
    mesh: { Echo: upstream.url },
    config: { task: { db } },
    clock,
  })
  // The start does not wait for the records of what it interrupts.
  const orphans = tasks.filter((task) => task.mode === 'sync' && task.completedAt === null)
  for (const { id } of orphans) await service.task(id, (task) => task.completed_at !== null)
  return {
    ...{ upstream, service, clock, db },
    async [Symbol.asyncDispose]() {
      await service.stop()
      await upstream.stop()
      dir[Symbol.dispose]()
    },
  }
}

const asked = (url: string, overrides: Parameters<typeof newTask>[0] = {}) =>
  accept(newTask({ targetUrl: `${url}/x`, ...overrides }), NOW)

describe('an asynchronous task', () => {
  test('that was queued runs, once', async () => {
    await using after = await restart((url) => [asked(url, { id: 'a' })])
    expect(await after.service.task('a', (task) => task.completed_at !== null)).toMatchObject({
      status: 'success',
      attempts: [{ attempt: 1 }],
    })
    expect(after.upstream.requests[0]).toMatchObject({
      body: '{"n":1}',
      headers: {
        'x-attempt': '1',
        'idempotency-key': 'a',
        'x-request-id': 'request-1',
        'x-a': 'b',
      },
    })
    await after.service.clock.advance(100_000)
    expect(after.upstream.requests).toHaveLength(1)
  })

  test('that was in flight is sent again, and X-Attempt goes on counting', async () => {
    await using after = await restart((url) => [inFlight(asked(url, { id: 'a' }))])
    const task = await after.service.task('a', ({ completed_at }) => completed_at !== null)
    expect(after.upstream.requests.map(({ headers }) => headers['x-attempt'])).toEqual(['2'])
    expect(task).toMatchObject({ status: 'success', retry_count: 1 })
    expect(task.attempts[0]).toMatchObject({ error: 'interrupted by a restart', duration_ms: null })
  })

  test('that was in flight has lost no retry by it', async () => {
    await using after = await restart(
      (url) => [inFlight(asked(url, { id: 'a', maxRetries: 1 }))],
      undefined,
      reply({ status: 500 }),
    )
    await after.upstream.received(1)
    await after.service.task('a', ({ attempts }) => attempts[1]?.duration_ms !== null)
    await after.clock.advance(1000)
    const task = await after.service.task('a', ({ completed_at }) => completed_at !== null)
    expect(task.attempts).toHaveLength(3)
    expect(after.upstream.requests.map(({ headers }) => headers['x-attempt'])).toEqual(['2', '3'])
  })

  test.each([
    ['on time', 0],
    ['an hour back', -3_600_000],
  ])('between two attempts keeps its wait, with the clock %s', async (_, jump) => {
    const clock = new FakeClock(NOW + jump)
    await using after = await restart((url) => [failed(asked(url, { id: 'a' }))], clock)
    await clock.advance(999)
    expect(after.upstream.requests).toEqual([])
    // A clock that was set back costs at most the longest wait there is.
    await clock.advance(jump === 0 ? 6 : 60_000)
    await after.upstream.received(1)
  })

  test('whose delay is not over waits for it, though the clock was set back', async () => {
    const left = (url: string) => [asked(url, { id: 'a', delayMs: 60_000 })]
    await using onTime = await restart(left, new FakeClock(NOW + 20_000))
    await onTime.clock.advance(39_999)
    expect(onTime.upstream.requests).toEqual([])
    await onTime.clock.advance(1)
    await onTime.upstream.received(1)

    await using early = await restart(left, new FakeClock(NOW - 3_600_000))
    await early.clock.advance(60_000)
    await early.upstream.received(1)
  })

  test('whose deadline has passed meanwhile is not sent', async () => {
    const clock = new FakeClock(NOW + 5000)
    await using after = await restart((url) => [asked(url, { id: 'a', deadlineMs: 4000 })], clock)
    expect(await after.service.task('a', (task) => task.completed_at !== null)).toMatchObject({
      status: 'timeout',
      attempts: [],
    })
    expect(after.upstream.requests).toEqual([])
  })

  test('all of them run, also more than run at once', async () => {
    await using after = await restart((url) =>
      Array.from({ length: 150 }, (_, n) => asked(url, { id: `t${n}` })),
    )
    await after.upstream.received(150)
    const ids = after.upstream.requests.map(({ headers }) => headers['x-task-id'])
    expect(new Set(ids).size).toBe(150)
  })
})

test('a disk that takes nothing does not hold up the start', async () => {
  using dir = temporaryDir()
  const db = dir.file('tasks.db')
  await leave(db, inFlight(asked('http://unused', { id: 'orphan', mode: 'sync' })))
  // Another process holds the lock, so that no write succeeds.
  const other = new Database(db)
  other.run('begin immediate')
  const clock = new FakeClock(NOW)
  await using service = await startOrchestrator({ config: { task: { db } }, clock })
  expect((await service.get('/orchestrator/health')).status).toBe(200)
  await eventually('it counts as an outage', async () => {
    await clock.advance(1000)
    return service.engine.store.fault !== null
  })
  expect((await service.get('/orchestrator/tasks/orphan')).json.status).toBe('running')
  other.run('rollback')
  other.close()
  await clock.advance(1000)
  const ended = await service.task('orphan', ({ status }) => status === 'error')
  expect(ended.error_message).toBe('interrupted by a restart')
})

describe('a synchronous task', () => {
  const sync = { id: 's', mode: 'sync', idempotencyKey: 'key' } as const

  test('has lost its caller: it says so, and is not sent again', async () => {
    await using after = await restart((url) => [
      inFlight(asked(url, sync)),
      failed(asked(url, { id: 'between', mode: 'sync' })),
    ])
    for (const id of ['s', 'between']) {
      expect(await after.service.task(id)).toMatchObject({
        status: 'error',
        error_message: 'interrupted by a restart',
        completed_at: NOW / 1000,
      })
    }
    await after.clock.advance(100_000)
    expect(after.upstream.requests).toEqual([])
    const { json: metrics } = await after.service.get('/orchestrator/metrics')
    expect(metrics.tasks).toMatchObject({ running: 0, queued: 0, error: 2 })
  })
})

describe('an Idempotency-Key', () => {
  test('outlives a restart, with its outcome; sent again, it sends nothing', async () => {
    using dir = temporaryDir()
    await using upstream = scriptedServer(json({ n: 1 }, 201))
    const options = {
      mesh: { echo: upstream.url },
      config: { task: { db: dir.file('tasks.db') } },
    }
    const body = { method: 'POST', payload: { b: 1, a: 2 }, headers: { B: '1', a: '2' } }
    const key = { 'idempotency-key': '!key~' }
    await using before = await startOrchestrator(options)
    const first = await before.submit(body, key)
    await before.stop()
    await using after = await startOrchestrator(options)
    const second = await after.submit({ ...body, headers: { A: '2', b: '1' } }, key)
    expect([second.status, second.json]).toEqual([200, first.json])
    expect(second.headers.get('idempotency-replayed')).toBe('true')
    const other = await after.submit({ ...body, timeout_ms: 5 }, key)
    expect([other.status, other.json.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    expect(upstream.requests).toHaveLength(1)
  })

  test('of a task that never was answered gives that again', async () => {
    await using service = await startOrchestrator({ mesh: { echo: 'http://127.0.0.1:1' } })
    const key = { 'idempotency-key': 'k' }
    const first = await service.submit({ max_retries: 0 }, key)
    const second = await service.submit({ max_retries: 0 }, key)
    expect([first.status, second.status]).toEqual([503, 503])
    expect(second.json).toEqual(first.json)
    expect(second.headers.get('idempotency-replayed')).toBe('true')
  })

  test('of an asynchronous task: in use until it has ended, then its outcome', async () => {
    const release = Promise.withResolvers<void>()
    await using upstream = scriptedServer(held(release.promise, json(1)))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const key = { 'idempotency-key': 'k' }
    const { json: accepted } = await service.submit({}, { ...ASYNC, ...key })
    for (const more of [ASYNC, {}]) {
      const { status, json, headers } = await service.submit({}, { ...more, ...key })
      expect([status, json.error.code]).toEqual([409, 'IDEMPOTENCY_KEY_IN_USE'])
      expect(json.error.details.task_id).toBe(accepted.task_id)
      expect(headers.get('location')).toBe(accepted.location)
    }
    release.resolve()
    await service.task(accepted.task_id, ({ status }) => status === 'success')
    const { status, json: outcome } = await service.submit({}, { ...ASYNC, ...key })
    expect([status, outcome.task_id, outcome.response_body]).toEqual([200, accepted.task_id, 1])
    expect(upstream.requests).toHaveLength(1)
  })

  test('of a submission that was refused is free', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const key = { 'idempotency-key': 'k' }
    expect((await service.submit({ path: '//' }, key)).status).toBe(400)
    expect((await service.submit({ droplet_name: 'no' }, key)).status).toBe(400)
    expect((await service.submit({}, key)).status).toBe(200)
  })

  test('of a task that was interrupted runs that task again, once for two that come together', async () => {
    const release = Promise.withResolvers<void>()
    using dir = temporaryDir()
    await using upstream = scriptedServer(hang)
    const options = { mesh: { echo: upstream.url }, config: { task: { db: dir.file('tasks.db') } } }
    const key = { 'idempotency-key': 'k' }
    await using before = await startOrchestrator(options)
    const cut = before.submit({}, key)
    await upstream.received(1)
    await before.stop()
    const interrupted = (await cut).json.error
    expect(interrupted.code).toBe('SHUTTING_DOWN')

    upstream.script(held(release.promise, json({ fine: true })))
    await using after = await startOrchestrator(options)
    const [first, second] = [after.submit({}, key), after.submit({}, key)]
    await upstream.received(2)
    const refused = await Promise.race([first, second])
    expect(refused.json.error).toMatchObject({
      code: 'IDEMPOTENCY_KEY_IN_USE',
      details: { task_id: interrupted.details.task_id },
    })
    release.resolve()
    const replies = await Promise.all([first, second])
    const answered = replies.find(({ status }) => status === 200)!
    expect(answered.json.task_id).toBe(interrupted.details.task_id)
    expect(upstream.requests.map(({ headers }) => headers['x-attempt'])).toEqual(['1', '2'])
    const { json: page } = await after.get('/orchestrator/tasks')
    expect(page).toMatchObject({ total: 1, tasks: [{ status: 'success', retry_count: 1 }] })
  })
})

describe('an Idempotency-Key whose task was interrupted', () => {
  const body = { method: 'POST', path: '/x', payload: { n: 1 } }
  const key = { 'idempotency-key': 'k' }

  /** What an earlier version stored of `body`, with these headers. */
  const formerFingerprint = (headers: Record<string, string>) => {
    const rest = {
      ...{ method: 'POST', path: '/x', payload: '{"n":1}', meta: null },
      ...{ timeoutMs: 30_000, deadlineMs: null, maxRetries: 3, delayMs: 0 },
    }
    const text = JSON.stringify([null, 'echo', Object.entries(headers), rest])
    return new Bun.CryptoHasher('sha256').update(text).digest('hex')
  }

  test('runs with the headers and the payload of the new request', async () => {
    using dir = temporaryDir()
    await using upstream = scriptedServer(hang)
    const options = { mesh: { echo: upstream.url }, config: { task: { db: dir.file('tasks.db') } } }
    await using before = await startOrchestrator(options)
    const cut = before.submit({ ...body, headers: { authorization: 'old', 'x-a': '1' } }, key)
    await upstream.received(1)
    await before.stop()
    const id = (await cut).json.error.details.task_id

    upstream.script(json({ fine: true }))
    // The same, though the default is another now and the token was renewed.
    const task = { ...options.config.task, timeoutMs: 12_345 }
    await using after = await startOrchestrator({ ...options, config: { task } })
    const text = `{"droplet_name":"ECHO","path":"/x","method":"post","payload":{ "n" : 1 },
      "timeout_ms":null,"headers":{"X-A":"1","Authorization":"new"}}`
    const again = await after.call('POST', '/orchestrator/tasks', {
      body: text,
      headers: { 'content-type': 'application/json', ...key },
    })
    expect([again.status, again.json.task_id]).toEqual([200, id])
    const headers = { authorization: 'new' }
    expect((await after.post(`/orchestrator/tasks/${id}/replay`, { headers })).status).toBe(200)
    for (const request of upstream.requests.slice(1)) {
      expect(request.body).toBe('{ "n" : 1 }')
      expect(request.headers).toMatchObject({ authorization: 'new', 'x-a': '1' })
    }
    expect(upstream.requests).toHaveLength(3)
    expect((await after.get(`/orchestrator/tasks/${id}`)).text).toContain('"payload":{ "n" : 1 },')
  })

  test('also when an earlier version stored it', async () => {
    const headers = { 'x-a': 'b' }
    await using after = await restart((url) => [
      inFlight(
        asked(url, {
          ...{ id: 'a', mode: 'sync', headers, idempotencyKey: 'k' },
          fingerprint: formerFingerprint(headers),
        }),
      ),
    ])
    const other = await after.service.submit({ ...body, headers, path: '/y' }, key)
    expect([other.status, other.json.error.code]).toEqual([422, 'IDEMPOTENCY_KEY_REUSED'])
    const { status, json: reply } = await after.service.submit({ ...body, headers }, key)
    expect([status, reply.task_id]).toEqual([200, 'a'])
  })
})

describe('while it drains', () => {
  test('new work is SHUTTING_DOWN, also on an open connection; what runs goes on', async () => {
    const release = Promise.withResolvers<void>()
    using dir = temporaryDir()
    await using upstream = scriptedServer(held(release.promise, json({ fine: true })))
    const options = {
      mesh: { echo: upstream.url },
      config: { shutdownGraceMs: 60_000, task: { db: dir.file('tasks.db') } },
    }
    await using service = await startOrchestrator(options)
    const waiting = service.submit()
    const { json: accepted } = await service.submit({}, ASYNC)
    const { json: later } = await service.submit({ delay_seconds: 9 }, ASYNC)
    await upstream.received(2)
    const timers = service.clock.pending
    const poll = service.get(`${accepted.location}?wait=60`)
    await service.clock.settle(() => service.clock.pending > timers)
    const stopping = service.beginStop()
    await service.clock.settle(() => service.engine.tasks.draining)

    for (const headers of [{}, ASYNC]) {
      const { status, json, headers: sent } = await service.submit({}, headers)
      expect([status, json.error.code]).toEqual([503, 'SHUTTING_DOWN'])
      expect(Number(sent.get('retry-after'))).toBeGreaterThan(0)
    }
    const ready = await service.get('/orchestrator/ready')
    expect([ready.status, ready.json.checks.lifecycle.ok]).toEqual([503, false])
    // A poll is answered with the present state of the task.
    expect((await poll).json.status).toBe('running')
    expect((await service.get('/orchestrator/health')).status).toBe(200)
    release.resolve()
    expect((await waiting).json).toMatchObject({ status: 'success' })
    await service.passTime(stopping)
    // A stop waits no longer than this, and leaves no timer.
    await service.clock.advance(2000)
    expect(service.clock.pending).toBe(0)

    await using after = await startOrchestrator(options)
    expect((await after.task(accepted.task_id)).status).toBe('success')
    expect((await after.task(later.task_id)).status).toBe('queued')
  })

  test('it stops twice, and unstarted, without a word', async () => {
    await using service = await startOrchestrator()
    await Promise.all([service.stop(), service.stop()])
    await service.beginStop()
    expect(service.log.messages('ERROR')).toEqual([])
  })
})
