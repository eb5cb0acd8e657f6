/** The use cases over a disk that fails, and the moments that HTTP is too slow to hit. */
import { describe, expect, test } from 'bun:test'
import { anyone } from '../../src/access/caller.ts'
import type { StoreDriver } from '../../src/store/driver.ts'
import type { TaskRequest } from '../../src/task.ts'
import type { SubmitOptions } from '../../src/tasks/submit.ts'
import { startEngine } from '../support/engine.ts'
import { failureOf } from '../support/failure.ts'
import { held, json, reply } from '../support/scripted-server.ts'
import { newTask } from '../support/tasks.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'

allowRealTime()

const CALLER = anyone('r')
const SYNC: SubmitOptions = { mode: 'sync', waitMs: 0, idempotencyKey: null, hops: 0, trace: null }
const ASYNC: SubmitOptions = { ...SYNC, mode: 'async' }

const request = (overrides: Partial<TaskRequest> = {}): TaskRequest => newTask(overrides)

describe('a disk that takes nothing', () => {
  test.each([SYNC, ASYNC])(
    'refuses new tasks, sends nothing, and is back by itself',
    async (options) => {
      await using service = await startEngine(json(1))
      const { tasks, disk, store, droplet, clock } = service
      disk.full = true
      const refusal = await failureOf(tasks.submit(CALLER, request(), options))
      const why = 'the store cannot be written: database or disk is full'
      expect(refusal).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: `The task could not be written to disk; it was not started: ${why}`,
      })
      expect(store.fault).not.toBeNull()
      expect(await failureOf(tasks.submit(CALLER, request(), options))).toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
      expect([tasks.running, tasks.queued]).toEqual([0, 0])
      disk.full = false
      await clock.advance(1000)
      await tasks.submit(CALLER, request(), options)
      await droplet.received(1)
      expect((await store.list({ limit: 9 }))?.total).toBe(1)
    },
  )

  test('frees the Idempotency-Key of what it refused', async () => {
    await using service = await startEngine(json(1))
    const { tasks, disk, clock } = service
    const options = { ...SYNC, idempotencyKey: 'k' }
    disk.full = true
    await failureOf(tasks.submit(CALLER, request(), options))
    disk.full = false
    await clock.advance(1000)
    const { task, replayed } = await tasks.submit(CALLER, request(), options)
    expect([task.status, replayed]).toEqual(['success', false])
  })

  test('keeps the answer back until it is on disk', async () => {
    const release = Promise.withResolvers<void>()
    await using service = await startEngine(held(release.promise, json({ n: 1 })))
    const { tasks, disk, droplet, clock, store } = service
    let answered = false
    const submitted = tasks.submit(CALLER, request(), SYNC).finally(() => (answered = true))
    await droplet.received(1)
    disk.full = true
    release.resolve()
    await clock.settle(() => store.fault !== null)
    for (let second = 0; second < 3; second++) await clock.advance(1000)
    expect(answered).toBe(false)
    const listed = (await store.list({ limit: 1 }))!.tasks
    expect(listed[0]?.status).toBe('running')
    disk.full = false
    await clock.advance(1000)
    const { task } = await submitted
    expect((await store.find(task.id))?.status).toBe('success')
    expect(droplet.requests).toHaveLength(1)
  })

  test('keeps no caller waiting for an end that cannot be recorded', async () => {
    const release = Promise.withResolvers<void>()
    await using service = await startEngine(held(release.promise, json({ n: 1 })))
    const { tasks, disk, droplet, clock, store } = service
    const same = request()
    const options = { ...SYNC, idempotencyKey: 'k' }
    const told = failureOf(tasks.submit(CALLER, same, options))
    await droplet.received(1)
    const [listed] = (await store.list({ limit: 1 }))!.tasks
    disk.full = true
    release.resolve()
    await clock.settle(() => store.fault !== null)
    await clock.advance(9500)
    expect(await told).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { task_id: listed!.id, delivered: true, response_status: 200 },
    })
    // Its key is still its own.
    expect(await failureOf(tasks.submit(CALLER, same, options))).toMatchObject({
      code: 'IDEMPOTENCY_KEY_IN_USE',
    })
    disk.full = false
    await clock.advance(1000)
    await eventually('the end is recorded', async () => {
      return (await store.find(listed!.id))?.status === 'success'
    })
    const again = await tasks.submit(CALLER, same, options)
    expect([again.replayed, again.task.id]).toEqual([true, listed!.id])
    expect(droplet.requests).toHaveLength(1)
  })

  test('keeps no caller waiting between attempts; the task goes on', async () => {
    await using service = await startEngine(reply({ status: 502 }))
    const { tasks, disk, droplet, clock, store } = service
    const told = failureOf(tasks.submit(CALLER, request({ maxRetries: 1 }), SYNC))
    await clock.settle(() => clock.slept.length === 1)
    disk.full = true
    await clock.advance(1000)
    await clock.advance(9500)
    expect(await told).toMatchObject({
      code: 'STORE_UNAVAILABLE',
      details: { delivered: true, response_status: 502 },
    })
    expect(droplet.requests).toHaveLength(1)
    disk.full = false
    await clock.advance(1000)
    await droplet.received(2)
    await eventually(
      'it ends',
      async () => (await store.list({ limit: 1, status: 'error' }))!.total,
    )
  })

  test('whether an attempt without an answer was delivered is not known', async () => {
    await using service = await startEngine(() => {})
    const { tasks, disk, droplet, clock, store } = service
    const told = failureOf(tasks.submit(CALLER, request({ timeoutMs: 500, maxRetries: 0 }), SYNC))
    await droplet.received(1)
    disk.full = true
    await clock.advance(500)
    await clock.settle(() => store.fault !== null)
    await clock.advance(9500)
    expect(await told).toMatchObject({ details: { delivered: null, response_status: null } })
  })

  test('a task of which nothing was sent was not delivered', async () => {
    await using service = await startEngine(json(1))
    const { tasks, disk, droplet, clock, store } = service
    const { task } = await tasks.submit(CALLER, request({ delayMs: 60_000 }), ASYNC)
    disk.full = true
    const told = failureOf(tasks.cancel(CALLER, task.id))
    await clock.settle(() => store.fault !== null)
    for (let second = 0; second < 10; second++) await clock.advance(1000)
    expect(await told).toMatchObject({ details: { delivered: false, response_status: null } })
    expect(droplet.requests).toHaveLength(0)
  })

  test('keeps nobody waiting who cancels', async () => {
    await using service = await startEngine(() => {})
    const { tasks, disk, droplet, clock, store } = service
    const submitted = failureOf(tasks.submit(CALLER, request(), SYNC))
    const { task: waiting } = await tasks.submit(CALLER, request({ delayMs: 60_000 }), ASYNC)
    await droplet.received(1)
    const { id } = (await store.list({ limit: 1, status: 'running' }))!.tasks[0]!
    disk.full = true
    const cancels = [id, id, waiting.id].map((each) => failureOf(tasks.cancel(CALLER, each)))
    await clock.settle(() => store.fault !== null)
    for (let second = 0; second < 10; second++) await clock.advance(1000)
    const codes = (await Promise.all([...cancels, submitted])).map((each) => {
      return (each as { code?: string }).code
    })
    expect(codes).toEqual(Array(4).fill('STORE_UNAVAILABLE'))
    disk.full = false
    await clock.advance(1000)
    await eventually('both are cancelled', async () => {
      return (await store.list({ limit: 9, status: 'cancelled' }))!.total === 2
    })
  })

  test('does not hold up a stop', async () => {
    const release = Promise.withResolvers<void>()
    await using service = await startEngine(held(release.promise, json({ n: 1 })))
    const { tasks, disk, droplet, clock, store } = service
    const told = failureOf(tasks.submit(CALLER, request(), SYNC))
    await droplet.received(1)
    disk.full = true
    release.resolve()
    await clock.settle(() => store.fault !== null)
    let drained = false
    const draining = tasks.drain(600_000).then(() => (drained = true))
    for (let second = 0; second < 6; second++) await clock.advance(1000)
    expect(drained).toBe(true)
    await draining
    expect(await told).toMatchObject({ details: { delivered: true, response_status: 200 } })
  })

  test('lets no attempt go unrecorded', async () => {
    await using service = await startEngine(reply({ status: 500 }))
    const { tasks, disk, droplet, clock, store } = service
    const { task } = await tasks.submit(CALLER, request({ maxRetries: 1 }), ASYNC)
    await droplet.received(1)
    await clock.settle(() => tasks.running === 1)
    // Its first attempt is recorded; now the second can't be.
    await eventually('the first attempt is recorded', async () => {
      const [first] = (await store.find(task.id))!.attempts
      return first!.durationMs !== null
    })
    disk.full = true
    await clock.advance(5000)
    expect(droplet.requests).toHaveLength(1)
    disk.full = false
    await clock.advance(1000)
    await droplet.received(2)
  })
})

