/** How it stops, and what it doesn't stop for. */
import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { serviceHome, type Service } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { connect } from '../support/keep-alive.ts'
import { hang, held, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const ASYNC = { prefer: 'respond-async' }
const TASK = { droplet_name: 'echo', path: '/' }

async function drains(service: Service): Promise<void> {
  await eventually('not ready', async () => {
    const { status, json } = await service.get('/orchestrator/ready')
    return status === 503 && json.checks.lifecycle.ok === false
  })
}

describe.each(['SIGTERM', 'SIGINT'] as const)('%s while a task runs', (signal) => {
  test('the task ends and is answered, new work is refused, exit 0', async () => {
    const release = Promise.withResolvers<void>()
    await using droplet = scriptedServer(held(release.promise, json({ done: true })))
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start()
    await using open = await connect(service.url)
    expect((await open.request('GET', '/orchestrator/health')).status).toBe(200)
    const running = service.submit()
    await droplet.received(1)

    service.signal(signal)
    await drains(service)
    const refused = await open.request('POST', '/orchestrator/tasks', TASK)
    expect(refused.status).toBe(503)
    expect(refused.json.error.code).toBe('SHUTTING_DOWN')
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0)

    release.resolve()
    const { status, json: outcome } = await running
    expect([status, outcome.status, outcome.response_body]).toEqual([
      200,
      'success',
      { done: true },
    ])
    expect(await service.exited).toBe(0)
    expect(service.stderr).toBe('')
    expect(service.log('stopped')).toHaveLength(1)

    await using again = await home.start()
    expect(await again.task(outcome.task_id)).toMatchObject({ status: 'success' })
    expect((await again.get('/orchestrator/tasks')).json.total).toBe(1)
  })
})

test('SIGHUP, SIGUSR1 and SIGUSR2 end nothing, not even while it starts', async () => {
  using home = serviceHome()
  const starting = home.launch()
  // Before that, Bun itself starts for the first time: nothing of ours runs yet.
  await eventually('relaunched', () => isRelaunched(starting.pid))
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) starting.signal(signal)
  await eventually('it listens', () => starting.stdout.includes('"listening"'))
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2'] as const) starting.signal(signal)
  starting.signal('SIGTERM')
  expect(await starting.exited).toBe(0)
})

function isRelaunched(pid: number): boolean {
  return readFileSync(`/proc/${pid}/environ`, 'utf8').includes('UV_THREADPOOL_SIZE=16')
}

describe('the grace is over', () => {
  test('who waits is told, and the task is not sent again', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start({ SHUTDOWN_GRACE: '0.2' })
    const running = service.submit()
    await droplet.received(1)
    service.signal('SIGTERM')
    const { status, json: told } = await running
    expect([status, told.error.code]).toEqual([503, 'SHUTTING_DOWN'])
    expect(await service.exited).toBe(0)

    await using again = await home.start()
    expect(await again.task(told.error.details.task_id)).toMatchObject({
      status: 'error',
      error_message: 'interrupted by a restart',
    })
    expect(droplet.requests).toHaveLength(1)
  })

  test('an asynchronous task is sent again at the next start, under the same id', async () => {
    await using droplet = scriptedServer(hang)
    using home = serviceHome({ echo: droplet.url })
    await using service = await home.start({ SHUTDOWN_GRACE: '0.2' })
    const { json: accepted } = await service.submit({ method: 'POST', payload: [1] }, ASYNC)
    await droplet.received(1)
    service.signal('SIGTERM')
    expect(await service.exited).toBe(0)

    droplet.script(json({ done: true }))
    await using again = await home.start()
    const task = await again.task(accepted.task_id, ({ status }) => status === 'success')
    expect(task.attempts).toMatchObject([
      { attempt: 1, error: 'interrupted by a restart' },
      { attempt: 2, response_status: 200 },
    ])
    expect(droplet.requests.map(({ headers, body }) => [headers['x-attempt'], body])).toEqual([
      ['1', '[1]'],
      ['2', '[1]'],
    ])
    for (const { headers } of droplet.requests) {
      expect(headers['idempotency-key']).toBe(accepted.task_id)
    }
  })
})

test('a second signal ends it at once, and says what it cut off', async () => {
  await using droplet = scriptedServer(hang)
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start({ SHUTDOWN_GRACE: '600' })
  const running = service.submit().catch(() => 'cut off')
  await service.submit({}, ASYNC)
  await droplet.received(2)
  service.signal('SIGTERM')
  await eventually('stopping', () => service.log('stopping').length)
  service.signal('SIGINT')
  expect(await service.exited).toBe(130)
  expect(service.stderr).toBe('ended at once; 2 tasks were running\n')
  expect(await running).toBe('cut off')
})

test('SIGHUP, SIGUSR1, SIGUSR2 and SIGPIPE do not end it', async () => {
  using home = serviceHome()
  await using service = await home.start()
  for (const signal of ['SIGHUP', 'SIGUSR1', 'SIGUSR2', 'SIGPIPE'] as const) {
    for (let n = 0; n < 3; n++) {
      service.signal(signal)
      expect((await service.get('/orchestrator/health')).status).toBe(200)
    }
  }
  service.signal('SIGTERM')
  expect(await service.exited).toBe(0)
})

test('a signal in the first moments ends it in good order', async () => {
  // Before the handler is set the signal ends the process (-1); after that it stops (0).
  for (const afterMs of [0, 10, 20, 40, 80]) {
    using home = serviceHome()
    await using service = home.launch()
    await Bun.sleep(afterMs)
    service.signal('SIGTERM')
    expect([0, -1]).toContain(await service.exited)
    expect(service.stderr).toBe('')
    await using again = await home.start()
    expect((await again.get('/orchestrator/tasks')).json.total).toBe(0)
  }
})
