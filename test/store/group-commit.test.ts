import { describe, expect, test } from 'bun:test'
import { begin, interrupt, resume } from '../../src/delivery/lifecycle.ts'
import type { StoreDriver, Write } from '../../src/store/driver.ts'
import type { GroupCommitPorts } from '../../src/store/group-commit.ts'
import { Connection } from '../../src/store/sqlite/connection.ts'
import { SqliteHistory } from '../../src/store/sqlite/history.ts'
import { openSqlite } from '../../src/store/sqlite/thread.ts'
import type { WriteResult } from '../../src/store/store.ts'
import type { Task } from '../../src/task.ts'
import { allowRealTime } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { inlineDriver, inlineStore, RETENTION, storeOver } from '../support/store.ts'
import { taskOf } from '../support/task-states.ts'
import { newTask, NOW, queued } from '../support/tasks.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

/** A store whose disk fails when it is told to. */
function failingStore(ports: Partial<GroupCommitPorts> = {}) {
  const clock = new FakeClock(NOW)
  const log = recordingLog()
  const history = new SqliteHistory(new Connection(':memory:'), RETENTION)
  const driver = inlineDriver(history)
  const disk = { full: false, slow: Promise.resolve(), commits: [] as string[][] }
  const failing: StoreDriver = {
    ...driver,
    async commit(writes: readonly Write[], now: number) {
      await disk.slow
      if (disk.full) throw new Error('database or disk is full')
      disk.commits.push(writes.map(([kind]) => kind))
      return driver.commit(writes, now)
    },
  }
  const store = storeOver(failing, { clock, log, ...ports })
  return { clock, log, disk, store }
}

const started = (task: Task) => begin(task, task.targetUrl, NOW)

describe('writes that arrive together', () => {
  test('share a commit', async () => {
    const { store, disk } = failingStore()
    await Promise.all(Array.from({ length: 100 }, () => store.insert(queued())))
    expect(disk.commits.map((writes) => writes.length)).toEqual([100])
    expect(store.stats).toMatchObject({ commits: 1, writes: 100, failures: 0 })
  })

  test('share one with so many at most', async () => {
    const { store, disk } = failingStore()
    await Promise.all(Array.from({ length: 2500 }, () => store.insert(queued())))
    expect(disk.commits.map((writes) => writes.length)).toEqual([1000, 1000, 500])
  })

  test('share one with bodies of 16 MiB at most, but for a single one', async () => {
    const { store, disk } = failingStore()
    const sizes = [5, 5, 5, 5, 20, 5]
    const bodies = sizes.map((mebibytes) => JSON.stringify('x'.repeat(mebibytes * 2 ** 20)))
    await Promise.all(bodies.map((payload) => store.insert(queued({ payload }))))
    expect(disk.commits.map((writes) => writes.length)).toEqual([3, 1, 1, 1])
  })

  test('and those that arrive during a commit share the next, in the thread too', async () => {
    using dir = temporaryDir()
    const clock = new FakeClock(NOW)
    const store = storeOver(await openSqlite(dir.file('tasks.db'), RETENTION), { clock })
    const waves: Promise<WriteResult>[] = []
    for (let wave = 0; wave < 10; wave++) {
      for (let n = 0; n < 20; n++) waves.push(store.insert(queued()))
      await Promise.resolve()
    }
    await Promise.all(waves)
    expect(store.stats.writes).toBe(200)
    expect(store.stats.commits).toBeLessThanOrEqual(4)
    await store.close()
  })
})

