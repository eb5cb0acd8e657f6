/** Somebody else writes to the database too: a backup, Litestream, a person with `sqlite3`. */
import { Database } from 'bun:sqlite'
import { describe, expect, test } from 'bun:test'
import { statSync } from 'node:fs'
import { systemClock } from '../../src/platform/clock.ts'
import { DatabaseLocked, type StoreDriver } from '../../src/store/driver.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { MIGRATIONS } from '../../src/store/sqlite/migrations/index.ts'
import { openSqlite } from '../../src/store/sqlite/thread.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { holdLock } from '../support/lock-holder.ts'
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
  // In the tables, which are all that a list can look at during the lock.
  await clock.advance(200)
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
  expect(store.fault).toBeNull()
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

test('a list waits for a short lock, and is told as it was before a long one', async () => {
  await using shared = sharedFile()
  const { store, clock, other } = shared
  await store.insert(queued())
  const totals: (number | null | undefined)[] = []
  const list = () => store.list({ limit: 9 }).then((page) => void totals.push(page?.total))
  other.run('begin immediate')
  const short = list()
  await clock.advance(500)
  expect(totals).toEqual([])
  other.run('rollback')
  await clock.advance(50)
  await short
  expect(totals).toEqual([1])
  await store.insert(queued())
  other.run('begin immediate')
  const long = list()
  await clock.advance(1100)
  await long
  expect(totals).toEqual([1, 1])
  other.run('rollback')
  await list()
  expect(totals).toEqual([1, 1, 2])
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
  expect(store.fault).not.toBeNull()
  other.run('rollback')
  await clock.advance(1100)
  expect(await update).toBe('written')
  expect(store.fault).toBeNull()
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

/** A driver in its own thread, and how many of its commits have met a lock. */
async function countingLocks(file: string) {
  const driver = await openSqlite(file, RETENTION)
  const counts = { met: 0 }
  const commit: StoreDriver['commit'] = (writes, now) =>
    driver.commit(writes, now).catch((error: unknown) => {
      if (error instanceof DatabaseLocked) counts.met++
      throw error
    })
  return { driver: { ...driver, commit }, counts }
}

test('locks again and again refuse nothing', async () => {
  using dir = temporaryDir()
  const file = dir.file('tasks.db')
  const log = recordingLog()
  const { driver, counts } = await countingLocks(file)
  const store = storeOver(driver, { clock: systemClock, log })
  const other = new Database(file)
  other.run('pragma busy_timeout = 5000')
  for (let locks = 1; locks <= 20; locks++) {
    other.run('begin immediate')
    const { met } = counts
    const writes = [store.insert(queued()), store.insert(queued())]
    await eventually('a commit meets the lock', () => counts.met > met)
    other.run('rollback')
    expect(await Promise.all(writes)).toEqual(['written', 'written'])
  }
  expect((await store.list({ limit: 1 }))?.total).toBe(40)
  expect(log.lines).toEqual([])
  other.close()
  await store.close()
})

describe('a start', () => {
  test.each(['delete', 'wal'])('waits for the lock on a file in %s mode', async (mode) => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    const other = new Database(file, { create: true })
    other.run(`pragma journal_mode = ${mode}`)
    other.close()
    await using holder = await holdLock(file)
    const connection = new Connection(file)
    expect(holder.isHeld()).toBe(false)
    connection.transaction(() => {})
    connection.close()
  })

  test('waits for the lock with a log that it has to write back, too', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    using other = new Database(file, { create: true })
    other.run('pragma journal_mode = wal')
    other.run('pragma wal_autocheckpoint = 0')
    other.run(MIGRATIONS[0]!.sql)
    other.run('pragma user_version = 1')
    other.run('create table large as select zeroblob(70000000)')
    expect(statSync(`${file}-wal`).size).toBeGreaterThan(64 * 1024 * 1024)
    await using holder = await holdLock(file)
    const connection = new Connection(file)
    expect(holder.isHeld()).toBe(false)
    // And then no longer: who asks waits, not SQLite.
    expect(connection.one('pragma busy_timeout')).toEqual({ timeout: 0 })
    connection.close()
  })

  test('takes over nothing that was made while it waited', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    await using holder = await holdLock(file, 'create table other (id integer)')
    expect(() => new Connection(file)).toThrow('of something else (tables: other)')
    expect(holder.isHeld()).toBe(false)
  })
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
