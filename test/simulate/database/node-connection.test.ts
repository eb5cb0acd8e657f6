import { describe, expect, test } from 'bun:test'
import type { SharedDatabase } from '../../../src/store/shared/database.ts'
import { testConfig } from '../../support/config.ts'
import { CrashPoints } from '../faults/crash-points.ts'
import { newProcess, pause, resume } from '../service/sim-process.ts'
import { runUntil } from '../world/run-until.ts'
import { World } from '../world/world.ts'
import { DatabaseServer, type ServerObserver } from './database-server.ts'
import { NodeConnection, sharedDatabase, type ConnectionObserver } from './node-connection.ts'
import { NodeLink, type LinkBehavior } from './node-link.ts'
import { Notifications } from './notifications.ts'

const MINUTE = 60_000
const LEASE_MS = 30_000
const nothing = () => {}

function worldOfTwo(seed = 1) {
  const world = new World(seed)
  const sessions: string[] = []
  const serverObserver: ServerObserver = {
    asker: null,
    joined: (session) => void sessions.push(session),
    ...{ renewed: nothing, died: nothing, owned: nothing, claimed: nothing, written: nothing },
    ...{ refused: nothing, undone: nothing, forgotten: nothing },
  }
  const server = new DatabaseServer(world, { maxFinished: 10, ttlMs: 0 }, serverObserver)
  const notifications = new Notifications(world)
  const observer: ConnectionObserver = {
    ...{ commitRequested: nothing, acknowledged: nothing, asked: nothing, heard: nothing },
  }
  const crashPoints = new CrashPoints(nothing)
  const node = (name: string, number: number) => {
    const link = new NodeLink(world, name, world.random.fork(name))
    const process = newProcess(number, testConfig(), 0, { node: name, wall: () => 0 })
    const ports = { server, link, notifications, observer, crashPoints }
    return { link, process, database: sharedDatabase(new NodeConnection(ports, process), process) }
  }
  return { world, server, sessions, a: node('a', 1), b: node('b', 2) }
}

const join = (database: SharedDatabase) => database.join({ name: 'a', version: '1' }, LEASE_MS)

/** How a promise has settled after `ms`. */
async function settledAfter<T>(world: World, ms: number, promise: Promise<T>): Promise<string> {
  let how = 'open'
  void promise.then(
    (value) => (how = `answered ${value}`),
    (error: Error) => (how = error.message),
  )
  await runUntil(world, world.now + ms, () => false)
  return how
}

test('asks, and is answered', async () => {
  const { world, a } = worldOfTwo()
  expect(await settledAfter(world, 1000, join(a.database))).toBe('answered s1')
})

describe('a statement that fails', () => {
  /** Over many seeds: what the asker heard, and whether it was done. */
  async function outcomes(behavior: LinkBehavior): Promise<Set<string>> {
    const seen = new Set<string>()
    for (let seed = 1; seed <= 150; seed++) {
      const { world, a, sessions } = worldOfTwo(seed)
      a.link.setBehavior(behavior)
      let before = 0
      const joined = join(a.database).finally(() => (before = sessions.length))
      const how = await settledAfter(world, 20_000, joined)
      await runUntil(world, MINUTE, () => false)
      const done = before > 0 ? 'done' : sessions.length > 0 ? 'done late' : 'not done'
      seen.add(`${how.split(' ')[0]}, ${done}`)
    }
    return seen
  }

  test('on a flaky way may have been done, or be done later', async () => {
    const all = [
      'answered, done',
      'Connection, done',
      'Connection, done late',
      'Connection, not done',
    ]
    expect(await outcomes('flaky')).toEqual(new Set(all) as never)
  })

  test('is refused at once when there is no way, and never done', async () => {
    expect(await outcomes('refused')).toEqual(new Set(['Connection, not done']) as never)
  })
})

test('a server that stalls goes on, or ends what has waited for too long', async () => {
  const { world, server, a, sessions } = worldOfTwo()
  server.setBehavior('stalled')
  const asked = join(a.database)
  expect(await settledAfter(world, 5000, asked)).toBe('open')
  server.setBehavior('healthy')
  expect(await settledAfter(world, 1000, asked)).toBe('answered s1')
  server.setBehavior('stalled')
  expect(await settledAfter(world, 11_000, join(a.database))).toMatch(/statement timeout/)
  server.setBehavior('healthy')
  await runUntil(world, MINUTE, () => false)
  expect(sessions).toEqual(['s1'])
})

test('a server that was down declares nobody dead for a lease', async () => {
  const { world, server, a, b } = worldOfTwo()
  await settledAfter(world, 1000, join(a.database))
  server.setBehavior('down')
  expect(await settledAfter(world, 1000, join(b.database))).toBe('Connection closed')
  await runUntil(world, 2 * MINUTE, () => false)
  server.setBehavior('healthy')
  await settledAfter(world, 1000, b.database.declareDead('s2', LEASE_MS))
  expect(await settledAfter(world, 1000, a.database.renew('s1', LEASE_MS))).toBe('answered true')
})

test('nothing happens in a process that is paused, and then all of it, in order', async () => {
  const { world, a } = worldOfTwo()
  const heard: string[] = []
  const note = (what: string) => () => void heard.push(what)
  pause(a.process)
  void join(a.database).then(note('joined'))
  a.database.onNotify(note('told'))
  world.after(100, () => {})
  await runUntil(world, 1000, () => false)
  expect(heard).toEqual([])
  resume(a.process, world)
  await runUntil(world, 2000, () => false)
  expect(heard).toEqual(['joined'])
})

test('what one tells the others hear, mostly', async () => {
  const { world, a, b } = worldOfTwo()
  let heard = 0
  a.database.onNotify(() => heard--)
  b.database.onNotify(() => heard++)
  for (let n = 0; n < 100; n++) a.database.notify('work')
  await runUntil(world, MINUTE, () => false)
  expect(heard).toBeGreaterThan(80)
  expect(heard).not.toBe(100)
})
