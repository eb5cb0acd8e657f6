/** The gate stands before every attempt, and every permit that it gives is released. */
import { describe, expect, test } from 'bun:test'
import { anyone } from '../../src/access/caller.ts'
import type { Gate, Permit } from '../../src/droplets/gate.ts'
import { openGate } from '../support/open-gate.ts'
import type { SubmitOptions } from '../../src/tasks/submit.ts'
import { startEngine } from '../support/engine.ts'
import { allowRealTime } from '../support/eventually.ts'
import { roundTrip } from '../support/round-trip.ts'
import { hang, held, json, reply, scriptedServer } from '../support/scripted-server.ts'
import { newTask } from '../support/tasks.ts'

allowRealTime()

const CALLER = anyone('r')
const SYNC: SubmitOptions = { mode: 'sync', waitMs: 0, idempotencyKey: null, hops: 0, trace: null }
const ASYNC: SubmitOptions = { ...SYNC, mode: 'async' }
const BOTH = [SYNC, ASYNC]

/** Admits everything and writes down who comes and goes. */
function recordingGate(admit: () => Promise<void> | void = () => {}) {
  const seen: string[] = []
  const permitOf = (droplet: string): Permit => {
    let isReleased = false
    seen.push(`${droplet} enters`)
    const release: Permit['release'] = (result) => {
      if (!isReleased) seen.push(`${droplet}: ${result?.outcome ?? null}`)
      isReleased = true
    }
    const sending = () => void seen.push(`${droplet} sends`)
    return { admitted: true, sending, release }
  }
  const gate: Gate = {
    ...openGate,
    async enter({ droplet }) {
      const permit = permitOf(droplet.toLowerCase())
      await admit()
      return permit
    },
    enterNow: permitOf,
  }
  return { gate, seen }
}

const refusing: Gate = {
  ...openGate,
  enter: () => ({ admitted: false, kind: 'refused', reason: 'not today' }),
}

/** Submits, and lets the waits between the attempts pass until the task has ended. */
async function runToEnd(service: Awaited<ReturnType<typeof startEngine>>, options: SubmitOptions) {
  const submitted = service.tasks.submit(CALLER, newTask({ maxRetries: 1 }), options)
  const ended = () => service.events.find(({ type }) => type === 'ended')?.task
  while (!ended()) {
    // What was sent has its answer before the time goes on: else it would time out.
    await roundTrip()
    await service.clock.advance(250)
  }
  await submitted
  return ended()!
}

describe.each(BOTH)('a task (%o)', (options) => {
  test('enters for each attempt, and is released with what came of it', async () => {
    const { gate, seen } = recordingGate()
    const answers = [reply({ status: 503 }), json(1)]
    await using service = await startEngine((wire) => answers.shift()!(wire), { gate })
    const task = await runToEnd(service, options)
    expect(task.status).toBe('success')
    const one = ['echo enters', 'echo sends', 'echo: answered']
    expect(seen).toEqual([...one, ...one])
  })
})

test('a synchronous task that is refused is not sent, and ends with the reason', async () => {
  await using service = await startEngine(json(1), { gate: refusing })
  const task = await runToEnd(service, SYNC)
  expect(task).toMatchObject({ status: 'error', errorMessage: 'not today', attempts: [] })
  expect(service.droplet.requests).toEqual([])
  expect(service.events.map(({ type }) => type)).toEqual(['accepted', 'ended'])
})

test('a synchronous task is recorded only once it is admitted', async () => {
  const admitted = Promise.withResolvers<void>()
  const { gate, seen } = recordingGate(() => admitted.promise)
  await using service = await startEngine(json(1), { gate })
  const ended = runToEnd(service, SYNC)
  await service.clock.settle(() => seen.length > 0)
  expect(service.events).toEqual([])
  admitted.resolve()
  expect((await ended).status).toBe('success')
})

test('a synchronous task goes to where its droplet is when it is admitted', async () => {
  const admitted = Promise.withResolvers<void>()
  const { gate, seen } = recordingGate(() => admitted.promise)
  await using service = await startEngine(json('old'), { gate })
  await using elsewhere = scriptedServer(json('new'))
  const submitted = service.tasks.submit(CALLER, newTask(), SYNC)
  await service.clock.settle(() => seen.length > 0)
  await service.move({ name: 'Echo', endpoint: elsewhere.url })
  admitted.resolve()
  expect((await submitted).task).toMatchObject({ status: 'success', responseBody: '"new"' })
})

