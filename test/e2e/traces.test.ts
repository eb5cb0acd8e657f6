/** The binary and a trace backend: OTLP over HTTP, protobuf. */
import { expect, test } from 'bun:test'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime } from '../support/eventually.ts'
import { otlpReceiver } from '../support/otlp-receiver.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const TRACE = '0af7651916cd43dd8448eb211c80319c'

test('its last spans are out before it ends; no proxy of the environment is asked', async () => {
  await using receiver = otlpReceiver()
  await using echo = scriptedServer(json(1))
  using home = serviceHome({ echo: echo.url })
  const proxy = 'http://127.0.0.1:1'
  await using service = await home.start({
    OTEL_EXPORTER_OTLP_ENDPOINT: `${receiver.url}/`,
    OTEL_EXPORTER_OTLP_HEADERS: 'authorization=Bearer%20abc',
    ...{ HTTP_PROXY: proxy, http_proxy: proxy, HTTPS_PROXY: proxy, ALL_PROXY: proxy },
  })
  const traceparent = `00-${TRACE}-b7ad6b7169203331-01`
  const { json: outcome } = await service.submit({}, { traceparent })
  expect((await service.task(outcome.task_id)).trace_id).toBe(TRACE)
  await service.stop()
  expect(service.exitCode).toBe(0)
  expect(receiver.spans.map(({ traceId, kind }) => [traceId, kind])).toEqual([
    [TRACE, 'CLIENT'],
    [TRACE, 'SERVER'],
  ])
  const { path, headers } = receiver.requests[0]!
  expect([path, headers.authorization]).toEqual(['/v1/traces', 'Bearer abc'])
  expect(echo.requests[0]!.headers.traceparent).toContain(`-${receiver.spans[0]!.spanId}-01`)
  expect(service.log('request').at(-1)).toMatchObject({ trace_id: TRACE })
  expect(service.stdout).not.toContain('abc')
})

test('a backend that is not there disturbs nothing', async () => {
  await using echo = scriptedServer(json(1))
  using home = serviceHome({ echo: echo.url })
  await using service = await home.start({ OTEL_EXPORTER_OTLP_ENDPOINT: 'http://127.0.0.1:1' })
  for (let n = 0; n < 20; n++) expect((await service.submit()).status).toBe(200)
  await service.stop()
  expect(service.exitCode).toBe(0)
})

test('without the setting, nothing is sent anywhere, whatever other variables say', async () => {
  await using receiver = otlpReceiver()
  await using echo = scriptedServer(json(1))
  using home = serviceHome({ echo: echo.url })
  await using service = await home.start({ OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: receiver.url })
  await service.submit()
  await service.stop()
  expect(receiver.requests).toEqual([])
})
