import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import {
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  statSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { openSqlite } from '../../src/store/sqlite/thread.ts'
import type { TaskFilter, TaskPage } from '../../src/store/store.ts'
import { STATUSES } from '../../src/task.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { failureOf } from '../support/failure.ts'
import { inlineDriver, RETENTION, storeOver } from '../support/store.ts'
import { taskOf } from '../support/task-states.ts'
import { NOW, queued } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

/** Opens the file as the service does. */
async function openStore(file: string) {
  return storeOver(await openSqlite(file, RETENTION))
}

async function fill(file: string, tasks = 300): Promise<void> {
  const store = await openStore(file)
  const all = Array.from({ length: tasks }, (_, n) =>
    taskOf(STATUSES[n % STATUSES.length]!, { dropletName: `droplet${n % 7}` }),
  )
  await Promise.all(all.map((task) => store.insert(task)))
  await store.close()
}

test('a file keeps everything, and the order, over a restart', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const tasks = STATUSES.map((status) => taskOf(status, { idempotencyKey: `key-${status}` }))
  const first = await openStore(file)
  for (const task of tasks) await first.insert(task)
  const page = (await first.list({ limit: 4 }))!
  await first.close()

  const second = await openStore(file)
  for (const task of tasks) {
    expect(await second.find(task.id)).toEqual(task)
    expect((await second.findByKey(task.idempotencyKey!))?.id).toBe(task.id)
  }
  const rest = (await second.list({ limit: 4, cursor: page.nextCursor! }))!
  expect([...page.tasks, ...rest.tasks].map(({ id }) => id)).toEqual(
    tasks.map(({ id }) => id).reverse(),
  )
  expect(rest).toMatchObject({ total: 6, nextCursor: null })
  expect((await second.claim(9)).map(({ status }) => status)).toEqual(['queued', 'running'])
  await second.close()
})

test('what is committed is in the file, without any closing', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = new SqliteHistory(new Connection(file), RETENTION)
  const store = storeOver(inlineDriver(history))
  const task = queued()
  await store.insert(task)
  // As a crash would leave the files: copied while they are open.
  for (const end of ['', '-wal']) writeFileSync(dir.file(`copy.db${end}`), readFileSync(file + end))
  const copy = new SqliteHistory(new Connection(dir.file('copy.db')), RETENTION)
  expect(copy.find(task.id)).toEqual(task)
  copy.close()
  history.close()
})

test('a commit is synced: full, over a write-ahead log', () => {
  using dir = temporaryDir()
  const pragmas: string[] = []
  const run = Database.prototype.run
  Database.prototype.run = function (this: Database, sql: string, ...rest: never[]) {
    if (sql.startsWith('pragma')) pragmas.push(sql)
    return run.call(this, sql, ...rest)
  } as typeof run
  try {
    new SqliteHistory(new Connection(dir.file('tasks.db')), RETENTION).close()
  } finally {
    Database.prototype.run = run
  }
  expect(pragmas).toContain('pragma synchronous = full')
  const db = new Database(dir.file('tasks.db'))
  expect(db.query('pragma journal_mode').get()).toEqual({ journal_mode: 'wal' })
  db.close()
})

const OTHER_FILTERS: TaskFilter[] = [
  {},
  { mode: 'sync' },
  { responseStatus: { from: 500, to: 599 } },
  { createdFrom: 1, createdBefore: NOW },
  { requestId: 'x' },
  { replayOf: 'x' },
]

