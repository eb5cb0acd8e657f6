/** What is dialled: names and addresses are made up, and no request leaves the test. */
import { describe, expect, test } from 'bun:test'
import { AllowList } from '../../src/droplets/allow-list.ts'
import { CallRefused } from '../../src/droplets/call-refused.ts'
import { dialOnly } from '../../src/droplets/dial.ts'
import type { FetchInit, Resolved } from '../../src/ports.ts'
import { FakeClock } from '../support/fake-clock.ts'

const METADATA = '169.254.169.254'

type Answer = string[] | { code: string } | Promise<never>

/** `names`: what the name service says from now on; `failing`: addresses, with the code of each. */
function dialer(names: Record<string, Answer> = {}, ...rules: string[]) {
  const clock = new FakeClock()
  const dialled: string[] = []
  const asked: string[] = []
  const failing: Record<string, string> = {}
  const ttl = { ms: 0 }
  const fetch = dialOnly(new AllowList(rules, 'http://registry.example:8000'), {
    clock,
    async fetch(url, init: FetchInit) {
      const to = init.address ?? URL.parse(url)!.hostname
      dialled.push(to)
      if (failing[to]) throw Object.assign(new Error(failing[to]), { code: failing[to] })
      return new Response(url)
    },
    async resolve(name): Promise<Resolved> {
      asked.push(name)
      const answer = await (names[name] ?? { code: 'ENOTFOUND' })
      if (!Array.isArray(answer)) throw Object.assign(new Error(answer.code), answer)
      return { addresses: answer, ttlMs: ttl.ms }
    },
  })
  const call = async (url: string): Promise<string> => {
    const init = { method: 'POST', headers: {}, body: '1', signal: new AbortController().signal }
    try {
      return await (await fetch(url, init)).text()
    } catch (error) {
      return error instanceof CallRefused ? `refused: ${error.message}` : (error as Error).message
    }
  }
  return { call, clock, dialled, asked, failing, names, ttl }
}

describe('an address', () => {
  test('is dialled as it is, and not looked up', async () => {
    const { call, dialled, asked } = dialer()
    expect(await call('http://10.0.0.1:9000/x')).toBe('http://10.0.0.1:9000/x')
    expect(await call('http://[fd00::1]/x')).toBe('http://[fd00::1]/x')
    expect(dialled).toEqual(['10.0.0.1', '[fd00::1]'])
    expect(asked).toEqual([])
  })

  test.each([
    'http://169.254.169.254/latest',
    'http://2852039166/',
    'http://[::ffff:a9fe:a9fe]:1/x',
  ])('%s is not dialled', async (url) => {
    const { call, dialled, asked } = dialer()
    for (let n = 0; n < 2; n++) expect(await call(url)).toStartWith(`refused: `)
    expect([dialled, asked]).toEqual([[], []])
  })

  test('is looked at again when there are too many', async () => {
    const { call, dialled } = dialer()
    for (let n = 0; n < 10_001; n++) await call(`http://10.0.0.1:${n % 65_536}/${n}`)
    expect(dialled).toHaveLength(10_001)
    expect(await call(`http://${METADATA}/`)).toStartWith('refused')
  })
})

