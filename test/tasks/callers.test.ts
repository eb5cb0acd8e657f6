/** Each use case keeps to what its caller may use and see. */
import { expect, test } from 'bun:test'
import { anyone, mayUse, type Caller } from '../../src/access/caller.ts'
import { DropletNames } from '../../src/access/droplet-names.ts'
import type { SubmitOptions } from '../../src/tasks/submit.ts'
import { startEngine } from '../support/engine.ts'
import { allowRealTime } from '../support/eventually.ts'
import { failureOf } from '../support/failure.ts'
import { held, json } from '../support/scripted-server.ts'
import { newTask } from '../support/tasks.ts'

allowRealTime()

const SYNC: SubmitOptions = { mode: 'sync', waitMs: 0, idempotencyKey: null, hops: 0, trace: null }

const only = (...droplets: string[]): Caller => ({
  identity: 'some token',
  droplets: new DropletNames(droplets),
  requestId: 'r',
})

test('anyone may use every droplet, others only their own, in any case', () => {
  expect(mayUse(anyone('r'), 'Echo')).toBe(true)
  expect(mayUse(only('echo'), 'ECHO')).toBe(true)
  expect(mayUse(only('other'), 'Echo')).toBe(false)
  expect(mayUse(only(), 'Echo')).toBe(false)
  for (const name of ['bill', 'Bill-1', 'BILL-É']) expect(mayUse(only('bill*'), name)).toBe(true)
  for (const name of ['bil', 'a-bill']) expect(mayUse(only('x', 'bill*'), name)).toBe(false)
})

test('a task of a droplet that the caller may not use is not there for it', async () => {
  await using service = await startEngine(json(1))
  const { tasks, droplet } = service
  const { task } = await tasks.submit(only('echo'), newTask(), SYNC)
  const stranger = only('other')
  for (const attempt of [
    tasks.find(stranger, task.id),
    tasks.find(stranger, task.id, 1000),
    tasks.cancel(stranger, task.id),
    tasks.replay(stranger, task.id, SYNC),
  ]) {
    expect(await failureOf(attempt)).toMatchObject({ code: 'TASK_NOT_FOUND' })
  }
  const refused = await failureOf(tasks.submit(stranger, newTask(), SYNC))
  expect(refused).toMatchObject({ code: 'FORBIDDEN', details: { available_droplets: [] } })
  expect(droplet.requests).toHaveLength(1)
  expect((await tasks.find(only('echo'), task.id)).id).toBe(task.id)
})

test('a key does not give away the outcome of a task that its caller may not see', async () => {
  await using service = await startEngine(json('secret'))
  const { tasks, droplet } = service
  const request = newTask()
  const withKey = { ...SYNC, idempotencyKey: 'k' }
  await tasks.submit(only('echo'), request, withKey)
  const refused = await failureOf(tasks.submit(only('other'), request, withKey))
  expect(refused).toMatchObject({ code: 'FORBIDDEN' })
  expect((await tasks.submit(only('echo'), request, withKey)).replayed).toBe(true)
  expect(droplet.requests).toHaveLength(1)
})

test('lists and counts hold only tasks of its droplets', async () => {
  await using service = await startEngine(json(1))
  const { tasks } = service
  await tasks.submit(anyone('r'), newTask(), SYNC)
  const total = async (caller: Caller, droplets?: string[]) => {
    const page = await tasks.list(caller, { limit: 9, ...(droplets ? { droplets } : {}) })
    expect(page?.tasks).toHaveLength(page!.total!)
    return page?.total
  }
  expect(await total(anyone('r'))).toBe(1)
  expect(await total(only('echo', 'other'))).toBe(1)
  expect(await total(only('other'))).toBe(0)
  expect(await total(only('other', 'EC*'))).toBe(1)
  expect(await total(only('e-*'))).toBe(0)
  expect(await total(only('echo'), ['Echo'])).toBe(1)
  expect(await total(only('other'), ['Echo'])).toBe(0)
  expect(await total(only())).toBe(0)
})

test('a key is of the name of its token: another name has another, a rotation has the same', async () => {
  await using service = await startEngine(json(1))
  const { tasks, droplet, store } = service
  const withKey = { ...SYNC, idempotencyKey: 'k' }
  const named = (identity: string | null): Caller => ({ ...anyone('r'), identity })
  const idFor = async (identity: string | null) =>
    (await tasks.submit(named(identity), newTask(), withKey)).task.id
  const ids = [await idFor('one'), await idFor('two'), await idFor(null)]
  expect(new Set(ids).size).toBe(3)
  expect([await idFor('one'), await idFor('two'), await idFor(null)]).toEqual(ids)
  expect(droplet.requests).toHaveLength(3)
  // As databases of before tokens have it.
  expect((await store.findByKey('k'))?.id).toBe(ids[2])
  const other = tasks.submit(named('two'), newTask({ path: '/other' }), withKey)
  expect(await failureOf(other)).toMatchObject({
    code: 'IDEMPOTENCY_KEY_REUSED',
    details: { task_id: ids[1] },
  })
})

test('two callers use the same word as a key at the same time', async () => {
  const gate = Promise.withResolvers<void>()
  await using service = await startEngine(held(gate.promise, json(1)))
  const { tasks, droplet } = service
  const withKey = { ...SYNC, idempotencyKey: 'k' }
  const submit = (identity: string) =>
    tasks.submit({ ...anyone('r'), identity }, newTask(), withKey)
  const first = [submit('one'), submit('two')]
  await droplet.received(2)
  expect(await failureOf(submit('one'))).toMatchObject({ code: 'IDEMPOTENCY_KEY_IN_USE' })
  gate.resolve()
  const [one, two] = await Promise.all(first)
  expect(one!.task.id).not.toBe(two!.task.id)
})