test('no query scans or sorts the whole table, whatever the filter', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const asked = new Set<string>()
  const connection = new Connection(file)
  const { query } = Database.prototype
  Database.prototype.query = function (this: Database, sql: string) {
    asked.add(sql)
    return query.call(this, sql)
  } as typeof query
  try {
    const driver = inlineDriver(new SqliteHistory(connection, { maxFinished: 1, ttlMs: 1000 }))
    const store = storeOver(driver)
    const task = queued({ idempotencyKey: 'key' })
    await Promise.all([store.insert(task), store.insert(taskOf('error')), store.claim(9)])
    await store.update(taskOf('success', { id: task.id }))
    await driver.trim(NOW + 99_000)
    for (const filter of [
      {},
      { cursor: (await store.list({ limit: 1 }))!.nextCursor ?? 'c2VxOjE' },
    ]) {
      for (const droplets of [undefined, ['x'], ['x', 'y']]) {
        for (const status of [undefined, ...STATUSES]) {
          const by = { ...(droplets ? { droplets } : {}), ...(status ? { status } : {}) }
          for (const more of OTHER_FILTERS)
            await store.list({ limit: 5, ...filter, ...by, ...more })
        }
      }
    }
    await Promise.all([store.find('x'), store.findByKey('x')])
    await store.close()
  } finally {
    Database.prototype.query = query
  }
  await fill(file)
  const db = new Database(file)
  const statements = [...asked].filter((sql) => /^\s*(select|delete|update)/.test(sql))
  expect(statements.length).toBeGreaterThan(10)
  for (const sql of statements) {
    const rows = db.query<{ detail: string }, []>(`explain query plan ${sql}`).all()
    const slow = rows
      .map(({ detail }) => detail)
      // A partial index or the counts, read whole, is small; so is what gets sorted: a page of
      // each state, and what is unfinished.
      .filter(
        (step) =>
          /^SCAN tasks(?! USING (COVERING )?INDEX tasks_unfinished)/.test(step) ||
          (/TEMP B-TREE/.test(step) && !/union all|completed_at is null/.test(sql)),
      )
    expect([sql, slow]).toEqual([sql, []])
  }
  db.close()
})

test('a list of many steps, with gaps in the history, is as exact as one', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  await fill(file, 48)
  const db = new Database(file)
  db.run('update tasks set seq = -seq * 7001')
  db.run('update tasks set seq = -seq')
  db.run("update tasks set request_id = 'wanted' where seq / 7001 % 3 = 0")
  db.close()
  const store = await openStore(file)
  const whole = (await store.list({ limit: 100 }))!
  for (const [filter, total] of [
    [{ mode: 'async' }, 48],
    [{ requestId: 'wanted' }, 16],
    [{ requestId: 'wanted', mode: 'sync' }, 0],
  ] as const) {
    const pages: string[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const page: TaskPage = (await store.list({
        limit: 8,
        ...filter,
        ...(cursor ? { cursor } : {}),
      }))!
      expect(page.total).toBe(total)
      pages.push(...page.tasks.map(({ id }) => id))
      cursor = page.nextCursor
    }
    expect(pages).toHaveLength(total)
    if (total === 48) expect(pages).toEqual(whole.tasks.map(({ id }) => id))
  }
  await store.close()
})

test('a database of the first version is brought up to date, names beyond ASCII too', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const db = new Database(file, { create: true })
  db.run(MIGRATIONS[0]!.sql)
  db.run('pragma user_version = 1')
  const insert = db.query(`insert into tasks (id, mode, status, droplet_name, method, path, headers,
    timeout_ms, max_retries, delay_ms, request_id, target_url, created_at, attempts, retry_count,
    completed_at) values (?, 'sync', ?, ?, 'GET', '/', '{}', 1, 0, 0, 'r', 'u', 1, '[]', 0, ?)`)
  const count = db.query(`insert into task_counts values (?, 'success', 1)
    on conflict do update set tasks = tasks + 1`)
  for (const name of ['ÉCHO', 'écho', 'Écho', 'echo', 'ECHO', 'o\'x"', '\u212Aelvin', 'kelvin']) {
    insert.run(`${name} 1`, 'success', name, 2)
    insert.run(`${name} 2`, 'queued', name, null)
    count.run(name)
  }
  db.close()
  const store = await openStore(file)
  for (const [name, total] of [
    ...[['écHo', 6] as const, ['eChO', 4] as const, ['KELVIN', 4] as const, ['O\'X"', 2] as const],
  ]) {
    const all = (await store.list({ limit: 9, droplets: [name] }))!
    expect([name, all.total, all.tasks.length]).toEqual([name, total, total])
    const ended = (await store.list({ limit: 9, droplets: [name], status: 'success' }))!
    expect([ended.total, ended.tasks.length]).toEqual([total / 2, total / 2])
  }
  expect((await store.list({ limit: 1 }))!.total).toBe(16)
  await store.close()
})

