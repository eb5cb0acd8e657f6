/** A disk that is full, and has room again. */
import { expect, test } from 'bun:test'
import { rmSync, statSync } from 'node:fs'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { held, json, scriptedServer } from '../support/scripted-server.ts'
import { mayMount, mountSmallDisk, withMounts } from '../support/small-disk.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }

/** Submits until one is refused: SQLite may have had room in pages it had taken before. */
async function submitUntilRefused(service: Service, accepted: string[]) {
  return eventually('refused', async () => {
    const reply = await service.submit({ delay_seconds: 1 }, ASYNC)
    if (reply.status !== 202) return reply
    accepted.push(reply.json.task_id)
    return null
  })
}

const fullDisk = `a full disk: new tasks are refused, none is lost, and it recovers by itself${withMounts}`

test.skipIf(!mayMount)(fullDisk, async () => {
  const release = Promise.withResolvers<void>()
  await using slow = scriptedServer(held(release.promise, json({ slow: true })))
  await using quick = scriptedServer(json({ quick: true }))
  using home = serviceHome({ slow: slow.url, echo: quick.url })
  using disk = mountSmallDisk(home.file('disk'), 1)
  await using service = await home.start({ TASK_DB: `${disk.path}/orchestrator.db` })
  const accepted: string[] = []
  accepted.push((await service.submit({ delay_seconds: 1 }, ASYNC)).json.task_id)
  const inFlight = service.submit({ droplet_name: 'slow' })
  await slow.received(1)

  disk.fill()
  const refused = await submitUntilRefused(service, accepted)
  expect([refused.status, refused.json.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
  expect(refused.headers.has('retry-after')).toBe(true)
  const synchronous = await service.submit()
  expect([synchronous.status, synchronous.json.error.code]).toEqual([503, 'STORE_UNAVAILABLE'])
  const ready = await service.get('/orchestrator/ready')
  expect([ready.status, ready.json.checks.store.ok]).toEqual([503, false])
  const why = /^the store cannot be written: .*\/orchestrator\.db: SQLITE_(FULL|IOERR)/
  expect(ready.json.checks.store.reason).toMatch(why)
  expect((await service.get('/orchestrator/health')).status).toBe(200)
  const { status: alive, json: health } = await service.get('/health')
  expect([alive, health.status]).toEqual([200, 'error'])

  // The droplet has answered, but that can't be recorded: its caller must not be told yet.
  release.resolve()
  let answered = false
  void inFlight.then(() => (answered = true))
  // The write is tried again every second, on the full disk. After three times the accepted tasks
  // are due; they must not be sent either.
  const failures = async () => (await service.get('/orchestrator/metrics')).json.store.failures
  const before: number = await failures()
  await eventually('three more failed writes', async () => (await failures()) >= before + 3)
  expect(answered).toBe(false)
  expect(quick.requests).toHaveLength(0)

  disk.free()
  const { status, json: outcome } = await inFlight
  expect([status, outcome.status, outcome.response_body]).toEqual([200, 'success', { slow: true }])
  await service.ready()
  expect((await service.submit()).json).toMatchObject({ status: 'success' })
  for (const id of accepted) {
    const task = await service.task(id, (each) => each.status === 'success')
    expect(task.attempts).toHaveLength(1)
  }
  const page = await service.get('/orchestrator/tasks?limit=1000')
  expect(page.json.total).toBe(accepted.length + 2)
  expect(service.log('the store can be written again').length).toBeGreaterThan(0)
  await service.stop()
  expect(await service.exited).toBe(0)
})

/** Its answer is too large for the history, so each task keeps what was submitted. */
async function submitMany(service: Service, tasks: number): Promise<number[]> {
  const payload = 'x'.repeat(60_000)
  const statuses: number[] = []
  const submit = async () => {
    for (; tasks > 0;) {
      tasks--
      statuses.push((await service.submit({ method: 'POST', payload })).status)
    }
  }
  await Promise.all(Array.from({ length: 8 }, submit))
  return statuses
}

const smallDisk = `a disk that the log alone would fill serves any number of tasks${withMounts}`

test.skipIf(!mayMount)(smallDisk, async () => {
  await using echo = scriptedServer(json({ fine: true }))
  using home = serviceHome({ echo: echo.url })
  using disk = mountSmallDisk(home.file('disk'), 12)
  const db = `${disk.path}/orchestrator.db`
  const env = { TASK_DB: db, TASK_MAX_HISTORY: '20' }
  await using service = await home.start(env)
  const statuses = await submitMany(service, 400)
  expect(statuses.filter((status) => status !== 200)).toEqual([])
  expect(service.log('the store cannot be written')).toEqual([])
  expect(statSync(`${db}-wal`).size).toBeLessThan(12_000_000)

  // Somebody else fills it, and it is killed: it starts again all the same, and recovers.
  disk.fill()
  service.signal('SIGKILL')
  await service.exited
  await using again = await home.start(env)
  expect((await again.get('/orchestrator/tasks?limit=1')).json.total).toBe(20)
  disk.free()
  await again.ready()
  const after = await eventually('tasks are taken again', async () => {
    const [status] = await submitMany(again, 1)
    return status === 200 ? submitMany(again, 40) : null
  })
  expect(after.filter((status) => status !== 200)).toEqual([])
  await again.stop()
  expect(await again.exited).toBe(0)
})

const largeHistory = `a disk that the history has filled is of use again with a smaller one${withMounts}`

test.skipIf(!mayMount)(largeHistory, async () => {
  await using echo = scriptedServer(json({ fine: true }))
  using home = serviceHome({ echo: echo.url })
  using disk = mountSmallDisk(home.file('disk'), 12)
  const env = { TASK_DB: `${disk.path}/orchestrator.db` }
  await using service = await home.start(env)
  const statuses = await submitMany(service, 400)
  expect(new Set(statuses)).toEqual(new Set([200, 503]))
  // Nothing in it is over the limits: so it stays full.
  const [status] = await submitMany(service, 1)
  expect(status).toBe(503)
  expect((await service.get('/orchestrator/ready')).status).toBe(503)
  await service.stop()
  expect(await service.exited).toBe(0)

  // Not even the rest of a page is left, nor the room for what SQLite makes anew when it opens.
  rmSync(`${disk.path}/orchestrator.db-shm`, { force: true })
  disk.fill()
  await using again = await home.start({ ...env, TASK_MAX_HISTORY: '20' })
  const after = await eventually('tasks are taken again', async () => {
    const [first] = await submitMany(again, 1)
    return first === 200 ? submitMany(again, 100) : null
  })
  expect(after.filter((each) => each !== 200)).toEqual([])
  expect((await again.get('/orchestrator/tasks?limit=1')).json.total).toBeLessThanOrEqual(21)
  await again.stop()
  expect(await again.exited).toBe(0)
})
