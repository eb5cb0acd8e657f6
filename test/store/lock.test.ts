/** Somebody else writes to the database too: a backup, Litestream, a person with `sqlite3`. */
import { Database } from 'bun:sqlite'
import { expect, test } from 'bun:test'
import { systemClock } from '../../src/platform/clock.ts'
import { openSqlite } from '../../src/store/sqlite/thread.ts'
import type { GroupCommitStore } from '../../src/store/group-commit.ts'
import { allowRealTime } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { inlineStore, RETENTION, storeOver } from '../support/store.ts'
import { NOW, queued } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

/** A store in the thread of the test, and another connection to its file. */
function sharedFile() {
  const dir = temporaryDir()
  const file = dir.file('tasks.db')
  const clock = new FakeClock(NOW)
  const log = recordingLog()
  const store = inlineStore(file, { clock, log })
  const other = new Database(file)
  return {
    ...{ store, clock, log, other },
    async [Symbol.asyncDispose]() {
      other.close()
      await store.close()
      dir[Symbol.dispose]()
    },
  }
}

test('a lock of a moment is waited for: nothing is refused, and reads go on', async () => {
  await using shared = sharedFile()
  const { store, clock, log, other } = shared
  const [known, fresh] = [queued(), queued()]
  await store.insert(known)
  other.run('begin immediate')
  const written: string[] = []
  const writes = [
    store.insert(fresh).then(() => written.push('insert')),
    store.update({ ...known, targetUrl: 'http://new' }).then(() => written.push('update')),
  ]
  await clock.advance(4900)
  writes.push(store.insert(queued()).then(() => written.push('later')))
  await clock.settle()
  expect(written).toEqual([])
  expect(store.writable).toBe(true)
  expect(await store.find(known.id)).toEqual(known)
  expect((await store.list({ limit: 9 }))?.total).toBe(1)
  other.run('rollback')
  await clock.advance(100)
  await Promise.all(writes)
  expect(written.toSorted()).toEqual(['insert', 'later', 'update'])
  expect((await store.list({ limit: 9 }))?.total).toBe(3)
  expect(store.stats.failures).toBe(0)
  expect(log.lines).toEqual([])
})

test('a lock that lasts is an outage, which ends with it', async () => {
  await using shared = sharedFile()
  const { store, clock, other } = shared
  const known = queued()
  await store.insert(known)
  other.run('begin immediate')
  const refusal = failureOf(store.insert(queued()))
  const update = store.update({ ...known, targetUrl: 'http://new' })
  await clock.advance(5100)
  expect(await refusal).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(store.writable).toBe(false)
  other.run('rollback')
  await clock.advance(1100)
  expect(await update).toBe('written')
  expect(store.writable).toBe(true)
})

test('trimming passes over a lock without a word', async () => {
  await using shared = sharedFile()
  const { store, clock, log, other } = shared
  await store.insert({ ...queued(), status: 'error', completedAt: 1 })
  other.run('begin immediate')
  await clock.advance(10_000)
  other.run('rollback')
  expect((await store.list({ limit: 9 }))?.total).toBe(1)
  await clock.advance(10_000)
  expect((await store.list({ limit: 9 }))?.total).toBe(0)
  expect(log.lines).toEqual([])
})

async function insertUntil(isOver: () => boolean, store: GroupCommitStore): Promise<number> {
  let written = 0
  while (!isOver()) {
    await Promise.all([store.insert(queued()), store.insert(queued())])
    written += 2
  }
  return written
}

test('locks again and again refuse nothing', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const log = recordingLog()
  const store = storeOver(await openSqlite(file, RETENTION), { clock: systemClock, log })
  const other = new Database(file)
  other.run('pragma busy_timeout = 5000')
  let locks = 0
  const inserting = insertUntil(() => locks === 20, store)
  for (; locks < 20; locks++) {
    other.run('begin immediate')
    await Bun.sleep(2)
    other.run('rollback')
    await Bun.sleep(5)
  }
  const written = await inserting
  expect((await store.list({ limit: 1 }))?.total).toBe(written)
  expect(log.lines).toEqual([])
  other.close()
  await store.close()
})

test.each(['delete', 'wal'])('a start waits for the lock on a file in %s mode', async (mode) => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const other = new Database(file, { create: true })
  other.run(`pragma journal_mode = ${mode}`)
  other.run('begin immediate')
  other.run('create table other (id integer)')
  let opened = false
  const opening = openSqlite(file, RETENTION).then((driver) => {
    opened = true
    return driver
  })
  await Bun.sleep(100)
  expect(opened).toBe(false)
  other.run('commit')
  const driver = await opening
  expect(await driver.commit([['insert', queued()]], NOW)).toEqual([])
  other.close()
  await driver.close()
})

test('who only reads stops no write, however long', async () => {
  await using shared = sharedFile()
  const { store, other, log } = shared
  other.run('begin')
  other.query('select count(*) from tasks').get()
  // More than the log may hold before it is written back.
  const payload = JSON.stringify('x'.repeat(900_000))
  for (let n = 0; n < 30; n++) await store.insert({ ...queued(), payload })
  other.run('rollback')
  expect((await store.list({ limit: 9 }))?.total).toBe(30)
  expect(log.lines).toEqual([])
})