/** As `cp` and `mv` would: another file, with the same bytes. */
function replace(file: string): void {
  renameSync(file, `${file}.away`)
  writeFileSync(file, readFileSync(`${file}.away`))
}

describe('a file that is taken away while it is open', () => {
  const setAside = (file: string) => renameSync(file, `${file}.away`)
  const ways: [string, RegExp, string, (file: string) => void][] = [
    ['the database deleted', /the database file was deleted/, '', setAside],
    ['the database replaced', /the database file was replaced/, '', replace],
    ['its log deleted', /the write-ahead log .* was deleted/, '-wal', setAside],
    ['its log replaced', /the write-ahead log .* was replaced/, '-wal', replace],
  ]

  test.each(ways)(
    '%s: no new task is taken until it is back',
    async (_, message, end, takeAway) => {
      using dir = temporaryDir()
      const database = dir.file('tasks.db')
      const file = database + end
      const clock = new FakeClock(NOW)
      const log = recordingLog()
      const store = storeOver(await openSqlite(database, RETENTION), { clock, log })
      const task = queued()
      await store.insert(task)
      const look = (condition: () => boolean) =>
        eventually('it looks at its file', async () => {
          await clock.advance(5000)
          return condition()
        })
      takeAway(file)
      await look(() => store.fault !== null)
      expect(store.fault).toMatch(message)
      expect(store.fault).toEndWith(': put it back or restart the service')
      expect(log.lines).toEqual([
        { level: 'ERROR', msg: expect.stringMatching(message), fields: { database: file } },
      ])
      expect(await failureOf(store.insert(queued()))).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringMatching(message),
      })
      // What was begun goes on: the file may come back.
      expect(await store.update({ ...task, targetUrl: 'http://new' })).toBe('written')
      renameSync(`${file}.away`, file)
      await look(() => store.fault === null)
      expect(await store.insert(queued())).toBe('written')
      await store.close()
      expect(clock.pending).toBe(0)
    },
  )

  test('its log deleted: what was accepted is there after a crash all the same', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    const driver = await openSqlite(file, RETENTION)
    const tasks = [queued(), queued()]
    await storeOver(driver).insert(tasks[0]!)
    rmSync(`${file}-wal`)
    await storeOver(driver).insert(tasks[1]!)
    expect(await driver.movedFile()).toMatchObject({ became: 'deleted' })
    // As a crash would leave it.
    writeFileSync(dir.file('copy.db'), readFileSync(file))
    const copy = await openStore(dir.file('copy.db'))
    for (const task of tasks) expect(await copy.find(task.id)).toEqual(task)
    await copy.close()
    await driver.close()
  })
})

