/** That SQLite's files hold no secret header longer than they must. */
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { copyFileSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { cancel, interrupt } from '../../src/delivery/lifecycle.ts'
import type { Write } from '../../src/store/driver.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { packed, secretsOf } from '../../src/store/sqlite/lines.ts'
import { upgradeSchema } from '../../src/store/sqlite/migrate.ts'
import type { Task } from '../../src/task.ts'
import { allowRealTime } from '../support/eventually.ts'
import { RETENTION } from '../support/store.ts'
import { after } from '../support/task-states.ts'
import { NOW, queued, running } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

function openHistory(file: string): SqliteHistory {
  return new SqliteHistory(new Connection(file), RETENTION)
}

function commit(history: SqliteHistory, ...writes: Write[]) {
  return history.commit(packed(writes), NOW, secretsOf(writes))
}

/** How often each file of the folder has the text. */
function occurrences(folder: string, text: string): Record<string, number> {
  const counts = readdirSync(folder).map((name) => {
    const content = readFileSync(join(folder, name), 'latin1')
    return [name, content.split(text).length - 1] as const
  })
  return Object.fromEntries(counts.filter(([, count]) => count > 0))
}

const withSecret = (value: string) => queued({ secretHeaders: { authorization: value } })

test('while the task is unfinished they are in their table alone; then in no file', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = openHistory(file)
  const task = withSecret('PLANTED')
  commit(history, ['insert', task])
  expect(occurrences(dir.path, 'PLANTED')).toEqual({ 'tasks.db-wal': 1 })
  using db = new Database(file, { readonly: true })
  const rows = db.query('select * from secrets').all()
  expect(rows).toEqual([
    { task_id: task.id, padding: expect.anything(), headers: '{"authorization":"PLANTED"}' },
  ])
  history.catchUp(NOW)
  history.trim(NOW)
  expect(occurrences(dir.path, 'PLANTED')).toEqual({ 'tasks.db': 1 })
  for (const table of ['tasks', 'journal']) {
    expect(JSON.stringify(db.query(`select * from ${table}`).all())).not.toContain('PLANTED')
  }
  commit(history, ['update', cancel(task, after(1))])
  history.trim(NOW)
  expect(occurrences(dir.path, 'PLANTED')).toEqual({})
  expect(db.query('select * from secrets').all()).toEqual([])
  history.close()
})

test('of many, short and long, in any order, exactly those of the unfinished are in the file', () => {
  using dir = temporaryDir()
  const history = openHistory(dir.file('tasks.db'))
  let open: Task[] = []
  // Numbers that are as good as random, and the same each time.
  let seed = 1
  const random = () => (seed = (seed * 48_271) % 2_147_483_647) / 2_147_483_647
  for (let round = 0; round < 300; round++) {
    const begun = Array.from({ length: 6 }, () => {
      const length = random() < 0.1 ? random() * 9000 : 200 + random() * 700
      return withSecret(`PLANTED${'x'.repeat(length)}`)
    })
    open.push(...begun)
    const ended = open.filter(() => open.length > 60 + random() * 240 && random() < 0.3)
    open = open.filter((task) => !ended.includes(task))
    commit(
      history,
      ...begun.map((task): Write => ['insert', task]),
      ...ended.map((task): Write => ['update', cancel(task, after(1))]),
    )
    if (round % 7 === 0) history.catchUp(NOW)
    if (round % 5 > 0) continue
    history.trim(NOW)
    expect(occurrences(dir.path, 'PLANTED')).toEqual({ 'tasks.db': open.length })
  }
  expect(open.length).toBeGreaterThan(20)
  for (const { id, secretHeaders } of open) {
    expect(history.find(id)?.secretHeaders).toEqual(secretHeaders)
  }
  history.close()
})

test('a crash leaves nothing that the next start does not delete', () => {
  using dir = temporaryDir()
  using copies = temporaryDir()
  const history = openHistory(dir.file('tasks.db'))
  const task = withSecret('PLANTED')
  commit(history, ['insert', task])
  commit(history, ['update', cancel(task, after(1))])
  for (const end of ['', '-wal']) {
    copyFileSync(dir.file(`tasks.db${end}`), copies.file(`tasks.db${end}`))
  }
  expect(occurrences(copies.path, 'PLANTED')).toEqual({ 'tasks.db-wal': 1 })
  const next = openHistory(copies.file('tasks.db'))
  next.trim(NOW)
  expect(occurrences(copies.path, 'PLANTED')).toEqual({})
  next.close()
  history.close()
})

test('somebody who reads from the log delays it until he has ended', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = openHistory(file)
  const task = withSecret('PLANTED')
  commit(history, ['insert', task])
  const reader = new Database(file, { readonly: true })
  reader.run('begin')
  reader.query('select * from secrets').all()
  commit(history, ['update', cancel(task, after(1))])
  history.trim(NOW)
  expect(occurrences(dir.path, 'PLANTED')).not.toEqual({})
  reader.run('commit')
  reader.close()
  history.trim(NOW)
  expect(occurrences(dir.path, 'PLANTED')).toEqual({})
  history.close()
})

test('what is there without a task is deleted', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const first = openHistory(file)
  const tasks = [withSecret('KEPT'), withSecret('PLANTED'), withSecret('PLANTED')]
  commit(first, ...tasks.map((task): Write => ['insert', task]))
  first.close()
  const db = new Database(file)
  db.run('delete from tasks where id = ?', [tasks[1]!.id])
  db.run("update tasks set status = 'error', completed_at = 1767225600000 where id = ?", [
    tasks[2]!.id,
  ])
  db.close()
  const second = openHistory(file)
  second.trim(NOW)
  expect(occurrences(dir.path, 'PLANTED')).toEqual({})
  expect(occurrences(dir.path, 'KEPT')).toEqual({ 'tasks.db': 1 })
  expect(second.find(tasks[0]!.id)).toEqual(tasks[0]!)
  second.close()
})

