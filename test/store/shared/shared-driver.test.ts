import { expect, test } from 'bun:test'
import { begin, cancel, conclude } from '../../../src/delivery/lifecycle.ts'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import { openShared } from '../../../src/store/shared/shared-driver.ts'
import type { TaskEvent } from '../../../src/events.ts'
import { FakeClock } from '../../support/fake-clock.ts'
import { failureOf } from '../../support/failure.ts'
import { recordingLog } from '../../support/log.ts'
import { claimOf, scriptedDatabase } from '../../support/scripted-database.ts'
import { storeOver } from '../../support/store.ts'
import { after } from '../../support/task-states.ts'
import { NOW, queued, running } from '../../support/tasks.ts'

const refuses = () => Promise.reject(new Error('no connection'))

/** A store over it, with a listener that remembers what it was told. */
async function sharing(script: Partial<SharedDatabase> = {}, maxBacklog = 100_000) {
  const clock = new FakeClock(NOW)
  const log = recordingLog()
  const scripted = scriptedDatabase(script)
  const node = { name: 'a', version: '1' }
  const driver = await openShared({
    ...scripted,
    node,
    leaseMs: 30_000,
    maxBacklog,
    clock,
    log,
  })
  const events: TaskEvent[] = []
  const store = storeOver(driver, { clock, log, emit: (event) => events.push(event) })
  const shared = store.shared!
  const told: unknown[] = []
  const lost = Promise.withResolvers<void>()
  shared.listen({
    work: () => told.push('work'),
    cancel: (ids) => told.push(ids),
    lost: () => {
      told.push('lost')
      return lost.promise
    },
  })
  const holds = () =>
    scripted
      .of('commit')
      .flatMap(([writes]) => (writes as { hold: unknown }[]).map(({ hold }) => hold))
  /** Another has declared it dead; it lets go of all, and has a session again. */
  const joinAnew = async () => {
    script.renew = async () => false
    await clock.advance(10_000)
    lost.resolve()
    delete script.renew
    await clock.advance(1000)
  }
  const parts = { ...scripted, clock, log, events, store, shared, told, joinAnew, holds }
  return { ...parts, letGo: lost.resolve }
}

test('a task is written with the session and its fence', async () => {
  const { claimed, store, shared, holds, close } = await withClaimed()
  const fresh = queued()
  await store.insert(fresh)
  await store.update(begin(fresh, fresh.targetUrl, NOW))
  await store.update(begin(claimed, claimed.targetUrl, NOW))
  await shared.release([claimed.id])
  expect(holds()).toEqual([
    { session: 'session-1', fence: 1, step: 1 },
    { session: 'session-1', fence: 1, step: 2 },
    { session: 'session-1', fence: 7, step: 3 },
  ])
  await close()
})

async function withClaimed() {
  const claimed = queued()
  const parts = await sharing({ claim: async () => [claimOf(claimed, 7)] })
  expect(await parts.shared.claim(9, ['x'])).toHaveLength(1)
  expect(parts.of('claim')).toEqual([['session-1', 9, ['x'], 1]])
  return { ...parts, claimed, close: () => parts.store.close() }
}

test('what is given back is given back with its fence', async () => {
  const { claimed, shared, of, close } = await withClaimed()
  await shared.release([claimed.id, 'own'])
  expect(of('release')).toEqual([
    [
      [
        { id: claimed.id, session: 'session-1', fence: 7, step: 1 },
        { id: 'own', session: 'session-1', fence: 1, step: 1 },
      ],
    ],
  ])
  expect(of('notify')).toEqual([['work']])
  await close()
})

test('a task for anyone is nobody’s, is told of, and is claimable when it is due', async () => {
  const { store, of, events, told, shared } = await sharing()
  const task = queued({ delayMs: 5000 })
  await store.insert(task, true)
  expect(of('commit')).toEqual([[[{ kind: 'insert', task, hold: null, waitMs: 5000 }], NOW]])
  expect(events).toEqual([{ type: 'accepted', task, forAnyone: true }])
  expect([of('notify'), told, shared.backlog]).toEqual([[['work']], ['work'], 1])
  await store.close()
})

test('a clock that is set back makes no task wait for longer than it may', async () => {
  const { clock, store, of } = await sharing()
  const failed = conclude(running(), { kind: 'unreachable', error: 'x' }, 5, after(6))
  clock.jump(-7_200_000)
  await store.insert(queued({ delayMs: 5000 }), true)
  await store.insert(queued(), true)
  await store.update(failed)
  const waits = of('commit').flatMap(([writes]) => writes as { waitMs: number }[])
  expect(waits.map(({ waitMs }) => waitMs)).toEqual([5000, 0, 60_000])
  await store.close()
})