describe('a file that is cut while it is open', () => {
  const half = (file: string) => truncateSync(file, Math.floor(statSync(file).size / 2))
  const cuts: [string, string, (file: string) => void, boolean][] = [
    ['the database, to nothing', '', (file) => truncateSync(file), false],
    ['the database, with all of it in it', '', (file) => truncateSync(file), true],
    ['the database, to a half', '', half, true],
    ['its log, to nothing', '-wal', (file) => truncateSync(file), false],
  ]

  test.each(cuts)('%s: no new task is taken any more', async (_, end, cut, isWrittenBack) => {
    using dir = temporaryDir()
    const database = dir.file('tasks.db')
    await fill(database)
    const clock = new FakeClock(NOW)
    const log = recordingLog()
    const driver = await openSqlite(database, RETENTION)
    const store = storeOver(driver, { clock, log })
    await store.insert(queued())
    // What is written after the cut would hide it.
    await driver.catchUp(NOW)
    if (isWrittenBack) writeBack(database)
    expect(await driver.movedFile()).toBeNull()
    cut(database + end)
    const fault = /^the (database file|write-ahead log of the database) was truncated: stop /
    await eventually('it looks at its file', async () => {
      await clock.advance(5000)
      return store.fault !== null
    })
    expect(store.fault).toMatch(fault)
    // That the history can't be trimmed may be said as well, when its time comes first.
    const errors = log.lines.filter(({ level }) => level === 'ERROR')
    expect(errors).toMatchObject([{ fields: { database: database + end } }])
    expect(await failureOf(store.insert(queued()))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    await driver.close()
  })
})

/** As `sqlite3` does it, of another process. */
function writeBack(file: string, ...before: string[]): void {
  using other = new Database(file)
  for (const sql of [...before, 'pragma wal_checkpoint(truncate)']) other.run(sql)
}

test('what SQLite does with its files, ours or that of others, is nothing to tell', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const connection = new Connection(file)
  const history = new SqliteHistory(connection, { maxFinished: 20, ttlMs: 3_600_000 })
  const store = storeOver(inlineDriver(history))
  const payload = JSON.stringify('x'.repeat(50_000))
  const insert = async (tasks: number) => {
    for (; tasks > 0; tasks--) await store.insert(taskOf('success', { payload }))
  }
  const deeds: [string, () => unknown][] = [
    ['nothing', () => {}],
    ['a commit', () => insert(1)],
    ['a log that is written back when it is large', () => insert(400)],
    ['a log that is emptied by us', () => connection.freeSpace()],
    ['one that is written into again', () => insert(1)],
    ['a log that is emptied by somebody else', () => writeBack(file)],
    ['a backup', () => new Database(file, { readonly: true }).serialize()],
    ['a backup into a file', () => writeBack(file, `vacuum into '${dir.file('copy.db')}'`)],
    ['a smaller file', () => writeBack(file, 'vacuum')],
    ['growth after it', () => insert(40)],
    ['a smaller file, and growth at once', () => [writeBack(file, 'vacuum'), insert(30)][1]],
    ['a smaller file that is not written back yet', () => new Database(file).run('vacuum')],
    ['and then is', () => writeBack(file)],
  ]
  for (const [deed, perform] of deeds) {
    await perform()
    expect([deed, history.movedFile()]).toEqual([deed, null])
  }
  await store.close()
})

test('room is kept beside it, really taken; and is made again when it is gone', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const driver = await openSqlite(file, RETENTION)
  const takenBytes = () => statSync(`${file}-reserve`).blocks * 512
  expect(takenBytes()).toBeGreaterThanOrEqual(1024 * 1024)
  rmSync(`${file}-reserve`)
  expect(await driver.trim(NOW)).toBe(false)
  expect(takenBytes()).toBeGreaterThanOrEqual(1024 * 1024)
  await driver.close()
})

test('errors of the database name its file', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const driver = await openSqlite(file, RETENTION)
  const other = new Database(file)
  other.run('drop table tasks')
  other.close()
  expect((await failureOf(driver.find('x'))).message).toStartWith(`${file}: `)
  await driver.close()
})

test('what a burst added to the log is given back', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const store = await openStore(file)
  const reader = new Database(file)
  reader.run('begin')
  reader.query('select count(*) from tasks').get()
  const payload = JSON.stringify('x'.repeat(900_000))
  for (let n = 0; n < 40; n++) await store.insert(queued({ payload }))
  const logSize = () => statSync(`${file}-wal`).size
  expect(logSize()).toBeGreaterThan(30_000_000)
  reader.run('rollback')
  reader.close()
  for (let n = 0; n < 3; n++) await store.insert(queued({ payload }))
  expect(logSize()).toBeLessThan(22_000_000)
  await store.close()
})

