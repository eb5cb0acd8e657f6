/** What a node keeps of the work that it shares with others, and what it leaves to them. */
import { expect, test } from 'bun:test'
import { anyone } from '../../src/access/caller.ts'
import type { Gate } from '../../src/droplets/gate.ts'
import type { FencedClaim, SharedDatabase, SharedWrite } from '../../src/store/shared/database.ts'
import { openShared } from '../../src/store/shared/shared-driver.ts'
import type { SubmitOptions } from '../../src/tasks/submit.ts'
import type { Task } from '../../src/task.ts'
import { startEngine } from '../support/engine.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { openGate } from '../support/open-gate.ts'
import { claimOf, scriptedDatabase } from '../support/scripted-database.ts'
import { hang, json, type Answer } from '../support/scripted-server.ts'
import { newTask, NOW, queued } from '../support/tasks.ts'

allowRealTime()

const CALLER = anyone('r')
const SYNC: SubmitOptions = { mode: 'sync', waitMs: 0, idempotencyKey: null, hops: 0, trace: null }
const ASYNC: SubmitOptions = { ...SYNC, mode: 'async' }
const LEASE_MS = 30_000

/** A node, with one slot unless told otherwise. `theirs`: tasks that are in the database, and not of this node. */
async function sharing(
  answer: Answer,
  options: { gate?: Gate; concurrency?: number; theirs?: readonly Task[] } = {},
) {
  const { gate, concurrency = 1, theirs = [] } = options
  const tasks = new Map(theirs.map((task) => [task.id, task]))
  const writes: SharedWrite[] = []
  const { database, script, of } = scriptedDatabase({
    async commit(all) {
      writes.push(...all)
      for (const { task } of all) tasks.set(task.id, task)
      return []
    },
    find: async (id) => tasks.get(id) ?? null,
  })
  const leaseClock = new FakeClock(NOW)
  const node = { name: 'a', version: '1' }
  const ports = { clock: leaseClock, log: recordingLog() }
  const driver = await openShared({ ...ports, database, node, leaseMs: LEASE_MS, maxBacklog: 9 })
  const service = await startEngine(answer, {
    ...(gate && { gate }),
    config: { task: { concurrency } },
    driver: () => driver,
  })
  /** Submits one; whether it is this node's, once it is written. */
  const submit = async (delayMs = 0) => {
    await service.tasks.submit(CALLER, newTask({ delayMs }), ASYNC)
    return writes.findLast(({ kind }) => kind === 'insert')!.hold !== null
  }
  return {
    ...{ service, script, of, writes, submit, leaseClock },
    [Symbol.asyncDispose]: () => service[Symbol.asyncDispose](),
  }
}

/** Hands these out once. */
function claiming(...claims: FencedClaim[]): SharedDatabase['claim'] {
  return async () => claims.splice(0)
}

const shut: Gate = { ...openGate, hasRoom: () => false, isShut: () => true }

test('what is accepted here is begun here: as much as waits for the slots once more', async () => {
  await using node = await sharing(hang)
  expect(await node.submit()).toBe(true)
  await node.service.droplet.received(1)
  expect(await node.submit()).toBe(true)
  expect(await node.submit()).toBe(false)
  expect(node.service.tasks.queued).toBe(1)
})

test('what is due later is left to whoever is there then', async () => {
  await using node = await sharing(hang)
  expect(await node.submit(1000)).toBe(true)
  await using other = await sharing(hang)
  expect(await other.submit(1001)).toBe(false)
})

test('while a circuit is open, one task waits for it here, and the rest is left to all', async () => {
  await using node = await sharing(hang, { gate: shut, concurrency: 8 })
  expect(await node.submit()).toBe(true)
  expect(await node.submit()).toBe(false)
  const claims = [claimOf(queued()), claimOf(queued())]
  const ids = claims.map(({ task }) => task.id)
  node.script.claim = claiming(...claims)
  await node.service.clock.advance(3000)
  const released = node.of('release').flatMap(([holds]) => holds as { id: string }[])
  expect(released.map(({ id }) => id).sort()).toEqual(ids.sort())
  expect(node.service.tasks.queued).toBe(1)
  const [, , except] = node.of('claim').at(-1)!
  expect(except).toEqual(['echo'])
})

test('a task that no node has is taken to be cancelled, and nothing of it is sent', async () => {
  const task = queued()
  await using node = await sharing(json(1), { theirs: [task] })
  node.script.take = async () => claimOf(task, 4)
  expect(await node.service.tasks.cancel(CALLER, task.id)).toMatchObject({ status: 'cancelled' })
  expect(node.writes.at(-1)).toMatchObject({ kind: 'update', hold: { fence: 4 } })
  expect(node.service.droplet.requests).toEqual([])
})

test('a task that a dead node was to cancel already is cancelled by who asks again', async () => {
  const task = queued()
  await using node = await sharing(json(1), { theirs: [task] })
  node.script.take = async () => claimOf(task, 4, { isCancelAsked: true, waitMs: 50_000 })
  expect(await node.service.tasks.cancel(CALLER, task.id)).toMatchObject({ status: 'cancelled' })
})