/** Its commits settle only once they are let go. */
function hangingDisk() {
  const disk = { hangs: false, held: 0, release: Promise.withResolvers<void>() }
  const driver = (real: StoreDriver): StoreDriver => ({
    ...real,
    async commit(...args) {
      if (disk.hangs) {
        disk.held++
        await disk.release.promise
      }
      return real.commit(...args)
    },
    async find(id) {
      if (disk.hangs) await disk.release.promise
      return real.find(id)
    },
  })
  const letGo = () => {
    disk.hangs = false
    disk.release.resolve()
  }
  return { disk, driver, letGo }
}

describe('a disk that hangs', () => {
  test.each([SYNC, ASYNC])(
    'runs nothing whose caller was told that it was not started',
    async (options) => {
      const { disk, driver, letGo } = hangingDisk()
      await using service = await startEngine(json(1), { driver })
      const { tasks, droplet, clock, store } = service
      disk.hangs = true
      const same = request()
      const keyed = { ...options, idempotencyKey: 'k' }
      const first = failureOf(tasks.submit(CALLER, same, keyed))
      await clock.advance(7000)
      expect(store.fault).not.toBeNull()
      expect(await failureOf(tasks.submit(CALLER, request(), options))).toMatchObject({
        code: 'STORE_UNAVAILABLE',
      })
      await clock.advance(2500)
      expect(await first).toMatchObject({ code: 'STORE_UNAVAILABLE', details: {} })
      letGo()
      await eventually('it is recorded as interrupted', async () => {
        return (await store.list({ limit: 9, status: 'error' }))!.total === 1
      })
      expect(store.fault).toBeNull()
      expect(droplet.requests).toHaveLength(0)
      expect([tasks.running, tasks.queued]).toEqual([0, 0])
      // Who sends it again has it run.
      await tasks.submit(CALLER, same, keyed)
      await droplet.received(1)
      await eventually('it succeeds', async () => {
        return (await store.list({ limit: 9, status: 'success' }))!.total === 1
      })
    },
  )

  test('keeps nobody waiting who waits for a task, or reads it', async () => {
    const { disk, driver, letGo } = hangingDisk()
    await using service = await startEngine(() => {}, { driver })
    const { tasks, droplet, clock } = service
    const submitted = tasks.submit(CALLER, request(), { ...ASYNC, waitMs: 5000 })
    await droplet.received(1)
    disk.hangs = true
    await clock.advance(6100)
    const { task } = await submitted
    expect(task.status).toBe('queued')
    const read = failureOf(tasks.find(CALLER, task.id))
    await clock.advance(8000)
    expect(await read).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    letGo()
    expect((await tasks.find(CALLER, task.id)).status).toBe('running')
  })

  test('does not hold up the end', async () => {
    const release = Promise.withResolvers<void>()
    const { disk, driver, letGo } = hangingDisk()
    await using service = await startEngine(held(release.promise, json(1)), { driver })
    const { tasks, droplet, clock, engine, log } = service
    void failureOf(tasks.submit(CALLER, request(), SYNC))
    await droplet.received(1)
    disk.hangs = true
    release.resolve()
    await clock.settle(() => disk.held === 1)
    let stopped = false
    void engine.stop().then(() => (stopped = true))
    for (let second = 0; second < 11; second++) await clock.advance(1000)
    expect(stopped).toBe(true)
    expect(log.lines.map(({ fields }) => fields)).toContainEqual({ tasks: 1 })
    letGo()
  })
})