describe('a name', () => {
  test('is looked up, and one of its addresses dialled with the URL as it was', async () => {
    const { call, dialled } = dialer({ 'droplet.mesh': ['10.0.0.1', '10.0.0.2'] })
    expect(await call('http://droplet.mesh:9000/x')).toBe('http://droplet.mesh:9000/x')
    expect(dialled).toEqual(['10.0.0.1'])
  })

  test.each([[[METADATA]], [['fe80::1%eth0', '::ffff:169.254.169.254']], [['64:ff9b::a9fe:a9fe']]])(
    'that is only at %p is not dialled',
    async (addresses) => {
      const { call, dialled } = dialer({ evil: addresses })
      const expected = `refused: evil is at ${addresses[0]}, which `
      expect(await call('https://evil/')).toStartWith(expected)
      expect(dialled).toEqual([])
    },
  )

  test('of which one address is forbidden is dialled at the others', async () => {
    const { call, dialled, failing } = dialer({ mixed: [METADATA, '10.0.0.1', 'fe80::1'] })
    failing['10.0.0.1'] = 'ECONNREFUSED'
    expect(await call('http://mixed/')).toBe('ECONNREFUSED')
    expect(dialled).toEqual(['10.0.0.1'])
  })

  test('that leads elsewhere the next time is dialled where it was checked', async () => {
    const { call, dialled, clock, names, asked } = dialer({ rebinding: ['10.0.0.1'] })
    await call('http://rebinding/')
    names.rebinding = [METADATA]
    // It was good for a second, however little its time to live.
    await call('http://rebinding/')
    await clock.advance(1000)
    expect(await call('http://rebinding/')).toStartWith('refused')
    expect(await call('http://rebinding/')).toStartWith('refused')
    names.rebinding = ['10.0.0.2']
    await call('http://rebinding/')
    expect(dialled).toEqual(['10.0.0.1', '10.0.0.1', '10.0.0.2'])
    expect(asked).toHaveLength(4)
  })

  test('in a closed list of networks: by where it is', async () => {
    const names = { inside: ['10.0.0.1', '8.8.8.8'], outside: ['8.8.8.8'], listed: ['8.8.4.4'] }
    const { call, dialled } = dialer(names, '10.0.0.0/8', 'listed')
    await call('http://inside/')
    expect(await call('http://outside/')).toBe(
      'refused: outside is at 8.8.8.8, which is not in DROPLET_ALLOW',
    )
    await call('http://listed/')
    expect(dialled).toEqual(['10.0.0.1', '8.8.4.4'])
  })

  test('that is not listed is not even looked up where the list has names alone', async () => {
    const { call, asked } = dialer({ b: ['10.0.0.1'] }, 'a')
    expect(await call('http://b/')).toBe('refused: b is not in DROPLET_ALLOW')
    expect(asked).toEqual([])
  })

  test('that nobody knows: as the name service says', async () => {
    const { call, dialled } = dialer()
    expect(await call('http://nowhere/')).toBe('ENOTFOUND')
    expect(dialled).toEqual([])
  })
})

describe('of several addresses', () => {
  const three = { many: ['10.0.0.1', '10.0.0.2', '10.0.0.3'] }

  test.each(['ECONNREFUSED', 'EHOSTUNREACH', 'ENETUNREACH'])('the next after %s', async (code) => {
    const { call, dialled, failing } = dialer({ ...three })
    failing['10.0.0.1'] = failing['10.0.0.2'] = code
    expect(await call('http://many/')).toBe('http://many/')
    expect(dialled).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.3'])
  })

  test.each(['ECONNRESET', 'ETIMEDOUT', 'EPROTO', 'ERR_TLS_CERT_ALTNAME_INVALID', 'ABORT_ERR'])(
    'not after %s: something may have been sent; the next request starts with the next',
    async (code) => {
      const { call, dialled, failing } = dialer({ ...three })
      failing['10.0.0.1'] = code
      expect(await call('http://many/')).toBe(code)
      expect(await call('http://many/')).toBe('http://many/')
      expect(dialled).toEqual(['10.0.0.1', '10.0.0.2'])
    },
  )

  test('the one that failed stays last when the name is looked up again', async () => {
    const { call, dialled, failing, clock } = dialer({ ...three })
    failing['10.0.0.1'] = 'ECONNREFUSED'
    await call('http://many/')
    await clock.advance(1000)
    await call('http://many/')
    expect(dialled).toEqual(['10.0.0.1', '10.0.0.2', '10.0.0.2'])
  })

  test('all of them once, and the last failure is told', async () => {
    const { call, dialled, failing } = dialer({ ...three })
    for (const address of three.many) failing[address] = 'ECONNREFUSED'
    failing['10.0.0.3'] = 'EHOSTUNREACH'
    expect(await call('http://many/')).toBe('EHOSTUNREACH')
    expect(dialled).toEqual(three.many)
  })
})

