import { afterEach, beforeEach, expect, test } from 'bun:test'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'
import type { Write } from '../../src/store/driver.ts'
import { copyDatabase } from '../../src/store/sqlite/backup.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { callHistory, commitArguments } from '../../src/store/sqlite/verbs.ts'
import { WholeHistory, type Part } from '../../src/store/sqlite/whole-history.ts'
import { STATUSES, type Task } from '../../src/task.ts'
import { allowRealTime } from '../support/eventually.ts'
import { RETENTION } from '../support/store.ts'
import { taskOf } from '../support/task-states.ts'
import { NOW } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'
import said from './last-release/tasks.json'

allowRealTime()

let dir: ReturnType<typeof temporaryDir>
beforeEach(() => void (dir = temporaryDir()))
afterEach(() => dir[Symbol.dispose]())

function write(history: SqliteHistory, tasks: readonly Task[]): void {
  const writes = tasks.map((task): Write => ['insert', task])
  callHistory(history, 'commit', commitArguments(writes, NOW))
}

/** Read from a copy, while the database is open. */
function read(file: string, part: Part): Task[][] {
  const copy = `${file}.${part}`
  copyDatabase(file, copy)
  const history = new WholeHistory(copy)
  const batches = [...history.batches(part)]
  history.close()
  return batches
}

test('each task as it was written, from the tables and from the journal', () => {
  const file = dir.file('tasks.db')
  const history = new SqliteHistory(new Connection(file), RETENTION)
  const secretHeaders = { authorization: 'Bearer x', cookie: 'c' }
  const trace = { parent: '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01', state: 'a=b' }
  const tasks = STATUSES.map((status, n) =>
    taskOf(status, {
      idempotencyKey: `key ${n}`,
      fingerprint: 'f',
      hops: n,
      trace,
      meta: '{"a":1}',
    }),
  )
  const secret = taskOf('queued', { secretHeaders, payload: '"漢\\u0000"' })
  write(history, tasks.slice(0, 4))
  history.catchUp(NOW)
  write(history, [...tasks.slice(4), secret])
  const ended = tasks.filter(({ completedAt }) => completedAt !== null)
  expect(read(file, 'finished')).toEqual([ended])
  expect(read(file, 'unfinished')).toEqual([[...tasks.slice(0, 2), secret]])
  history.close()
})

test('a batch at a time, and no batch takes much memory', () => {
  const file = dir.file('tasks.db')
  const history = new SqliteHistory(new Connection(file), RETENTION)
  write(
    history,
    Array.from({ length: 1234 }, () => taskOf('success')),
  )
  const payload = JSON.stringify('x'.repeat(1_500_000))
  write(
    history,
    Array.from({ length: 7 }, () => taskOf('queued', { payload })),
  )
  expect(read(file, 'finished').map(({ length }) => length)).toEqual([500, 500, 234])
  expect(read(file, 'unfinished').map(({ length }) => length)).toEqual([3, 3, 1])
  history.close()
})

test('a database of the last release, whose process was killed, stays as it is', () => {
  const release = join(import.meta.dir, 'last-release')
  const file = dir.file('tasks.db')
  for (const suffix of ['', '-wal']) {
    writeFileSync(
      file + suffix,
      gunzipSync(readFileSync(join(release, `orchestrator.db${suffix}.gz`))),
    )
  }
  const before = ['', '-wal'].map((suffix) => readFileSync(file + suffix))
  const [finished, unfinished] = [read(file, 'finished').flat(), read(file, 'unfinished').flat()]
  const idsOf = (tasks: readonly { id: string }[]) => tasks.map(({ id }) => id)
  expect(idsOf(finished)).toEqual(expect.arrayContaining(idsOf(said.finished)))
  expect(idsOf(unfinished)).toEqual(
    expect.arrayContaining([...Object.values(said.unfinished), said.interrupted]),
  )
  const delayed = unfinished.find(({ id }) => id === said.unfinished.delayed)
  expect(delayed!.secretHeaders).toEqual({ authorization: 'Bearer of-the-last-release' })
  expect(['', '-wal'].map((suffix) => readFileSync(file + suffix))).toEqual(before)
})
