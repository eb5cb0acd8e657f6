/** CONTRACT, section 11: the caller's trace goes through every task, and without one it begins here. */
import { describe, expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator } from '../support/orchestrator.ts'
import { sendRaw } from '../support/raw-http.ts'
import {
  hang,
  json,
  scriptedServer,
  sequenceServer,
  type Received,
} from '../support/scripted-server.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const TASKS = '/orchestrator/tasks'
const TRACE = '0af7651916cd43dd8448eb211c80319c'
const CALLER = { traceparent: `00-${TRACE}-b7ad6b7169203331-00`, tracestate: 'a=1,b=2' }

/** The parts of the `traceparent` that a droplet got. */
function sent({ headers }: Received) {
  const [version, traceId, spanId, flags] = headers.traceparent!.split('-')
  return { version, traceId, spanId, flags, state: headers.tracestate }
}

const withoutDashes = (id: string) => id.replaceAll('-', '')

describe('each attempt has a span of its own', () => {
  test.each([
    ['without a caller', {}, null, '01', undefined],
    ['with one', CALLER, TRACE, '00', 'a=1,b=2'],
    ['with one that is not valid', { ...CALLER, traceparent: '00-x' }, null, '01', undefined],
  ])('%s', async (_, headers, trace, flags, state) => {
    await using upstream = sequenceServer(json(1, 503), json(1, 503), json(2))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const { json: outcome } = await service.skipWaits(service.submit({}, headers))
    const traceId = trace ?? withoutDashes(outcome.task_id)
    const all = upstream.requests.map(sent)
    expect(all).toHaveLength(3)
    for (const each of all) expect(each).toMatchObject({ version: '00', traceId, flags })
    for (const each of all) expect(each.state).toBe(state)
    expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(3)
    expect(all.map(({ spanId }) => spanId)).not.toContain('b7ad6b7169203331')
    expect(await service.task(outcome.task_id)).toMatchObject({ trace_id: traceId })
  })
})

test('an asynchronous task has its trace over a restart too; a replay goes by its own request', async () => {
  using dir = temporaryDir()
  await using upstream = scriptedServer(hang)
  const options = { mesh: { echo: upstream.url }, config: { task: { db: dir.file('tasks.db') } } }
  await using before = await startOrchestrator(options)
  const { json: accepted } = await before.submit({}, { ...ASYNC, ...CALLER })
  await upstream.received(1)
  await before.stop()
  upstream.script(json(1))
  await using after = await startOrchestrator({ ...options, clock: before.clock })
  const task = await after.task(accepted.task_id, ({ status }) => status === 'success')
  expect(task.trace_id).toBe(TRACE)
  const replay = `${TASKS}/${accepted.task_id}/replay`
  const other = { traceparent: CALLER.traceparent.replaceAll('0af', 'fff') }
  await after.post(replay, undefined, other)
  const { json: replayed } = await after.post(replay)
  const all = upstream.requests.map(sent)
  expect(all.map(({ traceId }) => traceId)).toEqual([
    ...[TRACE, TRACE, TRACE.replace('0af', 'fff')],
    withoutDashes(replayed.task_id),
  ])
  expect(all.map(({ state }) => state)).toEqual(['a=1,b=2', 'a=1,b=2', undefined, undefined])
  expect(new Set(all.map(({ spanId }) => spanId)).size).toBe(4)
})

test('a message is in the trace of its request', async () => {
  await using upstream = scriptedServer(json({ fine: true }))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const message = { target: 'echo', message_type: 'event' }
  const headers = { ...CALLER, 'x-request-id': 'r-send' }
  const reply = await service.post('/orchestrator/send', message, headers)
  expect(sent(upstream.requests[0]!)).toMatchObject({ traceId: TRACE, state: 'a=1,b=2' })
  const task = await service.task(reply.headers.get('x-task-id')!)
  expect(task.trace_id).toBe(TRACE)
  const line = service.log.lines.find(({ msg }) => msg === 'request')!
  expect(line.fields).toMatchObject({ request_id: 'r-send', trace_id: TRACE, droplet: 'echo' })
})

test('the lines of the log have it, those of the request and of the task', async () => {
  await using upstream = scriptedServer(json(1, 500))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const headers = { ...CALLER, 'x-request-id': 'r-1' }
  await service.submit({ max_retries: 0 }, headers)
  const lines = service.log.lines.filter(({ fields }) => fields.request_id === 'r-1')
  expect(lines.map(({ msg }) => msg)).toContain('request')
  expect(lines.map(({ msg }) => msg)).toContain('task failed')
  for (const { fields } of lines) expect(fields.trace_id).toBe(TRACE)
})

test('of several lines of tracestate all count, of several of traceparent none', async () => {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const submit = (...lines: string[]) => {
    const body = '{"droplet_name":"echo","path":"/"}'
    const head = ['POST /orchestrator/tasks HTTP/1.1', 'Host: x', 'Connection: close', ...lines]
    return sendRaw(
      service.url,
      `${head.join('\r\n')}\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
    )
  }
  const parent = `traceparent: ${CALLER.traceparent}`
  await submit('tracestate: a=1', parent, 'tracestate: b=2,c=3')
  const { json: outcome } = await submit(parent, parent)
  expect(upstream.requests.map(sent)).toMatchObject([
    { traceId: TRACE, state: 'a=1,b=2,c=3' },
    { traceId: withoutDashes(outcome.task_id), state: undefined },
  ])
})

test('an Idempotency-Key is that of the same request, whatever trace it is in', async () => {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const key = { 'idempotency-key': 'k' }
  const { json: first } = await service.submit({}, { ...key, ...CALLER })
  const { json: second } = await service.submit({}, key)
  expect(second.task_id).toBe(first.task_id)
  expect(upstream.requests).toHaveLength(1)
})
