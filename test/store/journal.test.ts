/** What is committed and not in the tables yet: it is not lost, and nobody notices it. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readFileSync, writeFileSync } from 'node:fs'
import { begin, conclude, interrupt, resume } from '../../src/delivery/lifecycle.ts'
import type { Write } from '../../src/store/driver.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { packed, secretsOf } from '../../src/store/sqlite/lines.ts'
import { upgradeSchema } from '../../src/store/sqlite/migrate.ts'
import { PARTS } from '../../src/store/sqlite/rows.ts'
import { isFinished, type Task } from '../../src/task.ts'
import { allowRealTime } from '../support/eventually.ts'
import { RETENTION } from '../support/store.ts'
import { taskOf } from '../support/task-states.ts'
import { newTask, NOW, queued, running } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

function openHistory(file: string, retention = RETENTION): SqliteHistory {
  return new SqliteHistory(new Connection(file), retention)
}

function commit(history: SqliteHistory, ...writes: Write[]) {
  return history.commit(packed(writes), NOW, secretsOf(writes))
}

/** As a crash would leave the files: copied while they are open. */
function copyOf(file: string, copy: string): string {
  for (const end of ['', '-wal']) writeFileSync(copy + end, readFileSync(file + end))
  return copy
}

/** How many rows there are. */
function rowsIn(file: string) {
  using db = new Database(file, { readonly: true })
  const count = (table: string) =>
    db.query<{ rows: number }, []>(`select count(*) as rows from ${table}`).get()!.rows
  return { journal: count('journal'), tasks: count('tasks') }
}

test('a commit is one row of the journal; later, a task is one row of the tables', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = openHistory(file)
  const tasks = [running(), running(), running()]
  commit(history, ...tasks.map((task): Write => ['insert', task]))
  commit(history, ...tasks.map((task): Write => ['update', ended(task)]))
  expect(rowsIn(file)).toEqual({ journal: 2, tasks: 0 })
  expect(history.find(tasks[0]!.id)).toEqual(ended(tasks[0]!))
  history.catchUp(NOW)
  expect(rowsIn(file)).toEqual({ journal: 0, tasks: 3 })
  expect(history.find(tasks[0]!.id)).toEqual(ended(tasks[0]!))
  history.close()
})

test.each([
  ['list', (history: SqliteHistory) => void history.list({ limit: 1 })],
  ['trim', (history: SqliteHistory) => void history.trim(NOW)],
  ['close', (history: SqliteHistory) => history.close()],
])('a %s applies the journal', (_, deed) => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = openHistory(file)
  commit(history, ['insert', queued()])
  deed(history)
  expect(rowsIn(file)).toEqual({ journal: 0, tasks: 1 })
})

test('large payloads are not written twice', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = openHistory(file)
  const [small, large] = [queued(), queued({ payload: JSON.stringify('x'.repeat(200_000)) })]
  commit(history, ['insert', small])
  commit(history, ['insert', large])
  expect(rowsIn(file)).toEqual({ journal: 0, tasks: 2 })
  expect(history.find(large.id)).toEqual(large)
  expect(history.list({ limit: 2 })!.tasks.map(({ task }) => task.id)).toEqual([large.id, small.id])
  history.close()
})

test('the journal does not grow without end, even if nobody has it applied', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = openHistory(file)
  for (let group = 0; group < 41; group++) {
    commit(history, ...Array.from({ length: 100 }, (): Write => ['insert', queued()]))
  }
  expect(rowsIn(file)).toEqual({ journal: 0, tasks: 4100 })
  const payload = JSON.stringify('x'.repeat(120_000))
  for (let group = 0; group < 72; group++) commit(history, ['insert', queued({ payload })])
  expect(rowsIn(file).tasks).toBeGreaterThan(4150)
  history.close()
})

test.each([
  ['a fraction', { createdAt: NOW + 0.5 }, 'created_at is 1767225600000.5, not whole'],
  ['nothing where something must be', { createdAt: NaN }, 'created_at is null'],
  ['no path', { path: null }, 'path is null'],
])('%s is refused alone, before anybody relies on it', (_, value, error) => {
  const history = openHistory(':memory:')
  const [good, bad] = [queued(), { ...queued(), ...value } as unknown as Task]
  expect(commit(history, ['insert', bad], ['insert', good])).toEqual([
    { index: 0, reason: { error } },
  ])
  history.catchUp(NOW)
  expect(history.find(bad.id)).toBeNull()
  expect(history.find(good.id)).toEqual(good)
})

