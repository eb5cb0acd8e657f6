/**
 * A database of the last release, whose process was killed (test/store/last-release/make.ts): this
 * version takes it over, with all that was promised.
 */
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { LATEST_VERSION } from '../../src/store/sqlite/migrate.ts'
import { serviceHome, type ServiceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'
import said from '../store/last-release/tasks.json'

allowRealTime()

const RELEASE = join(import.meta.dir, '../store/last-release')
const NAMES = ['echo', 'absent', 'flaky', 'hang']
const { finished, unfinished, interrupted, justFinished } = said

function restore(home: ServiceHome): void {
  for (const suffix of ['', '-wal']) {
    const bytes = readFileSync(join(RELEASE, `orchestrator.db${suffix}.gz`))
    writeFileSync(home.file(`orchestrator.db${suffix}`), gunzipSync(bytes))
  }
}

const traceOf = (id: string) => id.replaceAll('-', '')

test('all its tasks are there, and those that wait are delivered', async () => {
  await using upstream = scriptedServer(json({ by: 'this version' }))
  using home = serviceHome(Object.fromEntries(NAMES.map((name) => [name, upstream.url])))
  // It keeps the list of the droplets: without one, a task goes where it went before.
  await using first = await home.start()
  await first.stop()
  restore(home)
  await using service = await home.start()

  for (const before of finished) {
    const { json: after } = await service.get(`/orchestrator/tasks/${before.id}`)
    const { trace_id, secret_headers, ...same } = after
    expect(same).toEqual(before)
    expect(trace_id).toBe(traceOf(before.id))
    expect(Array.isArray(secret_headers)).toBe(true)
  }
  for (const id of Object.values(unfinished)) {
    const task = await service.task(id, ({ status }) => status === 'success')
    expect(task).toMatchObject({ response_body: { by: 'this version' }, trace_id: traceOf(id) })
  }
  expect(await service.task(justFinished)).toMatchObject({
    status: 'success',
    meta: { last: true },
  })
  expect(await service.task(interrupted)).toMatchObject({
    ...{ status: 'error', error_message: 'interrupted by a restart' },
  })
  const total = finished.length + Object.keys(unfinished).length + 3
  expect((await service.get('/orchestrator/tasks')).json.total).toBe(total)

  const sentFor = (id: string) =>
    upstream.requests.filter(({ headers }) => headers['x-task-id'] === id)
  for (const id of Object.values(unfinished)) expect(sentFor(id)).toHaveLength(1)
  const { delayed, running, retrying, justQueued } = unfinished
  const authorization = 'Bearer of-the-last-release'
  expect(sentFor(delayed)[0]!.headers).toMatchObject({ authorization, 'x-attempt': '1' })
  expect(sentFor(delayed)[0]!.body).toContain('x'.repeat(20_000))
  expect(sentFor(running)[0]!.headers).toMatchObject({ authorization, 'x-attempt': '2' })
  expect(sentFor(retrying)[0]!.headers['x-attempt']).toBe('3')
  expect(sentFor(justQueued)[0]!.headers.cookie).toBe('of-the-last-release')

  // Its keys are taken still; that of what was interrupted runs it again.
  const keyed = (droplet: string, key: string, body: object = {}) =>
    service.submit({ droplet_name: droplet, ...body }, { 'Idempotency-Key': key })
  const again = await keyed('echo', 'just-finished', { meta: { last: true } })
  expect(again.headers.get('idempotency-replayed')).toBe('true')
  expect(again.json).toMatchObject({ task_id: justFinished, response_body: { fine: true } })
  expect((await keyed('echo', 'finished')).status).toBe(422)
  const resumed = await keyed('hang', 'interrupted', { timeout_ms: 600_000 })
  expect(resumed.json).toMatchObject({ task_id: interrupted, status: 'success' })

  await service.stop()
  using db = new Database(home.file('orchestrator.db'), { readonly: true })
  const count = (table: string) => db.query(`select count(*) as n from ${table}`).get()
  expect(db.query('pragma user_version').get()).toEqual({ user_version: LATEST_VERSION })
  expect([count('journal'), count('secrets')]).toEqual([{ n: 0 }, { n: 0 }])
})

test('one of a later version is refused in one line with both versions, and not touched', async () => {
  using home = serviceHome({})
  restore(home)
  const file = home.file('orchestrator.db')
  const db = new Database(file)
  db.run(`pragma user_version = ${LATEST_VERSION + 3}`)
  db.run('pragma wal_checkpoint(truncate)')
  db.close()
  const before = readFileSync(file)
  const refused = home.launch()
  await eventually('it ended', () => refused.exitCode !== undefined)
  expect(refused.exitCode).toBe(1)
  expect(refused.stderr.trimEnd().split('\n')).toEqual([
    `The database ${file} cannot be used: written by a newer version of the service: it has ` +
      `schema ${LATEST_VERSION + 3}, and this version knows schemas up to ${LATEST_VERSION}`,
  ])
  expect(readFileSync(file).equals(before)).toBe(true)
})