/** What is in the folder: each file with its bytes. But for the index of a log, which says nothing. */
function filesIn(dir: string): [name: string, hash: string][] {
  const names = readdirSync(dir).filter((name) => !name.endsWith('-shm'))
  return names.sort().map((name) => [name, Bun.hash(readFileSync(join(dir, name))).toString()])
}

const WAL = 'pragma journal_mode = wal'

describe('a database of something else', () => {
  const databases: [string, string, string[]][] = [
    ['an application without a version', 'x', ['create table x (a)', 'insert into x values (1)']],
    ['one in WAL mode', 'x', [WAL, 'create table x (a)']],
    ['one with a view only', 'v', ['create view v as select 1']],
    ['one with a version', 'x', ['create table x (a)', 'pragma user_version = 2']],
    ['one with a later version', 'x', ['create table x (a)', 'pragma user_version = 99']],
    ['one with an id', 'none', ['pragma application_id = 7']],
    ['one with a version and no tables', 'none', ['pragma user_version = 1']],
    ['one with tasks, too', 'tasks', ['create table tasks (id, seq)', 'pragma user_version = 1']],
    [
      'one with our tables and an id of its own',
      'heartbeat, task_counts, tasks',
      [MIGRATIONS[0]!.sql, 'pragma user_version = 1', 'pragma application_id = 7'],
    ],
    [
      'one with many tables',
      'a, b, c, d, e, …',
      ['f', 'e', 'd', 'c', 'b', 'a'].map((name) => `create table ${name} (x integer primary key)`),
    ],
  ]

  test.each(databases)('%s: refused, and not a byte is changed', async (_, tables, sql) => {
    using dir = temporaryDir()
    const file = dir.file('theirs.db')
    const db = new Database(file, { create: true })
    for (const each of sql) db.run(each)
    db.close()
    const before = filesIn(dir.path)
    const { message } = await failureOf(openSqlite(file, RETENTION))
    expect(message).toBe(
      `it is a database of something else (tables: ${tables}): name another file in TASK_DB`,
    )
    expect(filesIn(dir.path)).toEqual(before)
  })

  test('with a module that is not here: refused in the same words', async () => {
    using dir = temporaryDir()
    const file = dir.file('theirs.db')
    const db = new Database(file, { create: true })
    db.run('create virtual table tasks using fts5(id, seq)')
    db.run('pragma user_version = 1')
    db.close()
    const bytes = readFileSync(file)
    bytes.write('fts9', bytes.indexOf('fts5('))
    writeFileSync(file, bytes)
    const { message } = await failureOf(openSqlite(file, RETENTION))
    expect(message).toContain('of something else (tables: tasks, tasks_config, ')
  })

  test('in use, or with the log that a crash has left: refused as well', async () => {
    using dir = temporaryDir()
    const theirs = new Database(dir.file('theirs.db'), { create: true })
    theirs.run(WAL)
    theirs.run('create table x (a)')
    for (const end of ['', '-wal']) {
      writeFileSync(dir.file(`left.db${end}`), readFileSync(dir.file(`theirs.db${end}`)))
    }
    const before = filesIn(dir.path)
    for (const name of ['theirs.db', 'left.db']) {
      const { message } = await failureOf(openSqlite(dir.file(name), RETENTION))
      expect(message).toContain('of something else (tables: x)')
    }
    expect(filesIn(dir.path)).toEqual(before)
    theirs.close()
  })
})