test('a refused write leaves no trace among those that are written', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const history = openHistory(file)
  const [first, second] = [running({ idempotencyKey: 'k' }), running({ idempotencyKey: 'k' })]
  const last = running()
  const refused = commit(
    history,
    ['insert', first],
    ['insert', second],
    ['update', ended(second)],
    ['insert', last],
    ['update', ended(last)],
  )
  expect(refused).toEqual([
    { index: 1, reason: 'key taken' },
    { index: 2, reason: 'not owned' },
  ])
  const after = openHistory(copyOf(file, dir.file('copy.db')))
  for (const each of [history, after]) {
    expect(each.list({ limit: 9 })!.total).toBe(2)
    expect(each.findByKey('k')).toEqual(first)
    expect(each.find(last.id)).toEqual(ended(last))
    each.close()
  }
})

test('what a trigger of somebody else rejects is told once, and holds up nothing', () => {
  const connection = new Connection(':memory:')
  connection.run(`create temp trigger no before insert on tasks when new.path = '/no'
    begin select raise(abort, 'not this one'); end`)
  const history = new SqliteHistory(connection, RETENTION)
  const [good, bad] = [queued(), queued({ path: '/no' })]
  commit(history, ['insert', bad], ['insert', good])
  expect(history.catchUp(NOW)).toEqual([`task ${bad.id}: SQLITE_CONSTRAINT_TRIGGER: not this one`])
  expect(history.catchUp(NOW)).toEqual([])
  expect(history.list({ limit: 9 })!.tasks.map(({ task }) => task.id)).toEqual([good.id])
})

test('a row that somebody deletes while its end waits is not counted', () => {
  const connection = new Connection(':memory:')
  const history = new SqliteHistory(connection, RETENTION)
  const task = running()
  commit(history, ['insert', task])
  history.catchUp(NOW)
  commit(history, ['update', ended(task)])
  connection.run('delete from tasks')
  history.catchUp(NOW)
  expect(history.list({ limit: 9 })).toEqual({ tasks: [], total: 0, next: null })
})

/** A database with room for small transactions only, when it is told so. */
class NarrowConnection extends Connection {
  maxStatements = Infinity
  isTight = false
  #statements = 0

  override isDiskTight(): boolean {
    return this.isTight
  }

  override transaction<T>(work: () => T): T {
    this.#statements = 0
    return super.transaction(work)
  }

  override run(sql: string, ...values: Parameters<Connection['run']>[1][]) {
    if (/^(insert|update)/.test(sql) && this.#statements++ >= this.maxStatements) {
      throw Object.assign(new Error('database or disk is full'), { code: 'SQLITE_FULL' })
    }
    return super.run(sql, ...values)
  }
}

test('where it has no room to be applied, nothing more goes into it, and nothing is lost', () => {
  const connection = new NarrowConnection(':memory:')
  const history = new SqliteHistory(connection, { maxFinished: 3, ttlMs: 3_600_000 })
  const old = [taskOf('success'), taskOf('success'), taskOf('success')]
  commit(history, ...old.map((task): Write => ['insert', task]))
  history.catchUp(NOW)
  connection.maxStatements = 4
  const tasks = [running(), running(), running(), running(), running()]
  commit(history, ...tasks.map((task): Write => ['insert', task]))
  for (const task of tasks) expect(commit(history, ['update', ended(task)])).toEqual([])
  expect(() => history.catchUp(NOW)).toThrow('full')
  expect(() => commit(history)).toThrow('full')
  expect(() => commit(history, ['insert', queued()])).toThrow('full')
  expect(history.list({ limit: 9 })!.total).toBe(3)
  for (const task of tasks) expect(history.find(task.id)).toEqual(ended(task))
  // Trimming needs no journal, and makes room.
  expect(history.trim(NOW + 4_000_000)).toBe(true)
  expect(history.list({ limit: 9 })!.total).toBe(0)
  connection.maxStatements = Infinity
  commit(history)
  expect(history.list({ limit: 9 })!.total).toBe(3)
})

test('on a disk with little left, each commit goes to the tables by itself', () => {
  const connection = new NarrowConnection(':memory:')
  const history = new SqliteHistory(connection, RETENTION)
  const tasks = [running(), running(), running()]
  for (const task of tasks) commit(history, ['insert', task])
  for (const task of tasks) commit(history, ['update', ended(task)])
  // Not even the journal fits, at once.
  connection.maxStatements = 3
  connection.isTight = true
  const last = running()
  commit(history, ['insert', last])
  const { rows } = connection.one('select count(*) as rows from journal')
  expect(rows).toBe(0)
  commit(history, ['update', ended(last)])
  for (const task of [...tasks, last]) expect(history.find(task.id)).toEqual(ended(task))
  expect(history.list({ limit: 9 })!.total).toBe(4)
})

