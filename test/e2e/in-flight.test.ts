/** More droplet calls at once than Bun's fetch allows by itself (256). */
import { expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { connect, type Connection } from '../support/keep-alive.ts'
import { held, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TASKS = 600

test(`${TASKS} tasks hang on one droplet, and another answers as ever`, async () => {
  const release = Promise.withResolvers<void>()
  await using slow = scriptedServer(held(release.promise, json({ slow: true })))
  await using quick = scriptedServer(json({ quick: true }))
  using home = serviceHome({ slow: slow.url, quick: quick.url })
  await using service = await home.start({ DROPLET_MAX_CONCURRENCY: String(TASKS) })

  await using connections = new AsyncDisposableStack()
  const opened = await Promise.all(Array.from({ length: TASKS }, () => connect(service.url)))
  for (const connection of opened) connections.use(connection)
  const submit = (droplet_name: string) => (connection: Connection) =>
    connection.request('POST', '/orchestrator/tasks', { droplet_name, path: '/' })
  const waiting = opened.map(submit('slow'))
  await slow.received(TASKS)
  expect(slow.connections).toBe(TASKS)
  const { json: metrics } = await service.get('/orchestrator/metrics')
  expect(metrics.tasks.running).toBe(TASKS)

  const answer = await service.submit({ droplet_name: 'quick' })
  expect(answer.json).toMatchObject({ status: 'success', response_body: { quick: true } })

  release.resolve()
  const replies = await Promise.all(waiting)
  expect(
    replies.filter(
      ({ status, json: { status: outcome } }) => status === 200 && outcome === 'success',
    ),
  ).toHaveLength(TASKS)
  expect((await service.get('/orchestrator/tasks')).json.total).toBe(TASKS + 1)
})

test('the process that was started is the one that serves, relaunched', async () => {
  using home = serviceHome()
  await using service = await home.start()
  const environment = readFileSync(`/proc/${service.pid}/environ`, 'utf8').split('\0')
  expect(environment).toContain('BUN_CONFIG_MAX_HTTP_REQUESTS=65535')
  expect(environment).toContain('UV_THREADPOOL_SIZE=16')
  expect(environment).toContain(`TASK_DB=${home.env.TASK_DB}`)
  const listening = readFileSync(`/proc/${service.pid}/net/tcp`, 'utf8')
  const port = Number(new URL(service.url).port).toString(16).toUpperCase().padStart(4, '0')
  expect(listening).toMatch(new RegExp(`0100007F:${port} 00000000:0000 0A`))
  const children = readFileSync(`/proc/${service.pid}/task/${service.pid}/children`, 'utf8')
  expect(children).toBe('')
})

test("an operator's own limits stay", async () => {
  using home = serviceHome()
  await using service = await home.start({ UV_THREADPOOL_SIZE: '5' })
  const environment = readFileSync(`/proc/${service.pid}/environ`, 'utf8').split('\0')
  expect(environment).toContain('UV_THREADPOOL_SIZE=5')
  expect(environment).toContain('BUN_CONFIG_MAX_HTTP_REQUESTS=65535')
})