test('a task whose owner died before it could cancel it is cancelled, and nothing of it is sent', async () => {
  const [task, other] = [queued(), queued()]
  await using node = await sharing(json(1), { theirs: [task, other] })
  node.script.claim = claiming(
    claimOf({ ...task, status: 'running' }, 4, { isCancelAsked: true }),
    claimOf(other),
  )
  await node.service.clock.advance(3000)
  await eventually('both have ended', () => {
    const ends = new Map(node.writes.map(({ task: { id, status } }) => [id, status]))
    return ends.get(task.id) === 'cancelled' && ends.get(other.id) === 'success'
  })
  expect(node.service.droplet.requests).toHaveLength(1)
})

test('what was due before it was claimed stays due for so long', async () => {
  const [newer, older] = [queued({ path: '/newer' }), queued({ path: '/older' })]
  await using node = await sharing(hang, { theirs: [newer, older] })
  node.script.claim = claiming(
    claimOf(older, 2, { waitMs: -3_600_000, ageMs: 3_600_000 }),
    claimOf(newer, 2, { waitMs: -60_000, ageMs: 60_000 }),
  )
  await node.service.clock.advance(1000)
  await node.service.droplet.received(1)
  expect(node.service.droplet.requests.map(({ url }) => url)).toEqual(['/older'])
  expect(node.service.tasks.load().oldestAgeMs).toBeWithin(60_000, 62_000)
})

test('a synchronous task of a node that is dead ends as interrupted', async () => {
  const task = queued({ mode: 'sync' })
  await using node = await sharing(json(1), { theirs: [task] })
  node.script.claim = claiming(claimOf(task))
  await node.service.clock.advance(3000)
  expect(node.writes.map(({ task: { status, errorMessage } }) => [status, errorMessage])).toEqual([
    ['error', 'interrupted by a restart'],
  ])
  expect(node.service.droplet.requests).toEqual([])
})

test('the end of an interrupted task that is another node’s by now is dropped with a warning', async () => {
  const task = queued({ mode: 'sync' })
  await using node = await sharing(json(1), { theirs: [task] })
  node.script.claim = claiming(claimOf(task))
  node.script.commit = async (all) => all.map((_, index) => ({ index, reason: 'not owned' }))
  await node.service.clock.advance(3000)
  expect(node.service.log.lines.filter(({ level }) => level === 'WARNING')).toEqual([
    {
      level: 'WARNING',
      msg: 'a task is no longer ours',
      fields: { task_id: task.id, error: `task ${task.id}, update: not owned` },
    },
  ])
})

test('a synchronous task of a node that is dead needs no slot to end', async () => {
  const orphan = queued({ mode: 'sync' })
  await using node = await sharing(hang, { theirs: [orphan] })
  await node.submit()
  await node.service.droplet.received(1)
  await node.submit()
  node.script.claim = claiming(claimOf(orphan))
  await node.service.clock.advance(3000)
  expect(node.writes.at(-1)!.task).toMatchObject({ id: orphan.id, status: 'error' })
})

test('a synchronous task that the database does not give to this node is not sent', async () => {
  await using node = await sharing(json(1))
  node.script.commit = async () => [{ index: 0, reason: 'not owned' }]
  node.script.renew = async () => false
  const submitted = node.service.tasks.submit(CALLER, newTask(), SYNC)
  expect(await failureOf(submitted)).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect(node.service.droplet.requests).toEqual([])
  expect(node.service.store.fault).toBe('this node has lost its lease in the database')
})

test('a node that stops gives back what waits, and what comes from a question under way', async () => {
  const late = queued()
  await using node = await sharing(hang)
  const asked = Promise.withResolvers<FencedClaim[]>()
  await node.submit()
  await node.service.droplet.received(1)
  node.script.claim = () => asked.promise
  await node.service.clock.advance(3000)
  await node.submit()
  const { id: waiting } = node.writes.at(-1)!.task
  const drained = node.service.engine.drain()
  asked.resolve([claimOf(late)])
  await node.service.clock.settle()
  const released = node.of('release').flatMap(([holds]) => holds as { id: string }[])
  expect(released.map(({ id }) => id)).toEqual([waiting, late.id])
  await node.service.clock.advance(60_000)
  await drained
})

test('a node that stops gives back what is committed only then', async () => {
  await using node = await sharing(hang, { concurrency: 8 })
  const { commit } = node.script
  const held = Promise.withResolvers<void>()
  node.script.commit = (...args) => held.promise.then(() => commit!(...args))
  const submitted = node.submit()
  await node.service.clock.settle(() => node.of('commit').length === 1)
  const drained = node.service.engine.drain()
  held.resolve()
  expect(await submitted).toBe(true)
  await node.service.clock.settle()
  const released = node.of('release').flatMap(([holds]) => holds as { id: string }[])
  expect(released.map(({ id }) => id)).toEqual([node.writes.at(-1)!.task.id])
  await node.service.clock.advance(60_000)
  await drained
})

test('a lease that is lost ends all that it was for: nothing more of it is sent or written', async () => {
  await using node = await sharing(hang)
  await node.submit()
  await node.service.droplet.received(1)
  await node.submit()
  const called = failureOf(node.service.tasks.submit(CALLER, newTask(), SYNC))
  await node.service.droplet.received(2)
  const before = node.writes.length
  node.script.renew = async () => false
  await node.leaseClock.advance(LEASE_MS / 3)
  expect(await called).toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await node.service.clock.settle(() => node.service.droplet.connections === 0)
  await node.service.clock.advance(60_000)
  expect(node.writes).toHaveLength(before)
  expect(node.service.droplet.requests).toHaveLength(2)
  expect([node.service.tasks.queued, node.service.tasks.running]).toEqual([0, 0])
})