test('what was applied before the disk was full is not applied once more', () => {
  const connection = new NarrowConnection(':memory:')
  const history = new SqliteHistory(connection, RETENTION)
  const tasks = [running(), running(), running()]
  commit(history, ['insert', tasks[0]!])
  commit(history, ['insert', tasks[1]!], ['insert', tasks[2]!])
  commit(history, ['update', ended(tasks[0]!)])
  connection.maxStatements = 1
  connection.isTight = true
  expect(() => history.catchUp(NOW)).toThrow('full')
  expect(connection.one('select count(*) as rows from tasks').rows).toBe(1)
  expect(history.find(tasks[0]!.id)).toEqual(ended(tasks[0]!))
  connection.maxStatements = Infinity
  history.catchUp(NOW)
  expect(history.list({ limit: 9 })!.total).toBe(3)
  expect(history.find(tasks[0]!.id)).toEqual(ended(tasks[0]!))
})

describe('after a crash', () => {
  test('what was in the journal is there, and unfinished tasks are claimed in their order', () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    const history = openHistory(file)
    const [early, late, over] = [queued(), queued(), running()]
    commit(history, ['insert', early])
    history.catchUp(NOW)
    commit(history, ['insert', over], ['insert', late])
    commit(history, ['update', ended(over)], ['update', { ...early, targetUrl: 'http://new/' }])
    const after = openHistory(copyOf(file, dir.file('copy.db')))
    expect(after.claim(9).map(({ id }) => id)).toEqual([early.id, late.id])
    expect(after.find(early.id)?.targetUrl).toBe('http://new/')
    expect(after.find(over.id)).toEqual(ended(over))
    expect(after.list({ limit: 9 })!.total).toBe(3)
    for (const each of [history, after]) each.close()
  })

  test('and with a lock on the file: claimed and found from the journal alone', () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    const history = openHistory(file)
    const [waiting, changed, over] = [queued(), running({ idempotencyKey: 'key' }), running()]
    commit(history, ['insert', changed], ['insert', over])
    history.catchUp(NOW)
    commit(history, ['insert', waiting], ['update', ended(over)])
    commit(history, ['update', { ...changed, targetUrl: 'http://new/' }])
    const copy = copyOf(file, dir.file('copy.db'))
    const connection = new Connection(copy)
    using other = new Database(copy)
    other.run('begin immediate')
    const after = new SqliteHistory(connection, RETENTION)
    expect(after.claim(9).map(({ id }) => id)).toEqual([changed.id, waiting.id])
    expect(after.findByKey('key')?.targetUrl).toBe('http://new/')
    expect(() => after.catchUp(NOW)).toThrow('locked')
    other.run('rollback')
    after.catchUp(NOW)
    expect(after.findByKey('key')?.targetUrl).toBe('http://new/')
    expect(rowsIn(copy)).toEqual({ journal: 0, tasks: 3 })
    for (const each of [history, after]) each.close()
  })
})

test('a journal of the first format is brought to this one, and one of another is not touched', () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const db = new Database(file, { create: true })
  upgradeSchema(db, 3)
  // As it was first released. It must never change: a crash may have left it.
  const lines = [
    [
      ...['insert', 'a-task'],
      ['Echo', 'echo', 'POST', '/x', 'key', null],
      [
        '{"n":1}',
        null,
        { 'x-a': 'b', cookie: 'c' },
        30000,
        null,
        3,
        null,
        'async',
        0,
        'request-1',
        NOW,
      ],
      ['queued', 'http://echo.example/x', NOW, [], 0, null, null, null, null, null],
    ],
    ['update', 'a-task', ['cancelled', 'http://e/x', null, [], 0, NOW, 5, null, null, 'cancelled']],
  ]
  db.run('insert into journal (format, lines) values (1, ?)', [JSON.stringify(lines)])
  db.close()
  const history = openHistory(file)
  expect(history.findByKey('key')).toMatchObject({
    ...{ id: 'a-task', dropletName: 'Echo', payload: '{"n":1}', headers: { 'x-a': 'b' } },
    ...{ secretHeaders: { cookie: null }, hops: 0, trace: null },
    ...{ status: 'cancelled', requestId: 'request-1', createdAt: NOW, durationMs: 5 },
  })
  expect(history.list({ limit: 1 })!.total).toBe(1)
  history.close()
  const other = new Database(file)
  other.run("insert into journal (format, lines) values (4, '[]'), (3, 'garbage')")
  expect(() => openHistory(file)).toThrow('damaged: a journal of format 4')
  other.run('delete from journal where format = 4')
  expect(() => openHistory(file)).toThrow('damaged: the journal cannot be read')
  expect(rowsIn(file).journal).toBe(1)
  other.close()
})

