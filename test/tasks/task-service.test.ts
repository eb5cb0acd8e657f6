/** The service over a disk that fails, and the moments that HTTP is too slow to hit. */
import { describe, expect, test } from 'bun:test'
import { TaskMetrics } from '../../src/telemetry/task-metrics.ts'
import { systemFetch } from '../../src/platform/fetch.ts'
import { TaskService, type Caller } from '../../src/tasks/task-service.ts'
import { inlineEngine, type Engine } from '../../src/store/driver.ts'
import { GroupCommitStore } from '../../src/store/group-commit.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import type { TaskRequest } from '../../src/task.ts'
import { testConfig } from '../support/config.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { held, json, reply, scriptedServer, type Answer } from '../support/scripted-server.ts'
import { newTask, NOW } from '../support/tasks.ts'
import { droplet } from '../registry/mesh.ts'

allowRealTime()

const SYNC: Caller = { requestId: 'r', mode: 'sync', waitMs: 0, idempotencyKey: null }
const ASYNC: Caller = { ...SYNC, mode: 'async' }

/** A service with one droplet and a disk that fails when it is told to. */
function serviceWith(answer: Answer) {
  const far = scriptedServer(answer)
  const clock = new FakeClock(NOW)
  const log = recordingLog()
  const engine = inlineEngine(new SqliteHistory(':memory:', { maxFinished: 99, ttlMs: 9_999_999 }))
  const disk = { full: false, commits: 0 }
  const failing: Engine = {
    ...engine,
    async commit(...args) {
      if (disk.full) throw new Error('database or disk is full')
      disk.commits++
      return engine.commit(...args)
    },
  }
  const store = new GroupCommitStore(failing, { clock, log })
  const echo = droplet('Echo', { url: far.url })
  const metrics = new TaskMetrics()
  const tasks = new TaskService({
    config: testConfig({ task: { concurrency: 1 } }),
    ports: { clock, log, fetch: systemFetch, newId: () => crypto.randomUUID() },
    store,
    metrics,
    registry: { find: () => echo, lookUp: async () => ({ kind: 'found', droplet: echo }) },
    reachability: { note: () => {} },
  })
  tasks.start()
  return {
    ...{ far, clock, disk, store, metrics, tasks, log },
    async [Symbol.asyncDispose]() {
      await far.stop()
      await store.close()
    },
  }
}

const request = (overrides: Partial<TaskRequest> = {}): TaskRequest => newTask(overrides)

describe('a disk that takes nothing', () => {
  test.each([SYNC, ASYNC])(
    'refuses new tasks, sends nothing, and is back by itself',
    async (caller) => {
      await using service = serviceWith(json(1))
      const { tasks, disk, store, far, clock } = service
      disk.full = true
      const refusal = await failureOf(tasks.submit(request(), caller))
      expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE', headers: { 'retry-after': '1' } })
      expect(store.writable).toBe(false)
      expect(await failureOf(tasks.submit(request(), caller))).toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
      expect([tasks.running, tasks.queued]).toEqual([0, 0])
      disk.full = false
      await clock.advance(1000)
      await tasks.submit(request(), caller)
      await far.received(1)
      expect((await store.list({ limit: 9 })).total).toBe(1)
    },
  )

  test('frees the Idempotency-Key of what it refused', async () => {
    await using service = serviceWith(json(1))
    const { tasks, disk, clock } = service
    const caller = { ...SYNC, idempotencyKey: 'k' }
    disk.full = true
    await failureOf(tasks.submit(request(), caller))
    disk.full = false
    await clock.advance(1000)
    const { task, replayed } = await tasks.submit(request(), caller)
    expect([task.status, replayed]).toEqual(['success', false])
  })

  test('keeps the answer back until it is on disk', async () => {
    const release = Promise.withResolvers<void>()
    await using service = serviceWith(held(release.promise, json({ n: 1 })))
    const { tasks, disk, far, clock, store } = service
    let answered = false
    const submitted = tasks.submit(request(), SYNC).finally(() => (answered = true))
    await far.received(1)
    disk.full = true
    release.resolve()
    await clock.settle(() => !store.writable)
    for (let second = 0; second < 3; second++) await clock.advance(1000)
    expect(answered).toBe(false)
    const { tasks: listed } = await store.list({ limit: 1 })
    expect(listed[0]?.status).toBe('running')
    disk.full = false
    await clock.advance(1000)
    const { task } = await submitted
    expect((await store.find(task.id))?.status).toBe('success')
    expect(far.requests).toHaveLength(1)
  })

  test('lets no attempt go unrecorded', async () => {
    await using service = serviceWith(reply({ status: 500 }))
    const { tasks, disk, far, clock, store } = service
    const { task } = await tasks.submit(request({ maxRetries: 1 }), ASYNC)
    await far.received(1)
    await clock.settle(() => tasks.running === 1)
    // Its first attempt is recorded; now the second can't be.
    await eventually('the first attempt is recorded', async () => {
      const [first] = (await store.find(task.id))!.attempts
      return first!.durationMs !== null
    })
    disk.full = true
    await clock.advance(5000)
    expect(far.requests).toHaveLength(1)
    disk.full = false
    await clock.advance(1000)
    await far.received(2)
  })
})

