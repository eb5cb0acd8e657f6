/** The gate as callers meet it: who waits, who is refused, and what becomes of a droplet's restart. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import {
  ASYNC,
  startOrchestrator,
  type Reply,
  type TestOrchestrator,
} from '../support/orchestrator.ts'
import { roundTrip } from '../support/round-trip.ts'
import {
  hang,
  held,
  json,
  reply,
  reset,
  scriptedServer,
  type Answer,
  type Wire,
} from '../support/scripted-server.ts'

allowRealTime()

const fine = json({ fine: true })

/** A droplet that is not there from `from` to `until`, by the clock of the service. */
function away(clock: FakeClock, from: number, until: number, instead: Answer = reset): Answer {
  const start = clock.monotonic()
  return (wire) => {
    const elapsed = clock.monotonic() - start
    return (elapsed >= from && elapsed < until ? instead : fine)(wire)
  }
}

const closed = (service: TestOrchestrator) =>
  eventually('a closed circuit', () => service.engine.gate.of('echo').circuit === 'closed')

const statusOf = ({ json }: Reply) => json.status
const codeOf = ({ json }: Reply) => json.error?.code

describe('a droplet that is away', () => {
  test.each([
    ['refuses', reset],
    ['is answered for with 503', reply({ status: 503 })],
  ])('for 3 s (%s) loses no synchronous task of a steady load', async (_, instead) => {
    const clock = new FakeClock()
    await using droplet = scriptedServer(away(clock, 500, 3500, instead))
    await using service = await startOrchestrator({ clock, mesh: { echo: droplet.url } })
    const replies: Promise<Reply>[] = []
    for (let n = 0; n < 50; n++) {
      replies.push(service.submit())
      await roundTrip()
      // It is away now: so many at once that its circuit opens, while the time stands still.
      if (n === 6) {
        for (let more = 0; more < 5; more++) replies.push(service.submit())
        await clock.settle(() => service.engine.gate.of('echo').circuit === 'open')
      }
      await clock.advance(100)
    }
    const ended = await service.passTime(Promise.all(replies), 100)
    expect(ended.map(statusOf)).toEqual(replies.map(() => 'success'))
  })

  test('for an hour costs a new synchronous task no request and no wait', async () => {
    const clock = new FakeClock()
    await using droplet = scriptedServer(away(clock, 0, 3_600_000))
    await using service = await startOrchestrator({ clock, mesh: { echo: droplet.url } })
    const first = await service.passTime(Promise.all([1, 2].map(() => service.submit())))
    expect(first.map(codeOf)).toEqual(['DROPLET_UNREACHABLE', 'DROPLET_UNREACHABLE'])
    await clock.advance(1_800_000)
    const tasks = () => droplet.calls.filter((call) => call !== 'GET /health').length
    const before = [
      tasks(),
      clock.monotonic(),
      (await service.get('/orchestrator/tasks')).json.total,
    ]
    const refused = await service.submit({}, { 'idempotency-key': 'k' })
    expect([refused.status, codeOf(refused)]).toEqual([503, 'CIRCUIT_OPEN'])
    expect(Number(refused.headers.get('retry-after'))).toBeWithin(1, 61)
    expect(refused.json.error.details.droplet_name).toBe('echo')
    const after = [
      tasks(),
      clock.monotonic(),
      (await service.get('/orchestrator/tasks')).json.total,
    ]
    expect(after).toEqual(before)
    const listed = (await service.get('/orchestrator/droplets')).json.droplets[0]
    expect(listed).toMatchObject({ circuit: 'open', in_flight: 0, waiting: 0 })
    const { gate } = (await service.get('/orchestrator/metrics')).json
    expect(gate).toEqual({ circuits_open: 1, refused_overloaded: 0, refused_circuit_open: 1 })
    // It is back, and the key of who was refused is free.
    await clock.advance(1_800_000)
    await service.passTime(closed(service), 500)
    const again = await service.submit({}, { 'idempotency-key': 'k' })
    expect([statusOf(again), again.headers.get('idempotency-replayed')]).toEqual(['success', null])
  })

  test('passes attempts over, which count for nothing but the retries', async () => {
    const clock = new FakeClock()
    await using droplet = scriptedServer(away(clock, 0, Infinity, reply({ status: 503 })))
    await using service = await startOrchestrator({
      clock,
      mesh: { echo: droplet.url },
      config: { droplets: { breakerThreshold: 1 } },
    })
    const opening = service.submit({ max_retries: 0 })
    expect((await opening).json.response_status).toBe(503)
    const probing = service.submit({ max_retries: 0 })
    const waiting = service.submit({ max_retries: 1 })
    const [probe, passed] = await service.passTime(Promise.all([probing, waiting]))
    expect(probe.json.response_status).toBe(503)
    // Passed over with the first, and the probe itself with its second.
    expect(passed.json).toMatchObject({ status: 'error', response_status: 503, retry_count: 0 })
    const task = await service.task(passed.json.task_id)
    expect(task.attempts).toEqual([expect.objectContaining({ attempt: 1, response_status: 503 })])
  })

  test('ends a task none of whose attempts was sent as unreachable, with the reason', async () => {
    const clock = new FakeClock()
    await using droplet = scriptedServer(hang)
    await using service = await startOrchestrator({
      clock,
      mesh: { echo: droplet.url },
      config: { droplets: { breakerThreshold: 1 }, task: { timeoutMs: 5000 } },
    })
    await service.passTime(service.submit({ max_retries: 0 }))
    // Takes the place of the probe, and hangs.
    const probing = service.submit({ max_retries: 0 })
    await clock.settle(() => service.engine.gate.of('echo').waiting === 1)
    const passedOver = service.submit({ max_retries: 0 })
    await clock.settle(() => service.engine.gate.of('echo').waiting === 2)
    const { status, json } = await service.passTime(passedOver)
    expect([status, json.error.code]).toEqual([503, 'DROPLET_UNREACHABLE'])
    expect(json.error.details).toMatchObject({ retry_count: 0 })
    expect(json.error.details.last_error).toStartWith('circuit open: ')
    const stored = await service.task(json.error.details.task_id)
    expect(stored).toMatchObject({ status: 'error', attempts: [] })
    await service.passTime(probing)
  })

  test('leaves an asynchronous task in the queue, which spends nothing', async () => {
    const clock = new FakeClock()
    await using droplet = scriptedServer(away(clock, 0, 600_000))
    await using service = await startOrchestrator({ clock, mesh: { echo: droplet.url } })
    await service.passTime(Promise.all([1, 2].map(() => service.submit())))
    const accepted = await service.submit({ max_retries: 0 }, ASYNC)
    await clock.advance(300_000)
    const waiting = await service.task(accepted.json.task_id)
    expect(waiting).toMatchObject({ status: 'queued', attempts: [] })
    await clock.advance(300_000)
    await service.passTime(closed(service), 500)
    const ended = await service.task(accepted.json.task_id, ({ status }) => status !== 'queued')
    const done = await service.task(ended.id, ({ status }) => status !== 'running')
    expect(done).toMatchObject({ status: 'success', retry_count: 0 })
  })

  test('is not one that answers 500 on one path', async () => {
    await using droplet = scriptedServer((wire: Wire) =>
      (wire.request.url === '/broken' ? reply({ status: 500 }) : fine)(wire),
    )
    await using service = await startOrchestrator({ mesh: { echo: droplet.url } })
    for (let n = 0; n < 30; n++) {
      const broken = await service.submit({ path: '/broken', max_retries: 0 })
      expect(broken.json.response_status).toBe(500)
    }
    expect(statusOf(await service.submit({ path: '/fine' }))).toBe('success')
    expect(service.engine.gate.of('echo').circuit).toBe('closed')
  })
})