test('a synchronous task is not sent if its droplet is closed when it is admitted', async () => {
  const admitted = Promise.withResolvers<void>()
  const { gate, seen } = recordingGate(() => admitted.promise)
  await using service = await startEngine(json(1), { gate })
  const submitted = service.tasks.submit(CALLER, newTask(), SYNC)
  await service.clock.settle(() => seen.length > 0)
  await service.move({ name: 'Echo', endpoint: service.droplet.url, status: 'inactive' })
  admitted.resolve()
  expect((await submitted).task).toMatchObject({ status: 'error', attempts: [] })
  expect(seen).toEqual(['echo enters', 'echo: null'])
})

test('an asynchronous task waits in its queue until the gate has room', async () => {
  let hasRoom = false
  let tell = () => {}
  const gate: Gate = {
    ...openGate,
    hasRoom: () => hasRoom,
    onRoom: (callback) => void (tell = callback),
  }
  await using service = await startEngine(json(1), { gate })
  const { task } = await service.tasks.submit(CALLER, newTask(), ASYNC)
  await service.clock.advance(100_000)
  expect((await service.store.find(task.id))?.status).toBe('queued')
  hasRoom = true
  tell()
  await service.clock.settle(() => service.events.at(-1)?.type === 'ended')
  expect((await service.store.find(task.id))?.status).toBe('success')
})

/** Nobody gets a place; a wait for one ends when it is aborted. */
function fullGate() {
  const waiting: string[] = []
  const gate: Gate = {
    ...openGate,
    hasRoom: () => false,
    enter: ({ droplet }, stop) =>
      new Promise((resolve) => {
        waiting.push(droplet)
        const refused = { admitted: false, kind: 'refused', reason: 'aborted' } as const
        stop.addEventListener('abort', () => resolve(refused))
      }),
  }
  return { gate, waiting }
}

describe('a wait at the gate', () => {
  test('of an asynchronous task ends when it is cancelled, or its deadline has passed', async () => {
    const { gate } = fullGate()
    await using service = await startEngine(json(1), { gate })
    const { task } = await service.tasks.submit(CALLER, newTask(), ASYNC)
    const urgent = await service.tasks.submit(CALLER, newTask({ deadlineMs: 500 }), ASYNC)
    const cancelled = await service.tasks.cancel(CALLER, task.id)
    expect(cancelled).toMatchObject({ status: 'cancelled', attempts: [] })
    await service.clock.advance(499)
    expect(await service.store.find(urgent.task.id)).toMatchObject({ status: 'queued' })
    await service.clock.advance(1)
    await service.clock.settle(() => service.events.at(-1)?.task.id === urgent.task.id)
    expect(await service.store.find(urgent.task.id)).toMatchObject({
      status: 'timeout',
      attempts: [],
      durationMs: 500,
    })
    expect(service.droplet.requests).toEqual([])
  })

  test('ends when the service stops, and an asynchronous task stays queued', async () => {
    const { gate, waiting } = fullGate()
    await using service = await startEngine(json(1), { gate, config: { shutdownGraceMs: 0 } })
    const { task } = await service.tasks.submit(CALLER, newTask(), ASYNC)
    const submitted = service.tasks.submit(CALLER, newTask(), SYNC)
    await service.clock.settle(() => waiting.length === 1)
    const drained = service.engine.drain()
    await service.clock.advance(1)
    await drained
    expect((await submitted).task).toMatchObject({ status: 'error', attempts: [] })
    expect((await service.store.find(task.id))?.status).toBe('queued')
    expect(service.droplet.requests).toEqual([])
  })
})

describe('a permit is released', () => {
  test('when the store does not take the attempt', async () => {
    const { gate, seen } = recordingGate()
    await using service = await startEngine(json(1), { gate })
    service.disk.full = true
    await expect(service.tasks.submit(CALLER, newTask(), SYNC)).rejects.toThrow('disk')
    expect(seen).toEqual(['echo enters', 'echo: null'])
  })

  test('before the end of the attempt is recorded', async () => {
    const { gate, seen } = recordingGate()
    const answered = Promise.withResolvers<void>()
    await using service = await startEngine(held(answered.promise, json(1)), { gate })
    const submitted = service.tasks.submit(CALLER, newTask(), SYNC)
    await service.droplet.received(1)
    service.disk.full = true
    answered.resolve()
    await service.clock.settle(() => seen.length === 3)
    expect(seen).toEqual(['echo enters', 'echo sends', 'echo: answered'])
    service.disk.full = false
    await service.clock.advance(1000)
    expect((await submitted).task.status).toBe('success')
  })

  test.each(BOTH)('when the task is cancelled in flight (%o)', async (options) => {
    const { gate, seen } = recordingGate()
    await using service = await startEngine(hang, { gate })
    const submitted = service.tasks.submit(CALLER, newTask(), options)
    await service.droplet.received(1)
    const [started] = service.events
    await service.tasks.cancel(CALLER, started!.task.id)
    await submitted
    expect(seen).toEqual(['echo enters', 'echo sends', 'echo: cancelled'])
  })
})
