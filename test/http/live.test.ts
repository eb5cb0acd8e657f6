import { describe, expect, test } from 'bun:test'
import { rmSync } from 'node:fs'
import { eventually, allowRealTime } from '../support/eventually.ts'
import { ASYNC, startOrchestrator, type TestOrchestrator } from '../support/orchestrator.ts'
import { held, json, scriptedServer } from '../support/scripted-server.ts'
import { tokensFile } from '../support/tokens-file.ts'
import { watch } from '../support/watching.ts'

allowRealTime()

const OVERVIEW = '/orchestrator/overview'

/** Moves the time over the next whole second, and so much further that it is flushed. */
async function second({ clock }: TestOrchestrator): Promise<void> {
  await clock.advance(1030)
}

const sumOf = (numbers: number[]) => numbers.reduce((sum, each) => sum + each, 0)

describe('the overview', () => {
  test('counts what has ended, in seconds and in minutes', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    await service.submit()
    upstream.script(json(null, 404))
    await service.submit()
    await second(service)
    const { json: seconds } = await service.get(OVERVIEW)
    expect(seconds).toMatchObject({
      access: { name: null, droplets: null, scopes: ['tasks:read', 'tasks:write', 'admin'] },
      problems: [],
      tasks: { queued: 0, running: 0, oldest_task_age_seconds: null },
      droplets: { known: 1, reachable: 1, unreachable: 0 },
    })
    expect(seconds.series.interval_seconds).toBe(1)
    expect(sumOf(seconds.series.ended)).toBe(2)
    expect(sumOf(seconds.series.failed)).toBe(1)
    await service.clock.advance(60_000)
    const { json: minutes } = await service.get(`${OVERVIEW}?span=24h`)
    expect(minutes.series.interval_seconds).toBe(60)
    expect(sumOf(minutes.series.ended)).toBe(2)
  })

  test('a token with droplets sees the numbers of those, from when it first asks', async () => {
    using file = tokensFile({
      all: 'tasks:read',
      a: { scopes: ['tasks:read'], droplets: ['a', 'a-*'] },
      writes: 'tasks:write',
    })
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({
      mesh: { a: upstream.url, b: upstream.url },
      config: { access: { tokensFile: file.path } },
    })
    const own = () => service.get(OVERVIEW, file.bearer('a'))
    expect((await own()).json.access).toEqual({
      name: 'a',
      scopes: ['tasks:read'],
      droplets: ['a', 'a-*'],
    })
    for (const droplet_name of ['a', 'b', 'b']) {
      await service.submit({ droplet_name }, file.bearer('writes'))
    }
    upstream.script(json(null, 503))
    await service.submit({ droplet_name: 'b', max_retries: 0 }, file.bearer('writes'))
    await second(service)
    const { json: some } = await own()
    expect([some.droplets.known, some.problems, sumOf(some.series.ended)]).toEqual([1, [], 1])
    const { json: all } = await service.get(OVERVIEW, file.bearer('all'))
    expect([all.droplets.known, sumOf(all.series.ended)]).toEqual([2, 4])
    expect(all.problems).toEqual([
      {
        kind: 'droplet',
        severity: 'warning',
        message: 'b does not answer well: HTTP 503',
        droplet: 'b',
      },
    ])
  })

  test('an open circuit comes first, and the list of droplets that is gone before it', async () => {
    await using service = await startOrchestrator({
      mesh: { dead: 'http://127.0.0.1:1', other: 'http://127.0.0.1:1' },
      config: { droplets: { breakerThreshold: 1 }, registry: { cacheExpiryMs: 5000 } },
    })
    for (const droplet_name of ['other', 'dead']) {
      await service.submit({ droplet_name, max_retries: 0 })
    }
    const { json: open } = await service.get(OVERVIEW)
    expect(open.problems).toMatchObject([
      { kind: 'circuit', severity: 'error', droplet: 'dead' },
      { kind: 'circuit', severity: 'error', droplet: 'other' },
    ])
    rmSync(`${service.config.registry.cacheDir}/mesh.json`)
    await service.get('/orchestrator/droplets?refresh=true')
    const { json: stale } = await service.get(OVERVIEW)
    expect(stale.problems.at(-1)).toMatchObject({ kind: 'registry', severity: 'warning' })
    await service.clock.advance(6000)
    const { json: gone } = await service.get(OVERVIEW)
    expect(gone.problems[0]).toMatchObject({ kind: 'registry', severity: 'error' })
  })
})

