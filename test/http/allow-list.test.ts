/** What the service says of a droplet, or a Registry, that it may not call. */
import { describe, expect, test } from 'bun:test'
import { systemFetch } from '../../src/platform/fetch.ts'
import type { Fetch, Resolve } from '../../src/ports.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { ASYNC, startOrchestrator, type StartOptions } from '../support/orchestrator.ts'
import { answeringServer, json, reset, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const METADATA = '169.254.169.254'
const NAMES: Record<string, string> = { evil: METADATA, good: '127.0.0.1' }

/** No request leaves loopback, whatever the service would do. */
async function start(options: StartOptions) {
  const dialled: string[] = []
  const fetch: Fetch = (url, init) => {
    const to = init.address ?? URL.parse(url)!.hostname
    dialled.push(to)
    if (to !== '127.0.0.1') throw new Error(`${to} was dialled`)
    return systemFetch(url, init)
  }
  const resolve: Resolve = async (name) => ({ addresses: [NAMES[name]!], ttlMs: 0 })
  const service = await startOrchestrator({ fetch, resolve, ...options })
  return { service, dialled }
}

const FORBIDDEN: [string, string, string][] = [
  ['by its address', `http://${METADATA}/`, `${METADATA} is a link-local address`],
  ['by a number', 'http://2852039166/', `${METADATA} is a link-local address`],
  ['by its name', 'http://evil:8000', `evil is at ${METADATA}, which is a link-local address`],
]

describe.each(FORBIDDEN)('a droplet that is forbidden %s', (_, endpoint, reason) => {
  test('is listed, and a task for it is told why, without an attempt', async () => {
    const { service, dialled } = await start({ mesh: { echo: endpoint } })
    await using _stopped = service
    const { status, json: reply } = await service.submit({ method: 'POST', payload: 'x' })
    const { code, message, details } = reply.error
    expect([status, code]).toEqual([503, 'DROPLET_UNREACHABLE'])
    const last_error = `${reason} that DROPLET_ALLOW does not name`
    expect(message).toBe(`Droplet 'echo' could not be reached: ${last_error}`)
    expect(details).toMatchObject({ retry_count: 0, last_error })
    const task = await service.task(details.task_id)
    expect(task).toMatchObject({ status: 'error', attempts: [], error_message: last_error })
    const { json: droplets } = await service.get('/orchestrator/droplets')
    expect(droplets.droplets).toMatchObject([{ name: 'echo', reachable: null }])
    expect(dialled).toEqual([])
    expect(service.clock.slept).toEqual([])
  })

  test('an asynchronous task for it ends the same way', async () => {
    const { service, dialled } = await start({ mesh: { echo: endpoint } })
    await using _stopped = service
    const { json: accepted } = await service.submit({}, ASYNC)
    const task = await service.task(accepted.task_id, ({ status }) => status === 'error')
    expect(task).toMatchObject({ attempts: [], retry_count: 0 })
    expect(task.error_message).toStartWith(reason)
    expect(dialled).toEqual([])
  })

  test('its probes find it unreachable', async () => {
    const options = { mesh: { echo: endpoint }, config: { probeIntervalMs: 1000 } }
    const { service, dialled } = await start(options)
    await using _stopped = service
    const probed = eventually('a probe', async () => {
      const { json: reply } = await service.get('/orchestrator/droplets')
      return reply.droplets[0].reachable === false
    })
    await service.passTime(probed)
    expect(dialled).toEqual([])
  })

  test('a Registry there cannot be synced with, and the reason is said', async () => {
    const { service, dialled } = await start({ config: { registry: { url: endpoint } } })
    await using _stopped = service
    const { status, json: reply } = await service.get('/orchestrator/droplets')
    expect([status, reply.error.code]).toEqual([503, 'REGISTRY_ERROR'])
    expect(reply.error.details.last_error).toStartWith(reason)
    expect(dialled).toEqual([])
  })
})

test('the sync warns once of droplets that may not be called', async () => {
  const mesh = { a: 'http://127.0.0.1:1', b: `http://${METADATA}/x`, c: 'http://[fe80::1]' }
  const { service } = await start({ mesh })
  await using _stopped = service
  await service.engine.registry.refresh()
  const warnings = service.log.lines.filter(({ level }) => level === 'WARNING')
  expect(warnings).toEqual([
    {
      level: 'WARNING',
      msg: 'droplets that may not be called are listed',
      fields: {
        refused: 2,
        first: `b: ${METADATA} is a link-local address that DROPLET_ALLOW does not name`,
      },
    },
  ])
})

test('a closed list: what is in it is called, by name or address, and nothing else', async () => {
  await using droplet = scriptedServer(json({ fine: true }))
  const { service, dialled } = await start({
    mesh: {
      good: `http://good:${droplet.port}/base`,
      address: droplet.url,
      other: 'http://other:1',
      outside: 'http://10.0.0.1:1',
    },
    config: { droplets: { allow: ['good', '127.0.0.0/8'] } },
  })
  await using _stopped = service
  const statusOf = async (name: string) => {
    const { json: reply } = await service.submit({ droplet_name: name })
    return reply.response_status ?? reply.error.details.last_error
  }
  NAMES.other = '10.0.0.2'
  expect(await statusOf('good')).toBe(200)
  expect(await statusOf('address')).toBe(200)
  expect(await statusOf('other')).toBe('other is at 10.0.0.2, which is not in DROPLET_ALLOW')
  expect(await statusOf('outside')).toBe('10.0.0.1 is not in DROPLET_ALLOW')
  expect(dialled).toEqual(['127.0.0.1', '127.0.0.1'])
  // As the droplet sees it, and as its caller is told: the name.
  expect(droplet.requests[0]!.headers.host).toBe(`good:${droplet.port}`)
  expect(droplet.requests[0]!.url).toBe('/base/')
  const { json: list } = await service.get('/orchestrator/tasks?droplet_name=good')
  expect(list.tasks[0].target_url).toBe(`http://good:${droplet.port}/base/`)
})

test('a name that leads elsewhere between two attempts: the second is not sent', async () => {
  await using droplet = answeringServer(() => reset)
  NAMES.rebinding = '127.0.0.1'
  const { service, dialled } = await start({ mesh: { echo: `http://rebinding:${droplet.port}` } })
  await using _stopped = service
  const submitted = service.submit({ method: 'POST', payload: 1 })
  await eventually('the first wait', () => service.clock.slept.length > 0)
  NAMES.rebinding = METADATA
  await service.clock.advance(1000)
  const { json: reply } = await submitted
  expect(reply.error.details.retry_count).toBe(0)
  expect(reply.error.details.last_error).toStartWith(`rebinding is at ${METADATA}`)
  const task = await service.task(reply.error.details.task_id)
  expect(task.attempts).toMatchObject([
    { attempt: 1, error: expect.stringContaining('ECONNRESET') },
  ])
  expect(dialled).toEqual(['127.0.0.1'])
})