test('a store that cannot be read is one line in the log, and one when it can be again', async () => {
  let broken = false
  const driver = (real: StoreDriver): StoreDriver => ({
    ...real,
    async find(id) {
      if (broken) throw new Error('disk I/O error')
      return real.find(id)
    },
  })
  await using service = await startEngine(json(1), { driver, config: { task: { concurrency: 8 } } })
  const { tasks, clock, droplet, log } = service
  const reads = () =>
    log.lines.filter(({ msg }) => msg.includes('store')).map(({ level, msg }) => [level, msg])
  const failed = ['ERROR', 'the store cannot be read']
  const worked = ['INFO', 'the store can be read again']
  const lines: string[][] = []
  for (const times of [1, 2]) {
    broken = true
    for (let n = 0; n < 8; n++) await tasks.submit(CALLER, request(), ASYNC)
    for (let second = 0; second < 5; second++) await clock.advance(1000)
    lines.push(failed)
    expect(reads()).toEqual(lines)
    broken = false
    await clock.advance(1000)
    await droplet.received(8 * times)
    lines.push(worked)
    expect(reads()).toEqual(lines)
  }
})

describe('what is on disk, and when', () => {
  test('the task before its request, its end before its answer', async () => {
    const commits: number[] = []
    await using service = await startEngine((wire) => {
      commits.push(service.disk.commits)
      return json(1)(wire)
    })
    const { tasks, disk } = service
    await tasks.submit(CALLER, request(), SYNC)
    expect(commits).toEqual([1])
    expect(disk.commits).toBe(2)
  })
})

