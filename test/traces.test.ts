/** The whole way: from a request to what arrives at a trace backend. */
import { expect, test } from 'bun:test'
import { join } from 'node:path'
import { allowRealTime } from './support/eventually.ts'
import { startOrchestrator } from './support/orchestrator.ts'
import { otlpReceiver } from './support/otlp-receiver.ts'
import { json, scriptedServer, sequenceServer } from './support/scripted-server.ts'

allowRealTime()

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const caller = (flags: string) => ({ traceparent: `00-${TRACE}-b7ad6b7169203331-${flags}` })

test('a task and its attempts: what the droplet was told is what the backend has', async () => {
  await using receiver = otlpReceiver()
  await using upstream = sequenceServer(json(1, 503), json(2), json(3), json(4))
  await using service = await startOrchestrator({
    mesh: { echo: upstream.url },
    config: { traces: { endpoint: receiver.url } },
  })
  await service.skipWaits(service.submit({ path: '/a?key=hush' }, caller('01')))
  await service.submit({}, caller('00'))
  const { json: own } = await service.submit()
  await service.stop()
  const told = upstream.requests.map(({ headers }) => headers.traceparent!.split('-')[2]!)
  const of = (traceId: string) => receiver.spans.filter((span) => span.traceId === traceId)
  const [first, second, task] = of(TRACE)
  expect([first!.spanId, second!.spanId]).toEqual(told.slice(0, 2))
  expect(task).toMatchObject({ parentSpanId: 'b7ad6b7169203331', status: { code: 'UNSET' } })
  expect(first).toMatchObject({ parentSpanId: task!.spanId, status: { code: 'ERROR' } })
  expect(second!.attributes).toMatchObject({
    'http.request.resend_count': 1,
    'url.full': `${upstream.url}/a?key=REDACTED`,
    'server.port': Number(new URL(upstream.url).port),
  })
  // Its caller wants nobody to keep it.
  expect(receiver.spans.map(({ spanId }) => spanId)).not.toContain(told[2]!)
  expect(of(own.task_id.replaceAll('-', ''))).toHaveLength(2)
})

test('of the traces that begin here only a share is sent, and droplets are told', async () => {
  await using receiver = otlpReceiver()
  await using upstream = scriptedServer(json(1))
  const traces = { endpoint: receiver.url, share: 0 }
  await using service = await startOrchestrator({
    mesh: { echo: upstream.url },
    config: { traces },
  })
  await service.submit()
  await service.submit({}, caller('01'))
  await service.stop()
  const flags = upstream.requests.map(({ headers }) => headers.traceparent!.split('-')[3])
  expect(flags).toEqual(['00', '01'])
  expect(new Set(receiver.spans.map(({ traceId }) => traceId))).toEqual(new Set([TRACE]))
})

test.each([
  [[], 'nothing of the SDK is loaded', 0],
  [['http://127.0.0.1:1'], 'it is', 100],
])('with %p: %s', async (args, _, atLeast) => {
  const program = join(import.meta.dir, 'support/loaded-modules.ts')
  const child = Bun.spawn([process.execPath, program, ...args], { stdout: 'pipe' })
  const loaded = Number(await new Response(child.stdout).text())
  expect(await child.exited).toBe(0)
  if (atLeast === 0) expect(loaded).toBe(0)
  else expect(loaded).toBeGreaterThan(atLeast)
})