describe('a failed commit', () => {
  test('rejects inserts with STORE_UNAVAILABLE, and nothing of them is left', async () => {
    const { store, disk, clock } = failingStore()
    disk.full = true
    const task = queued()
    const refusal = await failureOf(store.insert(task))
    expect(refusal).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(store.fault).not.toBeNull()
    // Without asking the disk again.
    expect(await failureOf(store.insert(queued()))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(store.stats.failures).toBe(1)
    disk.full = false
    await clock.advance(1000)
    expect(store.fault).toBeNull()
    expect(await store.find(task.id)).toBeNull()
    await store.insert(task)
    expect(await store.find(task.id)).toEqual(task)
  })

  test('rejects a resume too: nothing was sent for it', async () => {
    const { store, disk, clock } = failingStore()
    const orphan = interrupt(begin(queued(), 'http://x', NOW), { now: NOW, elapsedMs: 1 })
    await store.insert(orphan)
    disk.full = true
    const again = resume(orphan, newTask(), NOW)
    expect(await failureOf(store.resume(again))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(await failureOf(store.resume(again))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    disk.full = false
    await clock.advance(1000)
    expect(await store.find(orphan.id)).toEqual(orphan)
  })

  test('keeps updates until it works again, in their order', async () => {
    const { store, disk, clock, log } = failingStore()
    const task = queued()
    await store.insert(task)
    disk.full = true
    const done: string[] = []
    const first = started(task)
    const updates = [
      store.update(first).then(() => done.push('first')),
      store.update({ ...first, targetUrl: 'http://second' }).then(() => done.push('second')),
    ]
    await clock.settle()
    updates.push(
      store.update({ ...first, targetUrl: 'http://third' }).then(() => done.push('third')),
    )
    // It is tried again after 50 ms, and then each second.
    await clock.advance(50)
    for (let second = 0; second < 5; second++) await clock.advance(1000)
    expect(done).toEqual([])
    expect((await store.find(task.id))?.status).toBe('queued')
    expect(store.fault).not.toBeNull()
    disk.full = false
    await clock.advance(999)
    expect(store.fault).not.toBeNull()
    await clock.advance(1)
    await Promise.all(updates)
    expect(done).toEqual(['first', 'second', 'third'])
    expect((await store.find(task.id))?.targetUrl).toBe('http://third')
    expect(store.fault).toBeNull()
    expect(log.messages('ERROR')).toEqual(['the store cannot be written'])
    expect(log.messages('INFO')).toEqual(['the store can be written again'])
    await store.close()
    expect(clock.pending).toBe(0)
  })

  test('is tried again soon, for a connection may have been lost, and no more', async () => {
    const { store, disk, clock } = failingStore()
    disk.full = true
    const refused = failureOf(store.insert(queued()))
    await clock.settle()
    disk.full = false
    await clock.advance(50)
    expect(await refused).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(store.fault).toBeNull()
    await store.close()
  })

  test('keeps more updates than a commit takes, and writes them in their order', async () => {
    const { store, disk, clock } = failingStore()
    const tasks = Array.from({ length: 1500 }, () => queued())
    await Promise.all(tasks.map((task) => store.insert(task)))
    disk.full = true
    const updates = tasks.map((task) => store.update(started(task)))
    await clock.advance(1000)
    disk.full = false
    disk.commits.length = 0
    await clock.advance(1000)
    expect(new Set(await Promise.all(updates))).toEqual(new Set(['written']))
    expect(disk.commits.map((writes) => writes.length)).toEqual([1000, 500])
    await store.close()
  })

  test('does not let what came before overtake what came after', async () => {
    const { store, disk, clock } = failingStore()
    const task = queued()
    await store.insert(task)
    const release = Promise.withResolvers<void>()
    disk.slow = release.promise
    disk.full = true
    // As many as are under way at once, and more that wait for them.
    const updates: Promise<WriteResult>[] = []
    for (let n = 0; n < 5; n++) {
      updates.push(store.update({ ...started(task), targetUrl: `http://update${n}` }))
      await clock.settle()
    }
    release.resolve()
    await clock.settle(() => store.fault !== null)
    await clock.settle()
    disk.full = false
    await clock.advance(1000)
    await Promise.all(updates)
    expect((await store.find(task.id))?.targetUrl).toBe('http://update4')
  })

  test.each([
    ['first', [0, 1]],
    ['second', [1, 0]],
  ])('of two at once keeps the order, when the %s fails first', async (_, order) => {
    const commits: PromiseWithResolvers<void>[] = []
    const history = new SqliteHistory(new Connection(':memory:'), RETENTION)
    const driver = inlineDriver(history)
    const clock = new FakeClock(NOW)
    let failing = false
    const written: string[] = []
    const store = storeOver(
      {
        ...driver,
        async commit(...args) {
          if (!failing) return driver.commit(...args)
          const commit = Promise.withResolvers<void>()
          commits.push(commit)
          await commit.promise
          throw new Error('disk I/O error')
        },
      },
      { clock, emit: ({ task: { targetUrl } }) => written.push(targetUrl) },
    )
    const task = queued()
    await store.insert(task)
    failing = true
    const updates: Promise<WriteResult>[] = []
    for (let n = 0; n < 3; n++) {
      updates.push(store.update({ ...started(task), targetUrl: `http://update${n}` }))
      await clock.settle()
    }
    expect(commits).toHaveLength(2)
    for (const place of order) {
      commits[place]!.resolve()
      await clock.settle()
    }
    failing = false
    // Nor is the first try, which comes soon, put off by the second failure.
    await clock.advance(50)
    await Promise.all(updates)
    expect(written.slice(1)).toEqual([0, 1, 2].map((n) => `http://update${n}`))
    await store.close()
  })

  test('tells of no event until it has worked', async () => {
    const events: string[] = []
    const { store, disk, clock } = failingStore({ emit: ({ type }) => events.push(type) })
    const task = queued()
    await store.insert(task)
    disk.full = true
    const update = store.update(started(task))
    await failureOf(store.insert(queued()))
    await clock.advance(3000)
    expect(events).toEqual(['accepted'])
    disk.full = false
    await clock.advance(1000)
    await update
    expect(events).toEqual(['accepted', 'attempt started'])
  })

  test('of an insert and an update together loses only the insert', async () => {
    const { store, disk, clock } = failingStore()
    const [known, fresh] = [queued(), queued()]
    await store.insert(known)
    disk.full = true
    const insert = failureOf(store.insert(fresh))
    const update = store.update(started(known))
    expect(await insert).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    disk.full = false
    await clock.advance(1000)
    await update
    expect(await store.find(fresh.id)).toBeNull()
    expect((await store.find(known.id))?.status).toBe('running')
  })

  test('is noticed to be over when there is nothing to write', async () => {
    const { store, disk, clock } = failingStore()
    disk.full = true
    await failureOf(store.insert(queued()))
    await clock.advance(5000)
    expect(store.fault).not.toBeNull()
    disk.full = false
    await clock.advance(1000)
    expect(store.fault).toBeNull()
    expect(disk.commits).toEqual([[]])
  })

  test('does not keep it from closing, and what is lost is said', async () => {
    const { store, disk, log, clock } = failingStore()
    const task = queued()
    await store.insert(task)
    disk.full = true
    void store.update(started(task))
    await clock.settle()
    await store.close()
    expect(log.lines.at(-1)).toMatchObject({ level: 'ERROR', fields: { tasks: 1 } })
    expect(clock.pending).toBe(0)
  })
})

describe('trimming', () => {
  test('takes small steps, also of a history that is far over its limits', async () => {
    using dir = temporaryDir()
    const file = dir.file('tasks.db')
    const filling = inlineStore(file)
    await Promise.all(Array.from({ length: 500 }, () => filling.insert(taskOf('success'))))
    await filling.close()

    const history = new SqliteHistory(new Connection(file), { maxFinished: 10, ttlMs: 3_600_000 })
    const total = () => history.list({ limit: 1 })!.total
    let steps = 0
    for (let last = total(); history.trim(NOW); steps++) {
      expect(last - total()).toBeLessThanOrEqual(64)
      last = total()
    }
    expect(total()).toBe(10)
    expect(steps).toBeGreaterThan(5)
    history.close()
  })

  test('by age takes small steps as well', () => {
    const history = new SqliteHistory(new Connection(':memory:'), {
      maxFinished: 1000,
      ttlMs: 1000,
    })
    const store = storeOver(inlineDriver(history))
    for (let n = 0; n < 200; n++) void store.insert(taskOf('success'))
    return Promise.resolve().then(async () => {
      await store.insert(queued())
      expect(history.list({ limit: 1 })!.total).toBe(201)
      expect(history.trim(NOW + 1005)).toBe(false)
      expect(history.trim(NOW + 1006)).toBe(true)
      expect(history.list({ limit: 1 })!.total).toBeGreaterThanOrEqual(201 - 64)
      while (history.trim(NOW + 1006));
      expect(history.list({ limit: 1 })!.total).toBe(1)
    })
  })
})
