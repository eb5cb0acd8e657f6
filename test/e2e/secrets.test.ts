/** Secret headers through the binary: in its real files, its log and its answers. */
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { serviceHome, type Service, type ServiceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { ASYNC } from '../support/orchestrator.ts'
import { deadUrl, hang, json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const MARK = 'PLANTED-2b1f'
const asked = { headers: { authorization: `Bearer ${MARK}`, 'x-a': 'a' }, max_retries: 0 }
const DEBUG = { LOG_LEVEL: 'DEBUG' }
const TASKS = '/orchestrator/tasks'

/** Which of the service's files have the mark: of its database, its cache, whatever else it has. */
function filesWith(home: ServiceHome): string[] {
  const names = readdirSync(home.path, { recursive: true, withFileTypes: true })
  return names
    .filter((entry) => entry.isFile())
    .map(({ parentPath, name }) => join(parentPath, name))
    .filter((file) => existsSync(file) && readFileSync(file, 'latin1').includes(MARK))
    .map((file) => file.slice(home.path.length + 1))
}

/** The database's files are rid of it soon, by themselves. */
async function expectNowhere(home: ServiceHome, ...services: Service[]): Promise<void> {
  await eventually('nothing has it', () => filesWith(home).length === 0)
  for (const { stdout, stderr } of services) expect(stdout + stderr).not.toContain(MARK)
}

async function kill(service: Service): Promise<void> {
  service.signal('SIGKILL')
  await service.exited
}

test('of a synchronous task they are in no file, neither while it runs nor afterwards', async () => {
  await using droplet = scriptedServer(hang)
  using home = serviceHome({ echo: droplet.url })
  await using service = await home.start(DEBUG)
  const answer = service.submit({ ...asked, max_retries: 1, timeout_ms: 2000 })
  await droplet.received(1)
  expect(droplet.requests[0]!.headers.authorization).toBe(`Bearer ${MARK}`)
  expect(filesWith(home)).toEqual([])
  droplet.script(json({ fine: true }, 200, { 'set-cookie': MARK }))
  await droplet.received(2)
  const { json: outcome, text } = await answer
  expect(outcome).toMatchObject({ status: 'success', retry_count: 1 })
  expect(filesWith(home)).toEqual([])
  const shown = await service.get(`${TASKS}/${outcome.task_id}`)
  expect(shown.json.headers).toEqual({ 'x-a': 'a' })
  expect(text + shown.text).not.toContain(MARK)
  await service.stop()
  await expectNowhere(home, service)
})

test('of an asynchronous one they are gone after its end, whatever that is', async () => {
  await using good = scriptedServer(json(1))
  await using bad = scriptedServer(json(1, 404))
  await using hanging = scriptedServer(hang)
  const mesh = { good: good.url, bad: bad.url, hanging: hanging.url, dead: await deadUrl() }
  using home = serviceHome(mesh)
  await using service = await home.start(DEBUG)
  const submit = async (droplet_name: string, more = {}) =>
    (await service.submit({ ...asked, droplet_name, ...more }, ASYNC)).json.task_id as string
  const ids = await Promise.all([
    ...['good', 'bad', 'dead'].map((name) => submit(name)),
    submit('hanging', { timeout_ms: 300 }),
    submit('hanging', { deadline_ms: 300, max_retries: 3 }),
  ])
  const [running, waiting] = await Promise.all([
    submit('hanging'),
    submit('good', { delay_seconds: 3600 }),
  ])
  await hanging.received(3)
  expect(filesWith(home)).not.toEqual([])
  for (const id of [running, waiting]) {
    expect((await service.call('POST', `${TASKS}/${id}/cancel`)).status).toBe(200)
  }
  for (const id of ids) await service.task(id, ({ completed_at }) => completed_at !== null)
  expect((await service.get(`${TASKS}/${ids[0]}`)).json).toMatchObject({ status: 'success' })
  await expectNowhere(home, service)
  expect(good.requests[0]!.headers.authorization).toBe(`Bearer ${MARK}`)

  const path = `${TASKS}/${ids[0]}/replay`
  const refused = await service.call('POST', path)
  expect(refused.json.error.details.errors).toMatchObject([{ path: '/headers/authorization' }])
  const body = JSON.stringify({ headers: asked.headers })
  const again = await service.call('POST', path, { body, headers: ASYNC })
  await service.task(again.json.task_id, ({ status }) => status === 'success')
  expect(good.requests.map(({ headers }) => headers.authorization)).toEqual([
    `Bearer ${MARK}`,
    `Bearer ${MARK}`,
  ])
  await expectNowhere(home, service)
})

test('after a kill the task is delivered with them, and then they are gone', async () => {
  await using droplet = scriptedServer(hang)
  using home = serviceHome({ echo: droplet.url })
  const first = await home.start(DEBUG)
  const { status, json: accepted } = await first.submit({ ...asked, delay_seconds: 1 }, ASYNC)
  expect(status).toBe(202)
  await kill(first)
  expect(filesWith(home)).not.toEqual([])

  const second = await home.start(DEBUG)
  await droplet.received(1)
  await eventually('in its table alone', () => filesWith(home).join() === 'orchestrator.db')
  {
    using db = new Database(home.file('orchestrator.db'), { readonly: true })
    const rows = (table: string) => JSON.stringify(db.query(`select * from ${table}`).all())
    expect(rows('secrets')).toContain(MARK)
    expect(rows('tasks') + rows('journal')).not.toContain(MARK)
  }
  // In the middle of its attempt.
  await kill(second)
  droplet.script(json(1))
  await using third = await home.start(DEBUG)
  await third.task(accepted.task_id, (task) => task.status === 'success')
  expect(droplet.requests.map(({ headers }) => headers.authorization)).toEqual([
    `Bearer ${MARK}`,
    `Bearer ${MARK}`,
  ])
  await expectNowhere(home, first, second, third)
})