test('a write that waits keeps its right, whoever owns the task by the time that it goes', async () => {
  const { clock, script, store, shared, holds, joinAnew } = await sharing({ commit: refuses })
  const task = running()
  const late = store.update(cancel(task, after(1)))
  await clock.settle()
  await joinAnew()
  script.claim = async () => [claimOf(task, 2)]
  await shared.claim(1, [])
  script.commit = async () => [{ index: 0, reason: 'not owned' }]
  await clock.advance(1000)
  expect(await late).toBe('not owned')
  expect(
    holds().every((hold) => Bun.deepEquals(hold, { session: 'session-1', fence: 1, step: 1 })),
  ).toBe(true)
  await store.close()
})

test('nothing new is taken, and nothing is ours, while there is no lease', async () => {
  const { clock, script, store, shared, told, letGo, of } = await sharing()
  const task = running()
  await store.insert(task)
  script.renew = async () => false
  await clock.advance(10_000)
  expect(store.fault).toBe('this node has lost its lease in the database')
  expect(await failureOf(store.insert(queued()))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect([await shared.claim(9, []), await shared.take('x')]).toEqual([[], null])
  expect(of('claim')).toEqual([])
  script.commit = async (writes) => writes.map((_, index) => ({ index, reason: 'not owned' }))
  expect(await store.update(cancel(task, after(1)))).toBe('not owned')
  delete script.renew
  letGo()
  await clock.settle()
  expect(store.fault).toBeNull()
  expect(told).toEqual(['lost', 'work'])
  await store.close()
})

test('what is claimed too late is not ours', async () => {
  const { clock, script, store, shared } = await sharing()
  const claims = Promise.withResolvers<ReturnType<typeof claimOf>[]>()
  script.claim = () => claims.promise
  const claimed = shared.claim(9, [])
  script.renew = async () => false
  await clock.advance(10_000)
  claims.resolve([claimOf(queued())])
  expect(await claimed).toEqual([])
  await store.close()
})

test('what is accepted for a lease that is lost by then is not ours to run', async () => {
  const { clock, script, store, events, joinAnew } = await sharing()
  const answer = Promise.withResolvers<[]>()
  script.commit = () => answer.promise
  const task = queued()
  const inserted = store.insert(task)
  await clock.settle()
  await joinAnew()
  answer.resolve([])
  expect(await inserted).toBe('written')
  expect(events).toEqual([{ type: 'accepted', task, forAnyone: true }])
  await store.close()
})

test('a refused write asks at once whether the session is alive', async () => {
  const { script, store, of } = await sharing()
  script.commit = async () => [{ index: 0, reason: 'not owned' }]
  await store.update(cancel(running(), after(1)))
  expect(of('renew')).toEqual([['session-1', 30_000]])
  await store.close()
})

test('a new task whose commit failed is undone before others may take it, by one at a time', async () => {
  const { clock, script, store, of } = await sharing({ commit: refuses })
  const undone = Promise.withResolvers<void>()
  script.undo = () => undone.promise
  const tasks = [queued(), queued()]
  for (const task of tasks) {
    expect(await failureOf(store.insert(task, true))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
    expect(of('undo')).toEqual([['session-1', [{ id: tasks[0]!.id, step: 0 }], NOW]])
    script.commit = async () => []
    await clock.advance(1000)
    script.commit = refuses
  }
  undone.resolve()
  await clock.advance(5000)
  const [session, all] = of('undo').at(-1)!
  expect([session, all]).toEqual(['session-1', tasks.map(({ id }) => ({ id, step: 0 }))])
  await store.close()
})

test('a new task whose commit failed is undone, until no statement can be on its way', async () => {
  const { clock, script, store, of } = await sharing({ commit: refuses })
  const task = queued()
  expect(await failureOf(store.insert(task))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  delete script.commit
  script.undo = refuses
  await clock.advance(100_000)
  const failed = of('undo').length
  expect(failed).toBeGreaterThan(15)
  delete script.undo
  // It has been away: what it had before, it may only do now.
  await clock.advance(30_000)
  expect(of('undo').length).toBeGreaterThan(failed + 4)
  await clock.advance(60_000)
  const all = of('undo').length
  await clock.advance(60_000)
  expect(of('undo')).toHaveLength(all)
  expect(of('undo').at(-1)).toEqual(['session-1', [{ id: task.id, step: 1 }], expect.any(Number)])
  await store.close()
})

test('a claim that failed may have been done: it is given back, until none can be on its way', async () => {
  const { clock, script, store, shared, of } = await sharing({ claim: refuses, take: refuses })
  expect(await failureOf(shared.claim(9, []))).toMatchObject({ message: 'no connection' })
  expect(await failureOf(shared.take('x'))).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  delete script.claim
  await shared.claim(9, [])
  await clock.advance(100_000)
  expect(of('unclaim').every((args) => Bun.deepEquals(args, ['session-1', [1, 2]]))).toBe(true)
  expect(of('unclaim').length).toBeWithin(12, 15)
  await store.close()
})

test('what could not be given back is given back as soon as that works', async () => {
  const { clock, script, store, shared, of } = await sharing({ release: refuses })
  expect(await failureOf(shared.release(['x']))).toMatchObject({ message: 'no connection' })
  delete script.release
  await clock.advance(30_000)
  const held = [{ id: 'x', session: 'session-1', fence: 1, step: 1 }]
  expect(of('release')).toEqual([[held], [held]])
  await store.close()
})

test('a pause that is longer than the lease is noticed with the first answer after it', async () => {
  const { clock, script, store, told } = await sharing()
  const answer = Promise.withResolvers<[]>()
  script.commit = () => answer.promise
  const task = running()
  const started = store.insert(task)
  await clock.settle()
  clock.pause(40_000)
  answer.resolve([])
  expect(await started).toBe('written')
  expect([told, store.fault]).toEqual([['lost'], 'this node has lost its lease in the database'])
  await store.close()
})

test('cancellations of others arrive, told of or not', async () => {
  const { clock, script, store, told, notify, of } = await sharing()
  script.cancelled = async () => ['x']
  await clock.advance(750)
  expect(told).toEqual([['x']])
  notify('cancel')
  await clock.settle()
  expect(told).toEqual([['x'], ['x']])
  notify('work')
  expect(told.at(-1)).toBe('work')
  expect(of('cancelled')[0]).toEqual(['session-1'])
  await store.close()
})

test('a database that is away takes nothing, though nobody has tried to write', async () => {
  const { clock, log, script, store } = await sharing({ cancelled: refuses })
  await clock.advance(750)
  expect(store.fault).toBeNull()
  await clock.advance(750)
  // Everybody may read it: the words of the server are for the log.
  expect(store.fault).toBe('the database does not answer')
  expect(log.lines.at(-1)!.fields).toEqual({ error: 'no connection' })
  delete script.cancelled
  await clock.advance(750)
  expect(store.fault).toBeNull()
  await store.close()
})

test('a database that is silent takes nothing after 10 s, though a node is idle', async () => {
  const { clock, script, store } = await sharing()
  await clock.advance(750)
  // So late a pool gives its connections up.
  script.cancelled = () => clock.sleep(8000).then(refuses)
  await clock.advance(10_000)
  expect(store.fault).toBe('the database does not answer')
  delete script.cancelled
  await clock.advance(10_000)
  expect(store.fault).toBeNull()
  script.cancelled = () => clock.sleep(1000).then(refuses)
  await clock.advance(2000)
  expect(store.fault).toBeNull()
  await store.close()
})

test('a database that takes no writes: its words are for the log alone', async () => {
  const error = 'permission denied for schema orchestrator'
  const commit = () => Promise.reject(new Error(error))
  const { clock, log, script, store } = await sharing({ commit })
  const refused = await failureOf(store.insert(queued()))
  expect(refused.message).toBe(
    'The task could not be written to disk; it was not started: the store cannot be written',
  )
  expect(store.fault).toBe('the store cannot be written')
  const reasons = () =>
    log.lines.filter(({ msg }) => msg === store.fault).map(({ fields }) => fields.error)
  await clock.advance(1000)
  expect(reasons()).toEqual([error])
  script.commit = refuses
  await clock.advance(1000)
  expect(reasons()).toEqual([error, 'no connection'])
  await store.close()
})

const denied = () => Promise.reject(new Error('permission denied for table payload'))

/** What callers wait for, and the methods that it asks. */
const QUESTIONS: readonly [
  keyof SharedDatabase,
  (parts: Awaited<ReturnType<typeof sharing>>) => Promise<unknown>,
][] = [
  ['find', ({ store }) => store.find('x')],
  ['findByKey', ({ store }) => store.findByKey('x')],
  ['list', ({ store }) => store.list({ limit: 1 })],
  ['take', ({ shared }) => shared.take('x')],
  ['askToCancel', ({ shared }) => shared.askToCancel('x')],
  ['ended', ({ shared }) => shared.ended(['x'])],
  ['nodes', ({ shared }) => shared.nodes()],
]

test.each(QUESTIONS)('who asks (%s) hears that the database is away', async (method, ask) => {
  const parts = await sharing({ [method]: refuses })
  const failure = await failureOf(ask(parts))
  expect(failure).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(failure.message).toBe('The database does not answer now')
  await parts.store.close()
})

test.each(QUESTIONS)(
  'who asks (%s) hears that it answers with an error, and the log has which, once',
  async (method, ask) => {
    const parts = await sharing({ [method]: denied, whatFailed: () => 'statement' })
    for (const _ of [1, 2]) {
      expect(await failureOf(ask(parts))).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: 'The database answers with an error now',
      })
    }
    delete parts.script[method]
    for (const _ of [1, 2]) await ask(parts)
    expect(parts.log.lines.filter(({ fields }) => fields.what === method)).toEqual([
      {
        level: 'WARNING',
        msg: 'the database does not do what is asked of it',
        fields: { what: method, error: 'permission denied for table payload' },
      },
      {
        level: 'INFO',
        msg: 'the database does what is asked of it again',
        fields: { what: method },
      },
    ])
    await parts.store.close()
  },
)

test.each(QUESTIONS)('a bug in a question (%s) is no outage', async (method, ask) => {
  const bug = () => Promise.reject(new TypeError('x is undefined'))
  const parts = await sharing({ [method]: bug })
  expect(await failureOf(ask(parts))).toBeInstanceOf(TypeError)
  await parts.store.close()
})

test.each(['unowned', 'unownedDueMs', 'declareDead', 'rescue', 'undo', 'release'] as const)(
  'what a node does for all (%s) and fails again and again is a line in the log',
  async (method) => {
    const { clock, log, script, shared, store } = await sharing({ [method]: denied })
    // So that there is something to be done.
    if (method === 'undo') script.commit = denied
    await store.insert(queued()).catch(() => {})
    delete script.commit
    await shared.release(['x']).catch(() => {})
    await clock.advance(100_000)
    const lines = () =>
      log.lines
        .filter(({ fields }) => typeof fields.what === 'string')
        .map(({ level, fields: { error } }) => [level, error])
    expect(lines()).toEqual([['WARNING', 'permission denied for table payload']])
    expect(store.fault).toBeNull()
    delete script[method]
    await clock.advance(20_000)
    expect(lines().slice(1)).toEqual([['INFO', undefined]])
    await store.close()
  },
)

test('a database that is away is one line, not one for each thing that is asked of it', async () => {
  const away = { cancelled: refuses, unowned: refuses, declareDead: refuses }
  const { clock, log, store } = await sharing(away)
  await clock.advance(100_000)
  expect(log.messages('ERROR')).toEqual(['the database does not answer'])
  expect(log.messages('WARNING')).toEqual([])
  await store.close()
})

test('the dead are looked for once the database has been there for a lease, in steps', async () => {
  const { clock, script, store, told, of } = await sharing()
  await clock.advance(29_999)
  expect([of('declareDead'), of('rescue')]).toEqual([[], []])
  const freed = [500, 500, 3]
  script.rescue = async () => freed.shift() ?? 0
  await clock.advance(1)
  expect(of('declareDead')).toEqual([['session-1', 30_000]])
  expect(of('rescue')).toEqual([[500], [500], [500]])
  expect([told, of('notify')]).toEqual([['work'], [['work']]])
  await store.close()
})

test('what nobody owns is counted from time to time', async () => {
  const { clock, store, shared, of } = await sharing({
    unowned: async () => 7,
    unownedDueMs: async () => 61_000,
  })
  expect([shared.backlog, shared.backlogDueMs]).toEqual([0, 0])
  await clock.advance(5000)
  expect([shared.backlog, shared.backlogDueMs]).toEqual([7, 61_000])
  expect(of('unowned')).toEqual([[100_000]])
  await store.close()
})

test('what is claimed here is nobody’s no more', async () => {
  const tasks = Array.from({ length: 3 }, () => queued())
  const { store, shared } = await sharing({
    claim: async () => tasks.splice(1).map((task) => claimOf(task)),
    take: async () => claimOf(tasks[0]!),
  })
  for (const task of [...tasks]) await store.insert(task, true)
  expect(shared.backlog).toBe(3)
  await shared.claim(9, [])
  expect(shared.backlog).toBe(1)
  await shared.take(tasks[0]!.id)
  await shared.take(tasks[0]!.id)
  expect(shared.backlog).toBe(0)
  await shared.release([tasks[0]!.id])
  expect(shared.backlog).toBe(1)
  await store.close()
})

test('where few may wait, what nobody owns is counted often: others may have claimed it', async () => {
  const { clock, script, store, shared, of } = await sharing({}, 8)
  await clock.advance(1000)
  expect(of('unowned')).toEqual([])
  await store.insert(queued(), true)
  script.unowned = async (max) => max
  await clock.advance(250)
  expect(shared.backlog).toBe(8)
  delete script.unowned
  await clock.advance(250)
  expect([shared.backlog, of('unowned').length]).toEqual([0, 2])
  await store.close()
})

test.each([
  [20_000, 60],
  [100_000, 12],
])('where %d may wait, they are counted %d times a minute', async (limit, times) => {
  const { clock, store, of } = await sharing({ unowned: async () => limit }, limit)
  await clock.advance(5000)
  const before = of('unowned').length
  await clock.advance(60_000)
  expect(of('unowned').length - before).toBeWithin(times, times * 1.3)
  await store.close()
})

test('whoever finds that a node is dead says so, once for each, though no task can be freed', async () => {
  const { clock, script, store, log } = await sharing({ rescue: refuses })
  const dead = { seenAgoMs: 31_000, asyncTasks: 3, syncTasks: 2 }
  const found = [['b', 'c'], []].map((names) =>
    names.map((name) => ({ ...dead, name, session: `of ${name}` })),
  )
  script.declareDead = async () => found.shift() ?? []
  await clock.advance(60_000)
  const message = 'a node is taken for dead: its tasks are left to others'
  const fields = { seen_ago_ms: 31_000, requeued: 3, interrupted: 2 }
  expect(log.lines.filter(({ msg }) => msg === message)).toEqual(
    ['b', 'c'].map((node) => ({
      level: 'WARNING',
      msg: message,
      fields: { node, session: `of ${node}`, ...fields },
    })),
  )
  await store.close()
})

test('a node asks an idle database little', async () => {
  const { clock, calls, store } = await sharing()
  calls.length = 0
  await clock.advance(60_000)
  expect(calls.length / 60).toBeLessThan(3)
  await store.close()
})

test('where no session can be begun, the database is closed again', async () => {
  const clock = new FakeClock(NOW)
  const { database, of } = scriptedDatabase({ join: refuses })
  const log = recordingLog()
  const node = { name: 'a', version: '1' }
  const opened = openShared({ database, node, leaseMs: 30_000, maxBacklog: 9, clock, log })
  expect(await failureOf(opened)).toMatchObject({ message: 'no connection' })
  expect(of('close')).toEqual([[]])
  expect(clock.pending).toBe(0)
})

test('a lease that is lost undoes what was refused before others may have it', async () => {
  const { clock, script, store, letGo, calls } = await sharing({ commit: refuses })
  await failureOf(store.insert(queued()))
  delete script.commit
  script.renew = refuses
  script.undo = refuses
  await clock.advance(40_000)
  letGo()
  await clock.advance(5000)
  const leaves = () => calls.filter(([method]) => method === 'leave').length
  expect(leaves()).toBe(0)
  delete script.undo
  await clock.advance(5000)
  expect(leaves()).toBe(1)
  await store.close()
})

test('closing undoes what was refused before others may have it', async () => {
  const { script, store, shared, of, calls } = await sharing({ commit: refuses, release: refuses })
  const task = queued()
  await failureOf(store.insert(task))
  await failureOf(shared.release(['x']))
  delete script.commit
  await store.close()
  const undone = ['session-1', [{ id: task.id, step: 1 }], NOW]
  expect(of('undo')).toEqual([undone, undone])
  const ends = calls.map(([method]) => method).filter((each) => /undo|leave|close/.test(each))
  expect(ends).toEqual(['undo', 'undo', 'leave', 'close'])
})

test('closing ends the session, and does not wait for a database that is gone', async () => {
  const { clock, store, of } = await sharing({ leave: () => new Promise(() => {}) })
  const closed = store.close()
  await clock.advance(20_000)
  await closed
  expect(of('leave')).toEqual([['session-1']])
  expect(of('close')).toEqual([[]])
  expect(clock.pending).toBe(0)
})
