import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  statSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { backup } from '../../src/commands/backup.ts'
import { bytesText } from '../../src/commands/terminal/bytes-text.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { packed, secretsOf } from '../../src/store/sqlite/lines.ts'
import { LATEST_VERSION, upgradeSchema } from '../../src/store/sqlite/migrate.ts'
import type { Write } from '../../src/store/driver.ts'
import { scriptedIo } from '../support/command-io.ts'
import { RETENTION } from '../support/store.ts'
import { taskOf } from '../support/task-states.ts'
import { NOW, queued } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

const open = (file: string) => new SqliteHistory(Connection.open(file), RETENTION)

function write(history: SqliteHistory, ...writes: Write[]): void {
  expect(history.commit(packed(writes), NOW, secretsOf(writes))).toEqual([])
}

/** A database that a service has open: a task in its tables, two in its journal. */
function openDatabase() {
  const dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = open(file)
  const tasks = [taskOf('success'), queued({ secretHeaders: { cookie: 'c' } }), queued()] as const
  write(history, ['insert', tasks[0]])
  history.catchUp(NOW)
  write(history, ['insert', tasks[1]], ['insert', tasks[2]])
  write(history, ['update', { ...tasks[2], targetUrl: 'http://new/' }])
  return {
    ...{ dir, file, tasks, history },
    [Symbol.dispose]() {
      history.close()
      dir[Symbol.dispose]()
    },
  }
}

test('a copy has all that is committed: tables, journal, secret headers', async () => {
  using source = openDatabase()
  const { dir, file, tasks } = source
  const io = scriptedIo({ TASK_DB: file })
  const copy = dir.file('copy.db')
  expect(await backup([copy], io)).toBe(0)
  expect(io.err).toBe('')
  const size = bytesText(statSync(copy).size)
  expect(io.out).toBe(`${copy}: 3 tasks, ${size}, checked\n`)
  expect(statSync(copy).mode & 0o777).toBe(0o600)
  const left = readdirSync(dir.path).filter((name) => !name.startsWith('tasks.db'))
  expect(left).toEqual(['copy.db'])
  const restored = open(copy)
  expect(restored.find(tasks[0].id)).toEqual(tasks[0])
  expect(restored.find(tasks[1].id)).toEqual(tasks[1])
  expect(restored.find(tasks[2].id)?.targetUrl).toBe('http://new/')
  restored.close()
})

test('one of a version without a journal is copied, too', async () => {
  using dir = temporaryDir()
  const file = dir.file('old.db')
  const db = new Database(file, { create: true })
  upgradeSchema(db, 2)
  db.close()
  const io = scriptedIo({ TASK_DB: file })
  expect(await backup([dir.file('copy.db')], io)).toBe(0)
  expect(io.out).toContain(': 0 tasks, ')
})

describe('which database', () => {
  test.each<[string, Record<string, string>, Record<string, string> | null]>([
    ['of the environment', { TASK_DB: 'tasks.db' }, { TASK_DB: 'other.db' }],
    ['of the unit', {}, { TASK_DB: 'tasks.db' }],
  ])('%s', async (_, env, unit) => {
    using source = openDatabase()
    const io = { ...scriptedIo(env, unit), cwd: source.dir.path }
    expect(await backup(['copy.db'], io)).toBe(0)
    expect(readdirSync(source.dir.path)).toContain('copy.db')
  })

  test('a unit whose settings cannot be read', async () => {
    const io = scriptedIo({ STATE_DIRECTORY: '/nowhere' }, null)
    expect(await backup(['/tmp/never.db'], io)).toBe(1)
    expect(io.err).toStartWith('/etc/fpai/orchestrator.env cannot be read: which TASK_DB?\n')
  })
})

/** The one line on stderr; nothing is left in the folder that was not there. */
async function refusal(
  dir: { path: string },
  env: Record<string, string>,
  file: string,
): Promise<string> {
  const before = readdirSync(dir.path).sort()
  const io = scriptedIo(env)
  expect(await backup([file], io)).toBe(1)
  expect(io.out).toBe('')
  expect(io.err.trimEnd().split('\n')).toHaveLength(1)
  expect(readdirSync(dir.path).sort()).toEqual(before)
  return io.err.trimEnd()
}