describe('what is on disk, and when', () => {
  test('the task before its request, its end before its answer', async () => {
    const commits: number[] = []
    await using service = serviceWith((wire) => {
      commits.push(service.disk.commits)
      return json(1)(wire)
    })
    const { tasks, disk } = service
    await tasks.submit(request(), SYNC)
    expect(commits).toEqual([1])
    expect(disk.commits).toBe(2)
  })
})

describe('cancel', () => {
  test('ends a synchronous wait between attempts at once', async () => {
    await using service = serviceWith(reply({ status: 500 }))
    const { tasks, clock, store, far } = service
    const submitted = tasks.submit(request(), SYNC)
    await clock.settle(() => clock.slept.length === 1)
    const { tasks: listed } = await store.list({ limit: 1 })
    const cancelled = await tasks.cancel(listed[0]!.id)
    expect((await submitted).task).toEqual(cancelled)
    expect(cancelled).toMatchObject({ status: 'cancelled', attempts: [{ attempt: 1 }] })
    await clock.advance(60_000)
    expect(far.requests).toHaveLength(1)
    expect(service.metrics.ended).toEqual({ success: 0, error: 0, timeout: 0, cancelled: 1 })
  })

  test('of a task behind others never sends it', async () => {
    const release = Promise.withResolvers<void>()
    await using service = serviceWith(held(release.promise, json(1)))
    const { tasks, far, clock } = service
    await tasks.submit(request(), ASYNC)
    const { task: second } = await tasks.submit(request(), ASYNC)
    await far.received(1)
    expect([tasks.running, tasks.queued]).toEqual([1, 1])
    expect(await tasks.cancel(second.id)).toMatchObject({ status: 'cancelled', attempts: [] })
    expect(await failureOf(tasks.cancel(second.id))).toMatchObject({ code: 'TASK_FINISHED' })
    release.resolve()
    await clock.settle(() => tasks.running === 0)
    expect(far.requests).toHaveLength(1)
  })

  test('of many at once is one end, and the rest is told so', async () => {
    await using service = serviceWith(() => {})
    const { tasks, far } = service
    const { task } = await tasks.submit(request(), ASYNC)
    await far.received(1)
    const results = await Promise.allSettled([1, 2, 3].map(() => tasks.cancel(task.id)))
    const kinds = results.map((each) =>
      each.status === 'fulfilled' ? each.value.status : each.reason.code,
    )
    expect(kinds).toContain('cancelled')
    for (const kind of kinds) expect(['cancelled', 'TASK_FINISHED']).toContain(kind)
    expect(service.metrics.ended.cancelled).toBe(1)
  })

  test('that comes right after the acceptance finds the task', async () => {
    await using service = serviceWith(() => {})
    const { tasks } = service
    for (let n = 0; n < 20; n++) {
      const { task } = await tasks.submit(request(), ASYNC)
      expect((await tasks.cancel(task.id)).status).toBe('cancelled')
    }
    expect([tasks.running, tasks.queued]).toEqual([0, 0])
  })
})

describe('replay', () => {
  test('is the same request without the delay, new in everything else', async () => {
    await using service = serviceWith(json(1))
    const { tasks, store } = service
    const asked = request({ delayMs: 5000, deadlineMs: 77, maxRetries: 1, meta: '{"a":1}' })
    const { task: first } = await tasks.submit(asked, { ...ASYNC, idempotencyKey: 'k' })
    const { task: second } = await tasks.replay(first.id, SYNC)
    expect(await store.find(second.id)).toMatchObject({
      replayOf: first.id,
      idempotencyKey: null,
      mode: 'sync',
      delayMs: 0,
      deadlineMs: 77,
      maxRetries: 1,
      payload: first.payload,
      meta: '{"a":1}',
      headers: first.headers,
    })
    expect(second.id).not.toBe(first.id)
  })
})