test('each part has as many values as columns', () => {
  for (const { columns, valuesOf } of Object.values(PARTS)) {
    expect(valuesOf(queued())).toHaveLength(columns.length)
  }
})

/** What may happen, by chance. The numbers choose a task. */
const step = fc.oneof(
  fc.record({ kind: fc.constantFrom('insert', 'keyed' as const) }),
  fc.record({
    kind: fc.constantFrom('start', 'end', 'interrupt', 'resume' as const),
    at: fc.nat(),
  }),
  fc.record({ kind: fc.constantFrom('catch up', 'crash', 'trim', 'list' as const) }),
)

test('whenever it is applied, and whatever crashes, all is as if it were applied at once', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
      using dir = temporaryDir()
      const retention = { maxFinished: 6, ttlMs: 3_600_000 }
      let file = dir.file('0.db')
      let lazy = openHistory(file, retention)
      let eager = openHistory(dir.file('eager.db'), retention)
      const tasks: Task[] = []
      const write = (kind: Write[0], task: Task) => {
        const reasons = [lazy, eager].map((each) => commit(each, [kind, task]))
        expect(reasons[0]!.map(kindOf)).toEqual(reasons[1]!.map(kindOf))
        eager.catchUp(NOW)
        if (reasons[0]!.length > 0) return
        const place = tasks.findIndex(({ id }) => id === task.id)
        tasks[place < 0 ? tasks.length : place] = task
      }
      for (const [index, each] of steps.entries()) {
        const task = 'at' in each ? tasks[each.at % tasks.length] : undefined
        if (each.kind === 'insert') write('insert', queued())
        else if (each.kind === 'keyed') write('insert', queued({ idempotencyKey: `k${index % 3}` }))
        else if (each.kind === 'catch up') lazy.catchUp(NOW)
        else if (each.kind === 'trim') void [lazy.trim(NOW), eager.trim(NOW)]
        else if (each.kind === 'list')
          expect(lazy.list({ limit: 9 })).toEqual(eager.list({ limit: 9 }))
        else if (each.kind === 'crash') {
          const next = copyOf(file, dir.file(`${index + 1}.db`))
          lazy.close()
          lazy = openHistory((file = next), retention)
        } else if (task) writeNext(each.kind, task, write)
      }
      // What is over the limits goes once it is in the tables.
      for (const each of [lazy, eager]) each.trim(NOW)
      for (const { id } of tasks) expect(lazy.find(id)).toEqual(eager.find(id))
      expect(lazy.list({ limit: 100 })).toEqual(eager.list({ limit: 100 }))
      for (const each of [lazy, eager]) each.close()
      lazy = openHistory(file, retention)
      eager = openHistory(dir.file('eager.db'), retention)
      expect(lazy.claim(100)).toEqual(eager.claim(100))
      for (const each of [lazy, eager]) each.close()
    }),
    { numRuns: 60 },
  )
})

const kindOf = ({ reason }: { reason: unknown }) => (typeof reason === 'string' ? reason : 'error')
const moment = { now: NOW, elapsedMs: 3 }

function ended(task: Task): Task {
  return conclude(task, { kind: 'answered', status: 200, body: '{"n":1}' }, 3, moment)
}

/** Also what nobody would write: it is refused by both, or by neither. */
function writeNext(
  kind: 'start' | 'end' | 'interrupt' | 'resume',
  task: Task,
  write: (kind: Write[0], task: Task) => void,
): void {
  if (kind === 'resume') {
    const again = task.errorMessage === null ? taskOf('queued', { id: task.id }) : resumed(task)
    write('resume', again)
  } else if (isFinished(task)) write('update', task)
  else if (kind === 'start') write('update', begin(task, 'http://next/', NOW))
  else if (kind === 'interrupt') write('update', interrupt(task, moment))
  else write('update', task.attempts.length > 0 ? ended(task) : task)
}

function resumed(task: Task): Task {
  return resume(task, newTask({ requestId: 'again' }), NOW)
}