describe('events', () => {
  test('tell each step of a task, in order, and how it goes once a second', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    await using watching = await watch(service.url)
    upstream.script(json(null, 503), json(1))
    await service.skipWaits(service.submit({ path: '/x?key=secret' }))
    await second(service)
    await watching.seen('the end', ({ type, data }) => type === 'task' && data.change === 'ended')
    expect(watching.changes()).toEqual([
      'accepted running',
      'attempt_started running',
      'attempt_ended running',
      'attempt_started running',
      'attempt_ended success',
      'ended success',
    ])
    expect(JSON.stringify(watching.events)).not.toContain('secret')
    const point = await watching.seen('a second', (event) => {
      return event.type === 'overview' && event.data.point?.ended === 1
    })
    expect(point.data).toMatchObject({ point: { failed: 0 } })
    const droplet = await watching.seen('the droplet', ({ type }) => type === 'droplet')
    expect(droplet.data).toMatchObject({ name: 'echo', last_error: 'HTTP 503', reachable: true })
  })

  test('tell of a droplet also when it changed before it was first looked at', async () => {
    const { promise: answered, resolve: answer } = Promise.withResolvers<void>()
    await using upstream = scriptedServer(held(answered, json(1)))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    await using watching = await watch(service.url)
    const submitted = service.submit()
    await upstream.received(1)
    await second(service)
    const droplet = await watching.seen('the droplet', ({ type }) => type === 'droplet')
    expect(droplet.data).toMatchObject({ name: 'echo', in_flight: 1 })
    answer()
    await submitted
  })

  test('are narrowed as lists are; a list of the running ones hears of their end', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { a: upstream.url, b: upstream.url } })
    const filtered = (query: Record<string, string>) => watch(service.url, query)
    await using failed = await filtered({ status: 'error' })
    await using allFailed = await filtered({ status: 'failed' })
    await using ofB = await filtered({ kinds: 'task,overview', droplet_name: 'B' })
    await using running = await filtered({ status: 'running', droplet_name: 'a' })
    await using byStatus = await filtered({ response_status: '4xx' })
    const first = await service.submit({ droplet_name: 'a' })
    await using one = await filtered({ task_id: first.json.task_id })
    upstream.script(json(null, 404))
    await service.submit({ droplet_name: 'b' })
    await service.submit({ droplet_name: 'b' })
    await second(service)
    await second(service)
    await ofB.seen('the last end', () => ofB.changes().length === 8)
    expect(ofB.events.some(({ type }) => type === 'droplet')).toBe(false)
    const twice = ['attempt_ended error', 'ended error', 'attempt_ended error', 'ended error']
    expect(failed.changes().toSorted()).toEqual(twice.toSorted())
    expect(allFailed.changes().toSorted()).toEqual(twice.toSorted())
    expect(byStatus.changes().toSorted()).toEqual(twice.toSorted())
    expect(running.changes()).toEqual([
      'accepted running',
      'attempt_started running',
      'ended success',
    ])
    expect(one.changes()).toEqual([])
  })

  test('Last-Event-ID continues where a stream broke, or tells that it cannot', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    let lastEventId: string | null
    {
      await using watching = await watch(service.url, { kinds: 'task,overview' })
      await service.submit()
      await second(service)
      await watching.seen('the end', () => watching.changes().length === 4)
      lastEventId = watching.events.findLast(({ type }) => type === 'task')!.id
    }
    const missed = await service.submit()
    await using back = await watch(service.url, { kinds: 'task,overview' }, { lastEventId })
    await back.seen('what it missed', () => back.changes().length === 4)
    const ids = back.events.flatMap(({ type, data }) => (type === 'task' ? [data.task.id] : []))
    expect(new Set(ids)).toEqual(new Set([missed.json.task_id]))
    for (const id of ['x', `${lastEventId}000`, '01a21521-0000-7000-8000-000000000000.1']) {
      await using other = await watch(service.url, {}, { lastEventId: id })
      expect(other.events[0]).toMatchObject({ type: 'reset' })
    }
  })

  test('what happens while nobody watches for long is not kept, and that is told', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    let lastEventId: string | null
    {
      await using watching = await watch(service.url)
      lastEventId = watching.events[0]!.id
    }
    await service.clock.advance(59_000)
    await service.submit()
    {
      await using back = await watch(service.url, {}, { lastEventId })
      await back.seen('what it missed', () => back.changes().length === 4)
      lastEventId = back.events.at(-1)!.id
    }
    // When the service notices that nobody reads any more is not in the test's hands.
    await eventually('a reset', async () => {
      await service.clock.advance(61_000)
      await service.submit()
      await using late = await watch(service.url, {}, { lastEventId })
      return late.events[0]!.type === 'reset'
    })
  })

  test('task_rate: the latest state of each task, and a reset where some are left out', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    await using watching = await watch(service.url, { task_rate: 2 })
    await Promise.all(Array.from({ length: 10 }, () => service.submit()))
    await service.clock.advance(30)
    await watching.seen('two ends', () => watching.changes().length === 2)
    expect(watching.changes()).toEqual(['ended success', 'ended success'])
    await watching.seen('a reset', ({ type }) => type === 'reset')
    await service.clock.advance(3000)
    // What may wait comes later.
    await watching.seen('two more', () => watching.changes().length === 4)
  })

  test('Last-Event-ID of any event continues with what task_rate held back until then', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    const query = { kinds: 'task,overview', task_rate: 2 }
    let lastEventId: string | null
    {
      await using watching = await watch(service.url, query)
      // So that the second is over before a third may be sent.
      await service.clock.advance(950)
      await Promise.all(Array.from({ length: 3 }, () => service.submit()))
      await service.clock.advance(60)
      await watching.seen('two ends', () => watching.changes().length === 2)
      await watching.seen('the second', ({ type, data }) => type === 'overview' && !!data.point)
      lastEventId = watching.events.findLast(({ type }) => type === 'overview')!.id
    }
    await using back = await watch(service.url, query, { lastEventId })
    await back.seen('the third end', () => back.changes().includes('ended success'))
  })

  test('the charts of a token with droplets go on for as long as it watches', async () => {
    using file = tokensFile({
      a: { scopes: ['tasks:read'], droplets: ['a'] },
      writes: 'tasks:write',
    })
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({
      mesh: { a: upstream.url },
      config: { access: { tokensFile: file.path } },
    })
    await using watching = await watch(service.url, { kinds: 'overview' }, { token: file.tokens.a })
    await service.clock.advance(16 * 60_000)
    await service.submit({ droplet_name: 'a' }, file.bearer('writes'))
    await second(service)
    await watching.seen('its second', ({ type, data }) => {
      return type === 'overview' && data.point?.ended === 1
    })
  })

  test('a token hears of its droplets only, and nothing once it is taken out of the file', async () => {
    using file = tokensFile({
      a: { scopes: ['tasks:read'], droplets: ['a'] },
      writes: 'tasks:write',
    })
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({
      mesh: { a: upstream.url, b: upstream.url },
      config: { access: { tokensFile: file.path } },
    })
    expect((await service.get('/orchestrator/events', file.bearer('writes'))).status).toBe(403)
    await using watching = await watch(service.url, {}, { token: file.tokens.a })
    for (const droplet_name of ['a', 'b']) {
      await service.submit({ droplet_name }, file.bearer('writes'))
    }
    await second(service)
    await watching.seen('the end', () => watching.changes().includes('ended success'))
    const names = watching.events.flatMap(({ type, data }) =>
      type === 'task' ? [data.task.droplet_name] : type === 'droplet' ? [data.name] : [],
    )
    expect(new Set(names)).toEqual(new Set(['a']))
    file.write(file.lines.writes)
    await service.reload()
    await second(service)
    await eventually('the end of the stream', () => watching.isOver)
  })

  test('who does not read holds up nobody, and is told in the end', async () => {
    await using upstream = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: upstream.url } })
    await using asleep = await sleeper(service.url)
    await using awake = await watch(service.url, { kinds: 'task,overview', status: 'success' })
    const path = `/${'x'.repeat(2000)}`
    for (let round = 0; round < 40; round++) {
      await Promise.all(Array.from({ length: 32 }, () => service.submit({ path })))
      await service.clock.advance(30)
    }
    await awake.seen('all ends', () => awake.changes().length === 2 * 40 * 32)
    expect(awake.isOver).toBe(false)
    const heard = await asleep.wake()
    expect(heard).toContain('event: reset')
    expect(heard).toContain('you read too slowly')
    expect(heard.split('event: task').length).toBeLessThan(4 * 40 * 32)
  })

  test('a stream lives longer than a silent connection, and ends with the service', async () => {
    await using service = await startOrchestrator()
    await using watching = await watch(service.url, { kinds: 'overview' })
    await using silent = await fetch(`${service.url}/orchestrator/events?kinds=droplet`).then(
      (response) => {
        const reader = response.body!.getReader()
        return { reader, [Symbol.asyncDispose]: () => reader.cancel() }
      },
    )
    const heard: string[] = []
    const hearing = (async () => {
      for (;;) {
        const { done, value } = await silent.reader.read()
        if (done) return
        heard.push(new TextDecoder().decode(value))
      }
    })()
    for (let seconds = 0; seconds < 40; seconds++) await second(service)
    await eventually('a heartbeat', () => heard.join('').includes(': still here'))
    await service.stop()
    await hearing
    await eventually('the end of the stream', () => watching.isOver)
  })

  test('an asynchronous task that waits is told of, and the oldest age in the overview', async () => {
    await using upstream = scriptedServer(json(null, 503))
    await using service = await startOrchestrator({
      mesh: { echo: upstream.url },
      config: { droplets: { breakerThreshold: 1 } },
    })
    await service.submit({}, ASYNC)
    await eventually('an open circuit', async () => {
      const { json: droplets } = await service.get('/orchestrator/droplets')
      return droplets.droplets[0].circuit === 'open'
    })
    await service.submit({}, ASYNC)
    await service.clock.advance(500)
    const { json: overview } = await service.get(OVERVIEW)
    expect(overview.tasks).toMatchObject({ queued: 1, oldest_task_age_seconds: 0.5 })
  })
})

/** One who asks for the events and reads none of them until it wakes up; then all until the end. */
async function sleeper(url: string) {
  const chunks: Uint8Array[] = []
  const { promise: over, resolve } = Promise.withResolvers<void>()
  const { port } = new URL(url)
  const socket = await Bun.connect({
    hostname: '127.0.0.1',
    port: Number(port),
    socket: {
      open: (opened) => {
        opened.pause()
        opened.write('GET /orchestrator/events HTTP/1.1\r\nHost: localhost\r\n\r\n')
      },
      data: (_, chunk) => {
        chunks.push(chunk)
        if (Buffer.from(chunk).includes('you read too slowly')) resolve()
      },
      close: () => resolve(),
    },
  })
  return {
    async wake(): Promise<string> {
      socket.resume()
      await over
      return Buffer.concat(chunks).toString()
    },
    async [Symbol.asyncDispose]() {
      socket.end()
    },
  }
}
