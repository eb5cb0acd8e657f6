/** The metrics for Prometheus: which form who gets, and that the numbers are right. */
import { describe, expect, test } from 'bun:test'
import { createScrape } from '../../src/telemetry/scrape.ts'
import { RequestDurations } from '../../src/telemetry/request-durations.ts'
import { LINES_A_TURN } from '../../src/telemetry/exposition.ts'
import { allowRealTime } from '../support/eventually.ts'
import { readMetricsPage, type MetricsPage } from '../support/metrics-page.ts'
import { ASYNC, startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { deadUrl, hang, json, scriptedServer, sequenceServer } from '../support/scripted-server.ts'

allowRealTime()

const JSON_TYPE = 'application/json'
const OPEN_METRICS = 'application/openmetrics-text; version=1.0.0; charset=utf-8'
const TEXT = 'text/plain; version=0.0.4; charset=utf-8'

async function scrape(service: TestOrchestrator): Promise<MetricsPage> {
  const { text } = await service.get('/orchestrator/metrics', { accept: OPEN_METRICS })
  return readMetricsPage(text)
}

/** What Prometheus 2.42 and 3.0 send. */
const PROMETHEUS_2 =
  'application/openmetrics-text;version=1.0.0,application/openmetrics-text;version=0.0.1;q=0.75,text/plain;version=0.0.4;q=0.5,*/*;q=0.1'
const PROMETHEUS_3 =
  'application/openmetrics-text;version=1.0.0;escaping=allow-utf-8;q=0.5,application/openmetrics-text;version=0.0.1;q=0.4,text/plain;version=1.0.0;escaping=allow-utf-8;q=0.3,text/plain;version=0.0.4;q=0.2,*/*;q=0.1'

describe('by the header Accept', () => {
  test.each([
    [PROMETHEUS_2, OPEN_METRICS],
    [PROMETHEUS_3, OPEN_METRICS],
    ['application/openmetrics-text', OPEN_METRICS],
    ['APPLICATION/OpenMetrics-Text;Version="1.0.0"', OPEN_METRICS],
    ['text/plain', TEXT],
    ['text/plain;version=0.0.4', TEXT],
    ['text/*', TEXT],
    ['text/plain;charset=utf-8;q=0.5, image/png', TEXT],
    ['application/openmetrics-text;q=0.2, text/plain;q=0.3', TEXT],
    ['application/json;q=0.1, text/plain;q=0.2', TEXT],
    ['application/json;q=0, text/plain;q=0, */*', OPEN_METRICS],
    ['*/*', JSON_TYPE],
    ['application/*', JSON_TYPE],
    ['application/json, text/plain, */*', JSON_TYPE],
    ['application/json, text/plain;q=0.9', JSON_TYPE],
    ['text/html,application/xhtml+xml,application/xml;q=0.9,image/webp,*/*;q=0.8', JSON_TYPE],
    // Of versions that we don't have, and of nothing that we have.
    ['application/openmetrics-text;version=0.0.1,*/*;q=0.1', JSON_TYPE],
    ['text/plain;version=1.0.0', JSON_TYPE],
    ['image/png', JSON_TYPE],
    ['text/plain;q=0', JSON_TYPE],
    [',;"=', JSON_TYPE],
  ])('%s gets %s', async (accept, type) => {
    await using service = await startOrchestrator()
    const { status, headers, text } = await service.get('/orchestrator/metrics', { accept })
    expect(status).toBe(200)
    expect(headers.get('content-type')!.replace('json;charset=utf-8', 'json')).toBe(type)
    expect(headers.get('vary')).toBe('Accept')
    if (type === JSON_TYPE) return expect(JSON.parse(text).service).toBe('orchestrator')
    expect(text.endsWith('\n# EOF\n')).toBe(type === OPEN_METRICS)
    return expect(readMetricsPage(text).value('orchestrator_store_writable')).toBe(1)
  })

  test('without one it is JSON; HEAD says what GET would', async () => {
    await using service = await startOrchestrator()
    const { headers, text } = await service.call('HEAD', '/orchestrator/metrics/', {
      headers: { accept: TEXT },
    })
    expect([headers.get('content-type'), text]).toEqual([TEXT, ''])
  })

  test('where pages of other origins may ask, answers vary by both', async () => {
    const config = { access: { corsOrigins: ['https://page.example'] } }
    await using service = await startOrchestrator({ config })
    for (const accept of [TEXT, JSON_TYPE]) {
      const { headers } = await service.get('/orchestrator/metrics', { accept })
      expect(headers.get('vary')).toBe('Origin, Accept')
    }
    expect((await service.get('/orchestrator/health')).headers.get('vary')).toBe('Origin')
  })
})

test('numbers are what happened, and those of the JSON form', async () => {
  await using good = scriptedServer(json(1))
  await using flaky = sequenceServer(json(1, 500), json(1))
  await using bad = scriptedServer(json(1, 503))
  const mesh = { Good: good.url, flaky: flaky.url, bad: bad.url, gone: await deadUrl() }
  await using service = await startOrchestrator({ mesh })
  await service.submit({ droplet_name: 'good' })
  await service.submit({ droplet_name: 'GOOD' })
  await service.skipWaits(service.submit({ droplet_name: 'flaky' }))
  await service.skipWaits(service.submit({ droplet_name: 'bad', max_retries: 2 }))
  await service.submit({ droplet_name: 'gone', max_retries: 0 })
  await service.submit({ droplet_name: 'nobody' })
  const { json: inJson } = await service.get('/orchestrator/metrics')
  const page = await scrape(service)

  const tasks = (labels: Record<string, string>) => page.sum('orchestrator_tasks_total', labels)
  expect(tasks({ droplet: 'Good', status: 'success' })).toBe(2)
  expect(tasks({ droplet: 'flaky', status: 'success' })).toBe(1)
  expect(tasks({ droplet: 'bad', status: 'error' })).toBe(1)
  expect(tasks({ droplet: 'gone', status: 'error' })).toBe(1)
  expect(tasks({})).toBe(inJson.tasks.total)
  for (const status of ['success', 'error', 'timeout', 'cancelled']) {
    expect(tasks({ status })).toBe(inJson.tasks[status])
  }
  const attempts = (droplet: string, outcome: string) =>
    page.value('orchestrator_attempts_total', { droplet, outcome })
  expect(attempts('Good', 'success')).toBe(2)
  expect([attempts('flaky', 'error'), attempts('flaky', 'success')]).toEqual([1, 1])
  expect(attempts('bad', 'error')).toBe(3)
  expect(attempts('gone', 'unreachable')).toBe(1)
  expect(page.value('orchestrator_retries_total')).toBe(inJson.retry.total_retries)
  expect(page.value('orchestrator_retried_tasks_total', { result: 'success' })).toBe(1)

  // By the fake clock: flaky took 1 s and bad 3 s.
  const took = (name: string, droplet: string) => page.value(name, { droplet })
  expect(took('orchestrator_task_duration_seconds_sum', 'flaky')).toBe(1)
  expect(took('orchestrator_task_duration_seconds_count', 'bad')).toBe(1)
  const within = (le: string) =>
    page.value('orchestrator_task_duration_seconds_bucket', { droplet: 'bad', le })
  expect([within('2.5'), within('5.0'), within('+Inf')]).toEqual([0, 1, 1])
  expect(page.sum('orchestrator_attempt_duration_seconds_count')).toBe(8)

  const syncs = page.value('orchestrator_registry_syncs_total', { result: 'success' })
  expect(syncs).toBe(inJson.registry.syncs_success)
  expect(page.value('orchestrator_registry_cache_status', { status: 'active' })).toBe(1)
  expect(page.value('orchestrator_registry_droplets')).toBe(4)
  expect(page.value('orchestrator_droplet_reachable', { droplet: 'gone' })).toBe(0)
  expect(page.value('orchestrator_droplet_reachable', { droplet: 'Good' })).toBe(1)
  expect(page.value('orchestrator_store_writes_total')).toBe(inJson.store.writes)
  expect(page.units).toMatchObject({
    orchestrator_task_duration_seconds: 'seconds',
    process_cpu_seconds: 'seconds',
    process_resident_memory_bytes: 'bytes',
  })
  const startedAt = page.value('process_start_time_seconds')!
  expect(Math.abs(startedAt - performance.timeOrigin / 1000)).toBeLessThan(1)
  expect(page.value('process_resident_memory_bytes')).toBeGreaterThan(10e6)
})

test('what waits, how long, and an open circuit', async () => {
  await using slow = scriptedServer(hang)
  const mesh = { slow: slow.url, gone: await deadUrl() }
  const config = { task: { concurrency: 1 }, droplets: { breakerThreshold: 1 } }
  await using service = await startOrchestrator({ mesh, config })
  const waiting = () => service.submit({ droplet_name: 'slow' }, ASYNC)
  expect((await scrape(service)).value('orchestrator_oldest_task_age_seconds')).toBe(0)
  await waiting()
  await service.clock.settle(() => slow.requests.length === 1)
  await waiting()
  await waiting()
  await service.clock.advance(2500)
  await service.submit({ droplet_name: 'gone', max_retries: 0 })
  const page = await scrape(service)
  expect(page.value('orchestrator_queue_depth', { state: 'queued' })).toBe(2)
  expect(page.value('orchestrator_queue_depth', { state: 'running' })).toBe(1)
  expect(page.value('orchestrator_oldest_task_age_seconds')).toBe(2.5)
  expect(page.value('orchestrator_circuit_state', { droplet: 'gone' })).toBe(1)
  expect(page.value('orchestrator_circuit_state', { droplet: 'slow' })).toBe(0)
  expect(page.value('orchestrator_circuits_open')).toBe(1)
})

test('requests by method, pattern and status, and nothing that a caller made up', async () => {
  await using upstream = scriptedServer(json(1))
  await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
  const { json: task } = await service.submit()
  await service.get(`/orchestrator/tasks/${task.task_id}`)
  await service.get(`/orchestrator/tasks/${task.task_id}/`)
  for (let n = 0; n < 20; n++) await service.get(`/secret-${n}`)
  await service.call('DELETE', '/orchestrator/tasks/secret/cancel')
  await service.call('PROPFIND', '/secret')
  const page = await scrape(service)
  const count = (method: string, route: string, status: string) =>
    page.value('http_server_request_duration_seconds_count', {
      http_request_method: method,
      http_route: route,
      http_response_status_code: status,
    })
  expect(count('POST', '/orchestrator/tasks', '200')).toBe(1)
  expect(count('GET', '/orchestrator/tasks/:task_id', '200')).toBe(2)
  expect(count('GET', '(none)', '404')).toBe(20)
  expect(count('DELETE', '(none)', '405')).toBe(1)
  expect(count('_OTHER', '(none)', '404')).toBe(1)
  const said = JSON.stringify(page.lines)
  expect(said).not.toContain('secret')
  expect(said).not.toContain(task.task_id)
})

test('at most so many droplets by name, also when they come and go; the worst of the rest', async () => {
  await using upstream = scriptedServer(json(1))
  const config = { metricsMaxDroplets: 3, droplets: { breakerThreshold: 1 } }
  const mesh = (from: number) =>
    Object.fromEntries(Array.from({ length: 6 }, (_, n) => [`d${from + n}`, upstream.url]))
  const first = { a: upstream.url, b: upstream.url, c: upstream.url, gone: await deadUrl() }
  await using service = await startOrchestrator({ config, mesh: { ...first, ...mesh(0) } })
  const labels = (page: MetricsPage) => [
    ...new Set(page.lines.flatMap((line) => line.labels.droplet ?? [])),
  ]
  expect(labels(await scrape(service))).toEqual(['a', 'b', 'c', 'other'])
  for (const name of ['a', 'gone', 'd5']) {
    await service.submit({ droplet_name: name, max_retries: 0 })
  }
  const page = await scrape(service)
  const stateOf = (droplet: string) => [
    page.value('orchestrator_droplet_reachable', { droplet }),
    page.value('orchestrator_circuit_state', { droplet }),
  ]
  expect([stateOf('a'), stateOf('b'), stateOf('other')]).toEqual([
    [1, 0],
    [null, 0],
    [0, 1],
  ])
  for (let from = 0; from < 60; from += 6) {
    await service.relist(mesh(from))
    await service.engine.registry.refresh()
    await service.submit({ droplet_name: `d${from + 1}` })
    expect(labels(await scrape(service)).length).toBe(4)
  }
})

test('droplets whose names are hard to write are told apart', async () => {
  await using upstream = scriptedServer(json(1))
  const names = ['a"b', 'a\\b', 'a\nb', 'a\\nb', 'é—漢😀', '{x="y"} 1', '# EOF', 'other', ' ']
  const mesh = Object.fromEntries(names.map((name) => [name, upstream.url]))
  await using service = await startOrchestrator({ mesh })
  for (const name of names) await service.submit({ droplet_name: name })
  for (const accept of [OPEN_METRICS, TEXT]) {
    const { text } = await service.get('/orchestrator/metrics', { accept })
    const page = readMetricsPage(text)
    const done = names.map((droplet) =>
      page.value('orchestrator_tasks_total', { droplet, status: 'success' }),
    )
    expect(done).toEqual(names.map(() => 1))
  }
})

test('with 10,000 droplets, a scrape is made in as many turns as it takes', async () => {
  const mesh = Object.fromEntries(
    Array.from({ length: 10_000 }, (_, n) => [`droplet-${n}`, `http://127.0.0.1:1/${n}`]),
  )
  await using service = await startOrchestrator({ mesh, config: { metricsMaxDroplets: 10_000 } })
  const { engine, clock } = service
  let turns = 0
  const soon = (callback: () => void) => {
    turns++
    clock.soon(callback)
  }
  const requests = new RequestDurations()
  const sources = { ...engine, requests, usage: null }
  const make = createScrape(sources, { soon, monotonic: () => clock.monotonic() })
  // Who asks meanwhile gets the same.
  const [page, again] = await Promise.all([make('text'), make('text')])
  expect(page).toBe(again)
  const { lines } = readMetricsPage(Buffer.concat(page).toString())
  expect(lines.length).toBeGreaterThan(100_000)
  expect(turns).toBeGreaterThan(lines.length / LINES_A_TURN)
})
