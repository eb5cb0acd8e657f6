import { describe, expect, test } from 'bun:test'
import { MAX_CLIENTS } from '../../src/access/rate-limit.ts'
import { rateLimit } from '../../src/http/rate-limit.ts'
import { allowRealTime } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { startOrchestrator } from '../support/orchestrator.ts'
import { sendRaw } from '../support/raw-http.ts'

allowRealTime()

const INFO = '/orchestrator/info'

describe('RATE_LIMIT', () => {
  test('refuses what is beyond it, says when to come again, and lets it in then', async () => {
    await using service = await startOrchestrator({ config: { access: { rateLimit: 2 } } })
    const limits = []
    for (let sent = 0; sent < 5; sent++) {
      const { status, headers } = await service.get(INFO)
      expect(headers.get('ratelimit-policy')).toBe('"default";q=4;w=2')
      limits.push([status, headers.get('ratelimit'), headers.get('retry-after')])
    }
    expect(limits).toEqual([
      [200, '"default";r=3;t=1', null],
      [200, '"default";r=2;t=1', null],
      [200, '"default";r=1;t=2', null],
      [200, '"default";r=0;t=2', null],
      [429, '"default";r=0;t=1', '1'],
    ])
    await service.clock.advance(500)
    expect((await service.get('/nowhere')).status).toBe(404)
    const refused = await service.submit()
    expect([refused.status, refused.json.error]).toEqual([
      429,
      {
        code: 'RATE_LIMITED',
        message: 'More than 2 requests a second',
        details: { rate_limit: 2 },
      },
    ])
  })

  test('never counts health and readiness', async () => {
    await using service = await startOrchestrator({ config: { access: { rateLimit: 1 } } })
    for (let sent = 0; sent < 3; sent++) await service.get(INFO)
    for (const path of ['/health', '/orchestrator/health', '/orchestrator/ready/']) {
      const { status, headers } = await service.get(path)
      expect([path, status, headers.get('ratelimit')]).toEqual([path, 200, null])
    }
    expect((await service.get(INFO)).status).toBe(429)
  })

  test('counts what only looks like health once its URL is parsed', async () => {
    await using service = await startOrchestrator({ config: { access: { rateLimit: 1 } } })
    const path = '/orchestrator/tasks/..\\health'
    const ask = `GET ${path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`
    const statuses = []
    for (let sent = 0; sent < 3; sent++) statuses.push((await sendRaw(service.url, ask)).status)
    expect(statuses).toEqual([404, 404, 429])
  })

  test('strangers, however many, take nothing from who has a token', () => {
    const access = { rateLimit: 1, trustProxy: ['127.0.0.1'] }
    const ports = { clock: new FakeClock(), newId: () => 'seed' }
    const ofToken = new Request('http://localhost/', { headers: { authorization: 'Bearer x' } })
    const identityOf = (request: Request) => (request === ofToken ? 'ci' : null)
    const count = rateLimit(access, ports, { identityOf })!
    const server = { requestIP: () => ({ address: '127.0.0.1', family: 'IPv4', port: 1 }) as const }
    const take = (request: Request) => {
      const set = { headers: {} as Record<string, string> }
      try {
        count({ request, server, set })
      } catch {
        // What is left is in the headers.
      }
      return set.headers['ratelimit']
    }
    for (let stranger = 0; stranger < MAX_CLIENTS + 20_000; stranger++) {
      const address = `10.${stranger >> 16}.${(stranger >> 8) & 255}.${stranger & 255}`
      take(new Request('http://localhost/', { headers: { 'x-forwarded-for': address } }))
    }
    expect(take(ofToken)).toBe('"default";r=1;t=1')
  })

  test('counts by the address that a trusted proxy names, and believes nobody else', async () => {
    const from = (address: string) => ({ 'x-forwarded-for': address })
    const access = { rateLimit: 1, trustProxy: ['127.0.0.0/8'] }
    await using behind = await startOrchestrator({ config: { access } })
    for (let sent = 0; sent < 3; sent++) await behind.get(INFO, from('198.51.100.1'))
    expect((await behind.get(INFO, from('1.1.1.1, 198.51.100.1'))).status).toBe(429)
    expect((await behind.get(INFO, from('198.51.100.2'))).status).toBe(200)
    await using direct = await startOrchestrator({ config: { access: { rateLimit: 1 } } })
    for (let sent = 0; sent < 3; sent++) await direct.get(INFO, from(`198.51.100.${sent}`))
    expect((await direct.get(INFO, from('198.51.100.9'))).status).toBe(429)
  })

  test('counts no page that may not ask: it would use up what others on its machine have', async () => {
    await using service = await startOrchestrator({ config: { access: { rateLimit: 1 } } })
    for (let sent = 0; sent < 5; sent++) {
      expect((await service.get(INFO, { origin: 'https://evil.example' })).status).toBe(403)
    }
    expect((await service.get(INFO)).status).toBe(200)
  })

  test('is off by default', async () => {
    await using service = await startOrchestrator()
    const { headers } = await service.get(INFO)
    expect([headers.get('ratelimit'), headers.get('ratelimit-policy')]).toEqual([null, null])
  })
})