/** As version 3 wrote it: all headers in the table, and in the journal. */
function writeFormer(file: string): void {
  const db = new Database(file, { create: true })
  db.run('pragma journal_mode = wal')
  upgradeSchema(db, 3)
  const insert = db.query(`insert into tasks (id, mode, status, droplet_name, droplet_key, method,
    path, headers, timeout_ms, max_retries, delay_ms, request_id, target_url, created_at, attempts,
    retry_count, completed_at) values (?, ?, ?, 'Echo', 'echo', 'GET', '/', ?, 1, 0, 0, 'r', 'u', 1,
    '[]', 0, ?)`)
  const headers = (value: string) =>
    JSON.stringify({ 'x-a': 'authorization', Authorization: value, cookie: value, __proto__x: '1' })
  // Of more than one page, with some that were deleted.
  for (let n = 0; n < 2500; n++) insert.run(`old-${n}`, 'sync', 'success', headers('PLANTED'), NOW)
  db.run('delete from tasks where seq % 7 = 0')
  insert.run('waits', 'async', 'queued', headers('KEPT'), null)
  insert.run('orphan', 'sync', 'running', headers('PLANTED'), null)
  insert.run('ends', 'async', 'running', headers('PLANTED'), null)
  const asked = (mode: string, value: string) => [
    ...[null, null, { 'x-a': 'b', authorization: value }, 1, null, 0, null, mode, 0, 'r', 1],
  ]
  const state = (status: string, at: number | null, error: string | null = null) => [
    ...[status, 'u', null, [], 0, at, null, null, null, error],
  ]
  const fixed = ['Echo', 'echo', 'GET', '/', null, null]
  const lines = [
    ['insert', 'new', fixed, asked('async', 'KEPT'), state('queued', null)],
    ['insert', 'short', fixed, asked('async', 'PLANTED'), state('queued', null)],
    ['insert', 'asks', fixed, asked('sync', 'PLANTED'), state('running', null)],
    ['update', 'short', state('cancelled', NOW)],
    ['update', 'ends', state('error', NOW, 'interrupted by a restart')],
    ['resume', 'ends', asked('async', 'KEPT'), state('queued', null)],
  ]
  db.run('insert into journal (format, lines) values (1, ?)', [JSON.stringify(lines)])
  // The log stays beside it, as after a crash.
  for (const end of ['', '-wal']) copyFileSync(file + end, `${file}.copy${end}`)
  db.close()
}

test('a database of an earlier version is rid of them, but for those that are still needed', () => {
  using dir = temporaryDir()
  using copies = temporaryDir()
  writeFormer(dir.file('tasks.db'))
  const file = copies.file('tasks.db')
  for (const end of ['', '-wal']) copyFileSync(`${dir.file('tasks.db')}.copy${end}`, file + end)
  const history = openHistory(file)
  history.trim(NOW)
  expect(occurrences(copies.path, 'PLANTED')).toEqual({})
  const found = ['old-1', 'waits', 'orphan', 'ends', 'new', 'short', 'asks'].map((id) => {
    const { headers, secretHeaders, hops, status } = history.find(id)!
    expect(hops).toBe(0)
    return [id, status, headers, secretHeaders]
  })
  const shown = { 'x-a': 'authorization', __proto__x: '1' }
  const [two, one] = [{ authorization: null, cookie: null }, { authorization: null }]
  expect(found).toEqual([
    ['old-1', 'success', shown, two],
    ['waits', 'queued', shown, { authorization: 'KEPT', cookie: 'KEPT' }],
    ['orphan', 'running', shown, two],
    ['ends', 'queued', { 'x-a': 'b' }, { authorization: 'KEPT' }],
    ['new', 'queued', { 'x-a': 'b' }, { authorization: 'KEPT' }],
    ['short', 'cancelled', { 'x-a': 'b' }, one],
    ['asks', 'running', { 'x-a': 'b' }, one],
  ])
  expect(
    history
      .claim(9)
      .map(({ id }) => id)
      .toSorted(),
  ).toEqual(['asks', 'ends', 'new', 'orphan', 'waits'])
  history.close()
})

test('an upgrade that a crash or a full disk cut short is made up for at the next start', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  writeFormer(file)
  const db = new Database(file)
  // While a statement is under way, the file can't be written anew.
  const rows = db.query('select seq from tasks').iterate()
  rows.next()
  upgradeSchema(db)
  rows.return!()
  expect(occurrences(dir.path, 'PLANTED')['tasks.db']).toBeGreaterThan(0)
  db.close()
  const history = openHistory(file)
  history.trim(NOW)
  expect(occurrences(dir.path, 'PLANTED')['tasks.db']).toBeUndefined()
  expect(history.find('waits')?.secretHeaders).toEqual({ authorization: 'KEPT', cookie: 'KEPT' })
  history.close()
  using again = new Database(file, { readonly: true })
  expect(again.query("select 1 from sqlite_schema where name = 'rewrite_due'").get()).toBeNull()
})

test('a task that runs again synchronously stores none', () => {
  using dir = temporaryDir()
  const history = openHistory(dir.file('tasks.db'))
  const orphan = interrupt(running({ mode: 'sync' }), after(1))
  commit(history, ['insert', orphan])
  const again = { ...running({ mode: 'sync' }), id: orphan.id }
  commit(history, ['resume', { ...again, secretHeaders: { cookie: 'PLANTED' } }])
  expect(occurrences(dir.path, 'PLANTED')).toEqual({})
  expect(history.find(orphan.id)?.secretHeaders).toEqual({ cookie: null })
  history.close()
})
