/** `orchestrator migrate`, from real SQLite files into a real Postgres. */
import { afterAll, beforeAll, describe, expect, test } from 'bun:test'
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import { migrate } from '../../src/commands/migrate/migrate.ts'
import { lockDatabase } from '../../src/platform/file-lock.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { Write } from '../../src/store/driver.ts'
import { openPostgres } from '../../src/store/postgres/open.ts'
import type { SharedDatabase } from '../../src/store/shared/database.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { callHistory, commitArguments } from '../../src/store/sqlite/verbs.ts'
import { INTERRUPTED, STATUSES, type Task } from '../../src/task.ts'
import { scriptedIo } from '../support/command-io.ts'
import { allowRealTime } from '../support/eventually.ts'
import {
  createDatabase,
  hasPostgres,
  startPostgres,
  withPostgres,
  type TestDatabase,
} from '../support/postgres.ts'
import { RETENTION } from '../support/store.ts'
import { after, taskOf } from '../support/task-states.ts'
import { queued, running } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'
import { interrupt } from '../../src/delivery/lifecycle.ts'
import said from '../store/last-release/tasks.json'

allowRealTime()

const RELEASE = join(import.meta.dir, '../store/last-release')
const dir = temporaryDir()
afterAll(() => dir[Symbol.dispose]())

/** Whose end would write the log into the file. */
const open: SqliteHistory[] = []

/** As a service leaves it that was killed: the last writes are in its journal only. */
function sqliteFile(name: string, tasks: readonly Task[]): string {
  const file = dir.file(name)
  const unlock = lockDatabase(file)
  const history = new SqliteHistory(new Connection(file), { ...RETENTION, maxFinished: 1e6 })
  const writes = tasks.map((task): Write => ['insert', task])
  for (let at = 0; at < writes.length; at += 1000) {
    callHistory(history, 'commit', commitArguments(writes.slice(at, at + 1000), Date.now()))
  }
  unlock()
  open.push(history)
  return file
}