describe('refused, with nothing left behind', () => {
  test('a FILE that is there, whatever it is', async () => {
    using source = openDatabase()
    const { dir, file: TASK_DB } = source
    const taken = dir.file('taken')
    writeFileSync(taken, 'mine')
    symlinkSync(dir.file('nowhere'), dir.file('link'))
    mkdirSync(dir.file('folder'))
    for (const name of ['taken', 'link', 'folder', 'tasks.db']) {
      const line = await refusal(dir, { TASK_DB }, dir.file(name))
      expect(line).toBe(`${dir.file(name)} is there already, and is never overwritten`)
    }
    expect(readFileSync(taken, 'utf8')).toBe('mine')
  })

  test('a directory that is not there, or is none', async () => {
    using source = openDatabase()
    const { dir, file: TASK_DB } = source
    writeFileSync(dir.file('plain'), '')
    for (const name of ['gone', 'plain', 'plain/deeper']) {
      expect(await refusal(dir, { TASK_DB }, dir.file(`${name}/copy.db`))).toBe(
        `${dir.file(name)}/copy.db cannot be written: there is no directory ${dir.file(name)}`,
      )
    }
  })

  test.skipIf(process.getuid?.() === 0)(
    'a directory without permission (not for root)',
    async () => {
      using source = openDatabase()
      const { dir, file: TASK_DB } = source
      mkdirSync(dir.file('closed'), { mode: 0o500 })
      const line = await refusal(dir, { TASK_DB }, dir.file('closed/copy.db'))
      expect(line).toContain('closed/copy.db cannot be written: EACCES')
      chmodSync(dir.file('closed'), 0o700)
    },
  )

  test('no database, an empty one, one in memory, no path', async () => {
    using dir = temporaryDir()
    writeFileSync(dir.file('empty'), '')
    const copy = dir.file('copy.db')
    for (const name of ['gone', 'empty']) {
      const line = await refusal(dir, { TASK_DB: dir.file(name) }, copy)
      expect(line).toStartWith(`There is no database ${dir.file(name)} that can be read`)
    }
    expect(await refusal(dir, { TASK_DB: ':memory:' }, copy)).toStartWith('TASK_DB=:memory: keeps')
    expect(await refusal(dir, { TASK_DB: 'postgres://h' }, copy)).toStartWith('Which database?')
  })

  test('a Postgres, with the command that copies one, and without its password', async () => {
    using dir = temporaryDir()
    const TASK_DB = 'postgres://orc:pass-word@db.example/tasks'
    const line = await refusal(dir, { TASK_DB }, dir.file('copy.db'))
    expect(line).toStartWith('TASK_DB=postgres://orc:***@db.example/tasks is a Postgres')
    expect(line).toContain('pg_dump --format=custom --file=FILE "$TASK_DB"')
  })

  test('what is not ours, is newer, is damaged', async () => {
    using source = openDatabase()
    const { dir, file: TASK_DB } = source
    const copy = dir.file('copy.db')
    writeFileSync(dir.file('text'), 'no database\n'.repeat(100))
    const foreign = new Database(dir.file('foreign'), { create: true })
    foreign.run('create table x (a)')
    foreign.close()
    expect(await refusal(dir, { TASK_DB: dir.file('text') }, copy)).toContain('not a database')
    expect(await refusal(dir, { TASK_DB: dir.file('foreign') }, copy)).toContain('something else')
    using other = new Database(TASK_DB)
    other.run(`pragma user_version = ${LATEST_VERSION + 1}`)
    expect(await refusal(dir, { TASK_DB }, copy)).toContain(`has schema ${LATEST_VERSION + 1}`)
    other.run(`pragma user_version = ${LATEST_VERSION}`)
  })

  test('a database that has lost its end', async () => {
    using dir = temporaryDir()
    const file = dir.file('cut.db')
    const history = open(file)
    for (let n = 0; n < 300; n++)
      write(history, ['insert', queued({ payload: `"${'x'.repeat(500)}"` })])
    history.catchUp(NOW)
    history.close()
    truncateSync(file, Math.floor(statSync(file).size / 8192) * 4096)
    const line = await refusal(dir, { TASK_DB: file }, dir.file('copy.db'))
    expect(line).toStartWith(`The database ${file} cannot be copied into ${dir.file('copy.db')}: `)
  })
})

test('what ends it while it copies is told, and nothing is left', async () => {
  using source = openDatabase()
  const { dir, file: TASK_DB } = source
  // As a signal that came meanwhile is: once SQLite gives the thread back.
  const onStopSignal = (callback: (name: string) => void) => void setImmediate(callback, 'SIGINT')
  const io = { ...scriptedIo({ TASK_DB }), onStopSignal }
  const err: string[] = []
  expect(
    await backup([dir.file('copy.db')], { ...io, stderr: (text) => void err.push(text) }),
  ).toBe(1)
  expect(err).toEqual(['ended by SIGINT\n'])
  expect(readdirSync(dir.path).filter((name) => name.startsWith('copy'))).toEqual([])
})
