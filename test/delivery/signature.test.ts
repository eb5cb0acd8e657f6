/** Signed requests, verified as a droplet does it: by the official package. */
import { describe, expect, test } from 'bun:test'
import { Webhook } from 'standardwebhooks'
import { createSign } from '../../src/delivery/signature.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startOrchestrator, type StartOptions } from '../support/orchestrator.ts'
import { json, scriptedServer, sequenceServer, type Received } from '../support/scripted-server.ts'

allowRealTime()

const [OLD, NEW] = [btoa('o'.repeat(24)), btoa('n'.repeat(64))].map((key) => `whsec_${key}`)
const OTHER = `whsec_${btoa('x'.repeat(32))}`

/** Whether a droplet with this secret takes the request. */
function accepts(secret: string, { headers, body }: Received): boolean {
  try {
    new Webhook(secret).verify(body, { ...headers })
    return true
  } catch {
    return false
  }
}

/** The package compares with the real clock. */
const atRealTime = (options: StartOptions) =>
  startOrchestrator({ clock: new FakeClock(Date.now()), ...options })

const signing = (...signingSecrets: string[]) => ({ droplets: { signingSecrets } })

test('the package takes what was signed a moment ago, and nothing that was changed', () => {
  const seconds = Math.floor(Date.now() / 1000)
  const headers = createSign([OLD!])!('t-1', seconds, '{"a":"ä€😀"}')
  const webhook = new Webhook(OLD!)
  expect(webhook.verify('{"a":"ä€😀"}', headers)).toEqual({ a: 'ä€😀' })
  expect(() => webhook.verify('{"a":"b"}', headers)).toThrow('No matching signature')
  expect(() => webhook.verify('{"a":"ä€😀"}', { ...headers, 'webhook-id': 't-2' })).toThrow()
  expect(() => new Webhook(OTHER).verify('{"a":"ä€😀"}', headers)).toThrow()
  const old = createSign([OLD!])!('t-1', seconds - 301, '{}')
  expect(() => webhook.verify('{}', old)).toThrow('too old')
})

test('two secrets are two signatures, each of which suffices', () => {
  const seconds = Math.floor(Date.now() / 1000)
  const headers = createSign([NEW!, OLD!])!('t-1', seconds, '{}')
  expect(headers['webhook-signature']).toMatch(/^v1,[\w+/]{43}= v1,[\w+/]{43}=$/)
  for (const secret of [NEW!, OLD!]) expect(new Webhook(secret).verify('{}', headers)).toEqual({})
})

test('no secret, no signature', () => {
  expect(createSign([])).toBeNull()
})

describe('a task', () => {
  test.each([
    ['GET without a body', { method: 'GET' }],
    ['DELETE without a body', { method: 'DELETE' }],
    ['POST', { method: 'POST', payload: { amount: 1.5, list: [1, 2] } }],
    ['PUT of unicode', { method: 'PUT', payload: { ключ: 'ä€😀\u2028', n: null } }],
    ['PATCH of a text', { method: 'PATCH', payload: '' }],
  ])('%s', async (_, task) => {
    await using droplet = scriptedServer(json(1))
    await using service = await atRealTime({
      mesh: { echo: droplet.url },
      config: signing(NEW!, OLD!),
    })
    const { json: reply } = await service.submit(task)
    expect(reply.status).toBe('success')
    const [request] = droplet.requests
    expect(request!.headers['webhook-id']).toBe(reply.task_id)
    const seconds = String(Math.floor(service.clock.now() / 1000))
    expect(request!.headers['webhook-timestamp']).toBe(seconds)
    expect(accepts(NEW!, request!)).toBe(true)
    expect(accepts(OLD!, request!)).toBe(true)
    expect(accepts(OTHER, request!)).toBe(false)
  })

  test('its numbers are signed as their caller wrote them', async () => {
    await using droplet = scriptedServer(json(1))
    const mesh = { echo: droplet.url }
    await using service = await atRealTime({ mesh, config: signing(OLD!) })
    const body =
      '{"droplet_name":"echo","method":"POST","path":"/","payload":{"n": 1.10, "big":12345678901234567890}}'
    const headers = { 'content-type': 'application/json' }
    await service.call('POST', '/orchestrator/tasks', { body, headers })
    expect(droplet.requests[0]!.body).toContain('12345678901234567890')
    expect(accepts(OLD!, droplet.requests[0]!)).toBe(true)
  })

  test('each attempt is signed at its own time, under the same id', async () => {
    await using droplet = sequenceServer(json(1, 500), json(2))
    const mesh = { echo: droplet.url }
    await using service = await atRealTime({ mesh, config: signing(OLD!) })
    await service.skipWaits(service.submit({ method: 'POST', payload: {} }))
    const [first, second] = droplet.requests
    expect([accepts(OLD!, first!), accepts(OLD!, second!)]).toEqual([true, true])
    expect(second!.headers['webhook-id']).toBe(first!.headers['webhook-id']!)
    const at = (request: Received) => Number(request.headers['webhook-timestamp'])
    expect(at(second!) - at(first!)).toBe(1)
  })

  test('of a caller that signs itself is refused', async () => {
    await using service = await startOrchestrator({ mesh: { echo: 'http://127.0.0.1:1' } })
    const { status } = await service.submit({ headers: { 'Webhook-Signature': 'v1,x' } })
    expect(status).toBe(400)
  })

  test('without a secret carries none of the headers', async () => {
    await using droplet = scriptedServer(json(1))
    await using service = await startOrchestrator({ mesh: { echo: droplet.url } })
    await service.submit()
    expect(Object.keys(droplet.requests[0]!.headers).join()).not.toContain('webhook')
  })
})

test('probes and the Registry are not signed', async () => {
  await using droplet = scriptedServer(json(1))
  await using registry = scriptedServer(json({ droplets: [{ name: 'echo', url: droplet.url }] }))
  await using service = await startOrchestrator({
    config: { ...signing(OLD!), registry: { url: registry.url }, probeIntervalMs: 1000 },
  })
  const probed = eventually('a probe', () => droplet.requests.length > 0)
  await service.passTime(probed)
  for (const { headers } of [...droplet.requests, ...registry.requests]) {
    expect(Object.keys(headers).join()).not.toContain('webhook')
  }
})