describe('the name service', () => {
  test('is asked once by all who wait', async () => {
    const { call, asked } = dialer({ droplet: ['10.0.0.1'] })
    await Promise.all(Array.from({ length: 50 }, () => call('http://droplet/')))
    expect(asked).toEqual(['droplet'])
  })

  test('is asked again when the time to live is over, after 30 s at the latest', async () => {
    const { call, asked, clock, ttl } = dialer({ droplet: ['10.0.0.1'] })
    ttl.ms = 5000
    for (const wait of [0, 4999, 1]) {
      await clock.advance(wait)
      await call('http://droplet/')
    }
    expect(asked).toHaveLength(2)
    ttl.ms = 86_400_000
    for (const wait of [5000, 29_999, 1]) {
      await clock.advance(wait)
      await call('http://droplet/')
    }
    expect(asked).toHaveLength(4)
  })

  test('that fails is done without for ten minutes; that hangs delays nobody then', async () => {
    const { call, asked, clock, dialled, names } = dialer({ droplet: ['10.0.0.1'] })
    await call('http://droplet/')
    names.droplet = { code: 'EAI_AGAIN' }
    await clock.advance(60_000)
    expect(await call('http://droplet/')).toBe('http://droplet/')
    names.droplet = new Promise<never>(() => {})
    expect(await call('http://droplet/')).toBe('http://droplet/')
    expect(await call('http://droplet/')).toBe('http://droplet/')
    expect(asked).toHaveLength(3)
    expect(dialled).toEqual(Array(4).fill('10.0.0.1'))
  })

  test('that hangs delays those who know where to go for a moment, once', async () => {
    const { call, asked, clock, dialled, names } = dialer({ droplet: ['10.0.0.1'] })
    await call('http://droplet/')
    await clock.advance(1000)
    const hanging = Promise.withResolvers<never>()
    names.droplet = hanging.promise
    const late = [call('http://droplet/'), call('http://droplet/')]
    await clock.advance(1799)
    expect(dialled).toHaveLength(1)
    await clock.advance(1)
    expect(await Promise.all(late)).toEqual(['http://droplet/', 'http://droplet/'])
    expect(await call('http://droplet/')).toBe('http://droplet/')
    expect(asked).toHaveLength(2)
    names.droplet = ['10.0.0.2']
    hanging.reject(Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }))
    await clock.advance(0)
    await call('http://droplet/')
    await clock.advance(0)
    await call('http://droplet/')
    expect(dialled).toEqual([...Array(5).fill('10.0.0.1'), '10.0.0.2'])
    expect(clock.pending).toBe(0)
  })

  test('that hangs is waited for by those who know nothing', async () => {
    const { call, clock, names } = dialer()
    const hanging = Promise.withResolvers<never>()
    names.droplet = hanging.promise
    const late = call('http://droplet/')
    await clock.advance(10_000)
    hanging.reject(Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }))
    expect(await late).toBe('EAI_AGAIN')
  })

  test('that fails for longer is told', async () => {
    const { call, clock, names } = dialer({ droplet: ['10.0.0.1'] })
    await call('http://droplet/')
    names.droplet = { code: 'EAI_AGAIN' }
    await clock.advance(600_000)
    expect(await call('http://droplet/')).toBe('EAI_AGAIN')
  })

  test('that hangs when the last answer is too old is waited for', async () => {
    const { call, clock, names, dialled } = dialer({ droplet: ['10.0.0.1'] })
    await call('http://droplet/')
    const hanging = Promise.withResolvers<never>()
    names.droplet = hanging.promise
    await clock.advance(600_000)
    const late = call('http://droplet/')
    await clock.advance(10_000)
    hanging.reject(Object.assign(new Error('EAI_AGAIN'), { code: 'EAI_AGAIN' }))
    expect(await late).toBe('EAI_AGAIN')
    expect(dialled).toHaveLength(1)
  })

  test.each([[{ code: 'ENOTFOUND' }], [[METADATA]]])(
    'that says %j is believed at once',
    async (answer) => {
      const { call, clock, names, dialled } = dialer({ droplet: ['10.0.0.1'] })
      await call('http://droplet/')
      names.droplet = answer
      await clock.advance(1000)
      for (let n = 0; n < 2; n++)
        expect(await call('http://droplet/')).toMatch(/^refused|ENOTFOUND/)
      expect(dialled).toHaveLength(1)
    },
  )
})