describe('a database of ours', () => {
  test('says so in its header, and is known without that, and with tables of others', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    await fill(file, 3)
    const db = new Database(file)
    expect(db.query('pragma application_id').get()).toEqual({ application_id: 0x4f524348 })
    // As earlier builds made it, and a tool for backups uses it.
    db.run('pragma application_id = 0')
    db.run('create table _litestream_seq (id integer primary key, seq integer)')
    db.close()
    const store = await openStore(file)
    expect((await store.list({ limit: 1 }))!.total).toBe(3)
    await store.close()
  })

  test('of which a part is gone is refused in clear words', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    await fill(file, 3)
    const db = new Database(file)
    db.run('drop table task_counts')
    db.close()
    const { message } = await failureOf(openSqlite(file, RETENTION))
    expect(message).toBe(`damaged: not all of schema ${MIGRATIONS.length} is there`)
  })
})

describe('a file that is no good', () => {
  const damages: [string, (file: string) => void][] = [
    ['garbage from the start', (file) => writeFileSync(file, 'x'.repeat(9000))],
    [
      'a damaged header',
      (file) => {
        const bytes = readFileSync(file)
        bytes.write('garbage!', 0)
        writeFileSync(file, bytes)
      },
    ],
    [
      'garbage in the middle',
      (file) => {
        const bytes = readFileSync(file)
        // More than the pages of the journal that are free now: what is in those is no matter.
        bytes.fill(0x5a, bytes.length / 4, (bytes.length * 3) / 4)
        writeFileSync(file, bytes)
      },
    ],
    ['a truncated file', (file) => truncateSync(file, Math.floor(statSync(file).size / 2))],
  ]

  test.each(damages)('%s: refused in clear words, and left untouched', async (_, damage) => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    await fill(file)
    damage(file)
    const before = readFileSync(file)
    const { message } = await failureOf(openSqlite(file, RETENTION))
    expect(message).toMatch(/not a database|malformed|damaged/)
    expect(message).not.toContain('\n    at ')
    expect(Buffer.compare(readFileSync(file), before)).toBe(0)
    // And it isn't locked for good.
    expect((await failureOf(openSqlite(file, RETENTION))).message).toBe(message)
  })

  test('a newer schema is refused, and left untouched', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    await fill(file, 3)
    const db = new Database(file)
    db.run('pragma user_version = 99')
    db.run('pragma wal_checkpoint(truncate)')
    db.close()
    const before = readFileSync(file)
    const { message } = await failureOf(openSqlite(file, RETENTION))
    expect(message).toBe(
      'written by a newer version of the service: it has schema 99, and this version knows ' +
        `schemas up to ${MIGRATIONS.length}`,
    )
    expect(Buffer.compare(readFileSync(file), before)).toBe(0)
  })

  test('a file in use is refused until it is let go', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    const first = await openStore(file)
    const { message } = await failureOf(openSqlite(file, RETENTION))
    expect(message).toBe('in use by another orchestrator')
    await first.insert(queued())
    await first.close()
    const second = await openStore(file)
    expect((await second.list({ limit: 1 }))!.total).toBe(1)
    await second.close()
  })

  test('a thread that has failed is said so, and nobody waits for it', async () => {
    using dir = temporaryDir()
    const store = storeOver(await openSqlite(dir.file('tasks.db'), RETENTION))
    await store.insert(queued())
    // As a bug in the thread would: an error that nothing catches.
    const { postMessage } = Worker.prototype
    Worker.prototype.postMessage = function (this: Worker) {
      postMessage.call(this, 'not JSON')
    } as typeof postMessage
    try {
      const { message } = await failureOf(store.find('x'))
      expect(message).toContain('the thread of the database has failed')
    } finally {
      Worker.prototype.postMessage = postMessage
    }
    expect((await failureOf(store.find('x'))).message).toContain('has failed')
    await store.close()
    // And the file is not locked for good.
    await (await openStore(dir.file('tasks.db'))).close()
  })

  test('a directory is refused', async () => {
    using dir = temporaryDir()
    expect((await failureOf(openSqlite(dir.path, RETENTION))).message).not.toBeEmpty()
  })
})
