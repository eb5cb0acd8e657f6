import { describe, expect, test } from 'bun:test'
import { allowRealTime } from '../support/eventually.ts'
import { startOrchestrator } from '../support/orchestrator.ts'

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