describe('a droplet that has as many requests as it may', () => {
  const config = { droplets: { maxConcurrency: 1, maxWaiting: 1 } }

  test('has the next task wait, and one more is OVERLOADED at once, and is no task', async () => {
    const answered = Promise.withResolvers<void>()
    await using droplet = scriptedServer(held(answered.promise, fine))
    await using service = await startOrchestrator({ mesh: { echo: droplet.url }, config })
    const running = service.submit()
    await droplet.received(1)
    const waiting = service.submit()
    await service.clock.settle(() => service.engine.gate.of('echo').waiting === 1)
    const refused = await service.submit({}, { 'idempotency-key': 'k' })
    expect([refused.status, codeOf(refused)]).toEqual([503, 'OVERLOADED'])
    expect(refused.headers.get('retry-after')).toBe('5')
    // Only the one that runs is recorded.
    expect((await service.get('/orchestrator/tasks')).json.total).toBe(1)
    answered.resolve()
    expect((await Promise.all([running, waiting])).map(statusOf)).toEqual(['success', 'success'])
    expect(statusOf(await service.submit({}, { 'idempotency-key': 'k' }))).toBe('success')
    expect((await service.get('/orchestrator/tasks')).json.total).toBe(3)
  })

  test('the wait counts against timeout_ms and deadline_ms, and ends as OVERLOADED', async () => {
    await using droplet = scriptedServer(hang)
    await using service = await startOrchestrator({
      mesh: { echo: droplet.url },
      config: { droplets: { maxConcurrency: 1 } },
    })
    const running = service.submit({ max_retries: 0 })
    await droplet.received(1)
    const timed = service.submit({ timeout_ms: 1000 })
    const late = service.submit({ deadline_ms: 1000 })
    const [one, other] = await service.passTime(Promise.all([timed, late]))
    expect([codeOf(one), codeOf(other)]).toEqual(['OVERLOADED', 'OVERLOADED'])
    expect(droplet.requests.length).toBe(1)
    expect(codeOf(await service.passTime(running))).toBe('TIMEOUT')
    expect((await service.get('/orchestrator/tasks')).json.total).toBe(1)
  })

  test('holds up no other droplet', async () => {
    await using slow = scriptedServer(hang)
    await using fast = scriptedServer(fine)
    await using service = await startOrchestrator({
      mesh: { echo: slow.url, fast: fast.url },
      config,
    })
    const hanging = service.submit({ max_retries: 0 })
    await slow.received(1)
    expect(statusOf(await service.submit({ droplet_name: 'fast' }))).toBe('success')
    await service.passTime(hanging)
  })

  test('TASK_MAX_RUNNING tasks at once, whatever their droplets', async () => {
    await using slow = scriptedServer(hang)
    await using fast = scriptedServer(fine)
    await using service = await startOrchestrator({
      mesh: { echo: slow.url, fast: fast.url },
      config: { task: { maxRunning: 2 } },
    })
    const hanging = [service.submit({ max_retries: 0 }), service.submit({ max_retries: 0 })]
    await slow.received(2)
    const refused = await service.submit({ droplet_name: 'fast' })
    expect([refused.status, codeOf(refused)]).toEqual([503, 'OVERLOADED'])
    const accepted = await service.submit({ droplet_name: 'fast' }, ASYNC)
    expect((await service.task(accepted.json.task_id)).status).toBe('queued')
    await service.passTime(Promise.all(hanging))
    await service.task(accepted.json.task_id, ({ status }) => status === 'success')
  })
})
