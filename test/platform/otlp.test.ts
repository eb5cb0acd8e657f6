/** Real sockets: what arrives at a trace backend, and what becomes of it when there is none. */
import { expect, test } from 'bun:test'
import { openOtlp } from '../../src/platform/otlp.ts'
import { systemClock } from '../../src/platform/clock.ts'
import type { FinishedSpan } from '../../src/spans.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { recordingLog } from '../support/log.ts'
import { otlpReceiver } from '../support/otlp-receiver.ts'

allowRealTime()

const SPAN: FinishedSpan = {
  name: 'POST echo',
  kind: 'server',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  spanId: 'b6eb3051c990e88b',
  parentSpanId: 'b7ad6b7169203331',
  isParentRemote: true,
  flags: 1,
  state: 'a=1,b=2',
  startMs: 1_764_000_000_125,
  endMs: 1_764_000_000_129.5,
  attributes: { 'orchestrator.task_id': 'x', 'http.response.status_code': 503 },
  failure: 'HTTP 503',
}

function open(endpoint: string, headers: Record<string, string> = {}) {
  const log = recordingLog()
  const sink = openOtlp({ clock: systemClock, log, newId: () => 'an-id', endpoint, headers })
  return { sink, log }
}

test('a span arrives as it was, with who sent it', async () => {
  await using receiver = otlpReceiver()
  const { sink, log } = open(`${receiver.url}/base`, { authorization: 'Bearer abc' })
  sink.add(SPAN)
  sink.add({ ...SPAN, kind: 'client', parentSpanId: null, state: null, failure: null })
  await sink.stop()
  expect(receiver.requests).toMatchObject([
    {
      path: '/base/v1/traces',
      headers: { authorization: 'Bearer abc', 'content-type': 'application/x-protobuf' },
    },
  ])
  expect(receiver.resources).toEqual([
    {
      'service.name': 'orchestrator',
      'service.version': expect.stringMatching(/^\d/) as unknown as string,
      'service.instance.id': 'an-id',
    },
  ])
  const [first, second] = receiver.spans
  expect(first).toMatchObject({
    ...{ traceId: SPAN.traceId, spanId: SPAN.spanId, parentSpanId: SPAN.parentSpanId! },
    ...{ name: 'POST echo', kind: 'SERVER', traceState: 'a=1,b=2' },
    status: { code: 'ERROR', message: 'HTTP 503' },
    attributes: SPAN.attributes,
  })
  expect(first!.startMs).toBeCloseTo(SPAN.startMs, 2)
  expect(first!.endMs).toBeCloseTo(SPAN.endMs, 2)
  expect(second).toMatchObject({ kind: 'CLIENT', parentSpanId: '', traceState: '' })
  expect(second!.status.code).toBe('UNSET')
  // Sampled, and whether the parent is another service's (trace.proto, SpanFlags).
  expect(receiver.spans.map(({ flags }) => flags.toString(16))).toEqual(['301', '101'])
  expect(log.lines).toEqual([])
})

test('without a stop, it arrives a moment later', async () => {
  await using receiver = otlpReceiver()
  const { sink } = open(receiver.url)
  sink.add(SPAN)
  await eventually('the span', () => receiver.spans.length === 1)
  await sink.stop()
})

test('a backend that refuses is one line, and so is that it takes them again', async () => {
  await using receiver = otlpReceiver()
  const { sink, log } = open(receiver.url, { authorization: 'Bearer hush' })
  receiver.answer(401)
  for (const refused of [1, 2]) {
    sink.add(SPAN)
    await eventually('refused', () => receiver.requests.length === refused)
  }
  expect(log.lines).toEqual([
    {
      level: 'WARNING',
      msg: 'traces cannot be sent',
      fields: {
        url: `${receiver.url}/v1/traces`,
        error: expect.stringContaining('HTTP 401') as unknown as string,
      },
    },
  ])
  receiver.answer(200)
  sink.add(SPAN)
  await sink.stop()
  expect(log.messages('INFO')).toEqual(['traces are sent again'])
  expect(JSON.stringify(log.lines)).not.toContain('hush')
})

test('one that does not answer holds up no stop; what is too much is dropped and counted', async () => {
  await using receiver = otlpReceiver()
  receiver.answer(null)
  const { sink, log } = open(receiver.url)
  for (let n = 0; n < 11_600; n++) sink.add(SPAN)
  const stopped = await Promise.race([sink.stop().then(() => true), systemClock.sleep(20_000)])
  expect(stopped).toBe(true)
  const line = log.lines.find(({ msg }) => msg.startsWith('spans were dropped'))!
  // A batch is under way, and so many wait.
  expect(line.fields.dropped).toBe(1600 - 1024)
  expect(receiver.spans).toEqual([])
})

test('where nobody listens, a stop waits no longer either, and may be called again', async () => {
  const { sink, log } = open('http://127.0.0.1:1')
  sink.add(SPAN)
  await sink.stop()
  sink.add(SPAN)
  await sink.stop()
  expect(log.messages('ERROR')).toEqual([])
})