const MIXED = () => {
  const trace = { parent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', state: 'a=b' }
  const secretHeaders = { authorization: 'Bearer x' }
  const all = STATUSES.map((status, n) =>
    taskOf(status, { idempotencyKey: `key ${n}`, fingerprint: `f${n}`, hops: n, trace, meta: '1' }),
  )
  return [
    ...all,
    queued({ secretHeaders, delayMs: 3_600_000, payload: '{"n":1.10,"漢":"\\u0000"}' }, Date.now()),
    running({ mode: 'sync' }),
    interrupt(running({ mode: 'sync', idempotencyKey: 'again' }), after(5)),
    taskOf('error', { dropletName: 'ÉCHO', replayOf: all[0]!.id }),
    // Of a day that no node would make a partition for.
    taskOf('success', { id: Bun.randomUUIDv7('hex', Date.parse('2024-02-29T12:00:00Z')) }),
  ]
}

async function run(from: string, to: string, env: Record<string, string> = {}) {
  const io = scriptedIo(env)
  const args = ['--from', from, ...(to === '' ? [] : ['--to', to])]
  const code = await migrate(args, io)
  const left = readdirSync(dir.path).filter((name) => name.endsWith('.migrate'))
  expect(left).toEqual([])
  const password = to === '' ? null : new URL(to).password
  if (password) expect(io.out + io.err).not.toContain(password)
  return { code, out: io.out, err: io.err }
}

describe('is refused', () => {
  const URL_ = 'postgres://orc:pass-word@127.0.0.1:1/tasks'
  test.each([
    [[], 'From which FILE?'],
    [['--from', 'postgres://orc:pass-word@h/d'], '--from must be a SQLite file'],
    [['--from', 'x.db', '--to', 'y.db'], '--to must be postgres://'],
    [['--from', 'x.db', '--to', 'postgres://orc:pass-word@h'], 'it names no database'],
    [['--form', 'x.db'], "Did you mean '--from'?"],
  ])('with %p', async (args, reason) => {
    const io = scriptedIo()
    expect(await migrate(args, io)).toBe(64)
    expect(io.err).toContain(reason)
    expect(io.err).not.toContain('pass-word')
  })

  test('without a target, a file, or a Postgres that answers', async () => {
    const file = sqliteFile('refused.db', MIXED())
    expect(await run(file, '', { TASK_DB: dir.file('other.db') })).toEqual({
      ...{ code: 1, out: '', err: 'Where to? Name a Postgres with --to, or in TASK_DB\n' },
    })
    const gone = await run(dir.file('gone.db'), URL_)
    expect([gone.code, existsSync(dir.file('gone.db'))]).toEqual([1, false])
    expect(gone.err).toStartWith(`There is no database ${dir.file('gone.db')}`)
    const away = await run(file, URL_)
    expect(away.code).toBe(1)
    expect(away.err).toBe(
      'postgres://orc:***@127.0.0.1:1/tasks cannot be used: no Postgres answers at 127.0.0.1:1\n',
    )
  })

  test('while a service uses the file', async () => {
    const file = sqliteFile('used.db', [])
    const unlock = lockDatabase(file)
    const refused = await run(file, URL_)
    unlock()
    expect([refused.code, refused.out]).toEqual([1, ''])
    expect(refused.err).toBe(
      `${file} is in use by an orchestrator (process ${process.pid}): stop that first\n`,
    )
  })
})

describe.skipIf(!hasPostgres)(`moves${withPostgres}`, () => {
  let db: TestDatabase
  let store: SharedDatabase
  beforeAll(async () => {
    db = await createDatabase()
    store = await openPostgres(db.url, RETENTION, { clock: systemClock })
  })
  afterAll(async () => {
    await store?.close()
    await db[Symbol.asyncDispose]()
  })

  test('each kind of task, and may be repeated', async () => {
    const tasks = MIXED()
    const file = sqliteFile('mixed.db', tasks)
    const before = readFileSync(file)
    const first = await run(`sqlite:${file}`, db.url)
    expect(first).toMatchObject({ code: 0, err: '' })
    expect(first.out).toContain(`: ${tasks.length} tasks moved\n`)
    expect(first.out).toContain('7 finished and 4 unfinished ones compared field by field: all are')
    expect(readFileSync(file)).toEqual(before)
    for (const task of tasks) expect(await store.find(task.id)).toEqual(task)
    expect((await store.findByKey('key 2'))?.id).toBe(tasks[2]!.id)
    const ended = tasks.filter(({ completedAt }) => completedAt !== null)
    expect((await store.list({ limit: 1 }))?.total).toBe(tasks.length)
    expect((await store.list({ limit: 1, status: 'error' }))?.total).toBe(3)

    const again = await run(file, '', { TASK_DB: db.url })
    expect(again).toMatchObject({ code: 0, err: '' })
    expect(again.out).toContain(`: 0 tasks moved, ${tasks.length} were there already\n`)
    expect((await store.list({ limit: 1 }))?.total).toBe(tasks.length)
    expect(ended).toHaveLength(7)
  })

  test('what is unfinished is for whoever claims it; a task that was interrupted may run again', async () => {
    const session = await store.join({ name: 'one', version: '1' }, 30_000)
    const claims = await store.claim(session, 100, [], 1)
    const statuses = claims.map(({ task }) => `${task.mode} ${task.status}`).sort()
    // That which is delayed is not due.
    expect(statuses).toEqual(['async queued', 'async running', 'sync running'])
    const interrupted = await store.findByKey('again')
    expect(interrupted).toMatchObject({ status: 'error', errorMessage: INTERRUPTED })
    const [{ headers }] = await db.query('select headers from orchestrator.secrets')
    expect(JSON.parse(headers)).toEqual({ authorization: 'Bearer x' })

    const went = await run(dir.file('mixed.db'), db.url)
    expect(went).toMatchObject({ code: 0 })
  })

  test('tells a task that cannot be there, one that is another, and a key that is taken', async () => {
    const kept = taskOf('success', { idempotencyKey: 'first' })
    const file = sqliteFile('differing.db', [
      kept,
      taskOf('success'),
      taskOf('success', { id: 'no-uuid' }),
    ])
    const first = await run(file, db.url)
    expect(first.code).toBe(1)
    expect(first.err).toBe('task no-uuid is not there: its id is no UUID of version 7\n')
    expect(first.out).toContain(': 2 tasks moved\n')
    expect(first.out).toEndWith('compared field by field: 1 difference\n')

    await db.query(`update orchestrator.history set target_url = 'http://x/' where id = $1`, [
      kept.id,
    ])
    const again = await run(file, db.url)
    expect([again.code, again.err.split('\n')[0]]).toEqual([
      1,
      `task ${kept.id} differs in targetUrl`,
    ])

    const twin = sqliteFile('twin.db', [taskOf('error', { idempotencyKey: 'first' })])
    const taken = await run(twin, db.url)
    expect(taken.code).toBe(1)
    expect(taken.err.split('\n')).toEqual([
      expect.stringMatching(/^task .* is not there: another task there has its Idempotency-Key$/),
      '',
    ])
  })

  test('tells counts that are too low', async () => {
    await using other = await createDatabase()
    const file = sqliteFile('counted.db', [taskOf('success'), taskOf('success')])
    expect((await run(file, other.url)).code).toBe(0)
    await other.query('update orchestrator.counts set tasks = tasks - 1')
    const { code, err } = await run(file, other.url)
    expect([code, err]).toEqual([1, 'droplet echo, success: 2 are there, 1 are counted\n'])
  })

  test('a database of the last release, whose process was killed', async () => {
    await using other = await createDatabase()
    for (const suffix of ['', '-wal']) {
      const bytes = readFileSync(join(RELEASE, `orchestrator.db${suffix}.gz`))
      writeFileSync(dir.file(`last.db${suffix}`), gunzipSync(bytes))
    }
    const total = said.finished.length + Object.keys(said.unfinished).length + 3
    const before = readFileSync(dir.file('last.db'))
    const { code, out, err } = await run(dir.file('last.db'), other.url)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain(`: ${total} tasks moved\n`)
    expect(readFileSync(dir.file('last.db'))).toEqual(before)
    const last = await openPostgres(other.url, RETENTION, { clock: systemClock })
    const task = await last.find(said.finished[0]!.id)
    expect(task).toMatchObject({ responseStatus: 200, status: 'success' })
    await last.close()
  })

  test('20,000 tasks, after it was stopped and after Postgres had gone away', async () => {
    await using server = await startPostgres()
    const other = await createDatabase(server)
    const tasks = Array.from({ length: 20_000 }, (_, n) =>
      taskOf(n % 100 === 0 ? 'queued' : n % 7 === 0 ? 'error' : 'success', {
        dropletName: `droplet-${n % 20}`,
      }),
    )
    const file = sqliteFile('large.db', tasks)
    let press = () => {}
    let lines = 0
    const io = {
      ...scriptedIo(),
      isErrorTerminal: true,
      onStopSignal: (callback: (name: string) => void) => void (press = () => callback('SIGINT')),
      stderr: (text: string) => void ((io.err += text), ++lines === 5 && press()),
    }
    expect(await migrate(['--from', file, '--to', other.url], io)).toBe(130)
    expect(io.err).toContain('\rMoved 2500 of 20000 (12 %)')
    expect(io.err).toEndWith('Stopped; 2500 tasks moved so far. Run it again to go on.\n')
    expect(existsSync(`${file}.migrate`)).toBe(false)

    let kill = Promise.resolve()
    lines = 0
    io.onStopSignal = () => {}
    io.stderr = (text: string) => {
      io.err = text
      if (++lines === 8) kill = server.kill()
    }
    expect(await migrate(['--from', file, '--to', other.url], io)).toBe(1)
    expect(io.err).toContain('what was moved stays; run it again to go on')
    await kill
    await server.start()

    const { code, out, err } = await run(file, other.url)
    expect([code, err]).toEqual([0, ''])
    expect(out).toContain('19800 finished and 200 unfinished ones compared')
    const moved = await openPostgres(
      other.url,
      { maxFinished: 1e6, ttlMs: 0 },
      { clock: systemClock },
    )
    expect((await moved.list({ limit: 1 }))?.total).toBe(20_000)
    await moved.close()
  })
})