describe('cancel', () => {
  test('ends a synchronous wait between attempts at once', async () => {
    await using service = await startEngine(reply({ status: 500 }))
    const { tasks, clock, store, droplet } = service
    const submitted = tasks.submit(CALLER, request(), SYNC)
    await clock.settle(() => clock.slept.length === 1)
    const listed = (await store.list({ limit: 1 }))!.tasks
    const cancelled = await tasks.cancel(CALLER, listed[0]!.id)
    expect((await submitted).task).toEqual(cancelled)
    expect(cancelled).toMatchObject({ status: 'cancelled', attempts: [{ attempt: 1 }] })
    await clock.advance(60_000)
    expect(droplet.requests).toHaveLength(1)
    expect(service.metrics.ended).toEqual({ success: 0, error: 0, timeout: 0, cancelled: 1 })
  })

  test('of a task behind others never sends it', async () => {
    const release = Promise.withResolvers<void>()
    await using service = await startEngine(held(release.promise, json(1)))
    const { tasks, droplet, clock } = service
    await tasks.submit(CALLER, request(), ASYNC)
    const { task: second } = await tasks.submit(CALLER, request(), ASYNC)
    await droplet.received(1)
    expect([tasks.running, tasks.queued]).toEqual([1, 1])
    expect(await tasks.cancel(CALLER, second.id)).toMatchObject({
      status: 'cancelled',
      attempts: [],
    })
    expect(await failureOf(tasks.cancel(CALLER, second.id))).toMatchObject({
      code: 'TASK_FINISHED',
    })
    release.resolve()
    await clock.settle(() => tasks.running === 0)
    expect(droplet.requests).toHaveLength(1)
  })

  test('of many at once is one end, and the rest is told so', async () => {
    await using service = await startEngine(() => {})
    const { tasks, droplet } = service
    const { task } = await tasks.submit(CALLER, request(), ASYNC)
    await droplet.received(1)
    const results = await Promise.allSettled([1, 2, 3].map(() => tasks.cancel(CALLER, task.id)))
    const kinds = results.map((each) =>
      each.status === 'fulfilled' ? each.value.status : each.reason.code,
    )
    expect(kinds).toContain('cancelled')
    for (const kind of kinds) expect(['cancelled', 'TASK_FINISHED']).toContain(kind)
    expect(service.metrics.ended.cancelled).toBe(1)
  })

  test('that comes right after the acceptance finds the task', async () => {
    await using service = await startEngine(() => {})
    const { tasks } = service
    for (let n = 0; n < 20; n++) {
      const { task } = await tasks.submit(CALLER, request(), ASYNC)
      expect((await tasks.cancel(CALLER, task.id)).status).toBe('cancelled')
    }
    expect([tasks.running, tasks.queued]).toEqual([0, 0])
  })
})

describe('who waits for an end', () => {
  // Nothing that has ended is kept, not even for a moment: it could not be read again.
  const retention = { maxFinished: 0, ttlMs: 1000 }
  const driver = (kept: StoreDriver): StoreDriver => ({
    ...kept,
    async commit(writes, now) {
      const refused = await kept.commit(writes, now)
      await kept.catchUp(now)
      return refused
    },
  })

  test('of the task that was submitted, is handed it', async () => {
    await using service = await startEngine(json({ n: 1 }), { retention, driver })
    const { task } = await service.tasks.submit(CALLER, request(), { ...ASYNC, waitMs: 5000 })
    expect(task).toMatchObject({ status: 'success', responseBody: '{"n":1}' })
    expect(await service.store.find(task.id)).toBeNull()
  })

  test('of another task, is handed it', async () => {
    const release = Promise.withResolvers<void>()
    await using service = await startEngine(held(release.promise, json(1)), { retention, driver })
    const { task } = await service.tasks.submit(CALLER, request(), ASYNC)
    const found = service.tasks.find(CALLER, task.id, 5000)
    await service.droplet.received(1)
    release.resolve()
    expect((await found).status).toBe('success')
    expect(await service.store.find(task.id)).toBeNull()
  })
})

describe('replay', () => {
  test('is the same request without the delay, new in everything else', async () => {
    await using service = await startEngine(json(1))
    const { tasks, store } = service
    const asked = request({ delayMs: 5000, deadlineMs: 77, maxRetries: 1, meta: '{"a":1}' })
    const { task: first } = await tasks.submit(CALLER, asked, { ...ASYNC, idempotencyKey: 'k' })
    const { task: second } = await tasks.replay(CALLER, first.id, SYNC)
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
