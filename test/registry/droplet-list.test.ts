import { describe, expect, test } from 'bun:test'
import { Directory } from '../../src/droplets/directory.ts'
import { dropletUrl } from '../../src/droplets/droplet.ts'
import { atOnce } from '../../src/platform/turns.ts'
import { parseDropletList } from '../../src/registry/droplet-list.ts'

const fake = {
  id: 1,
  name: 'fake',
  steward: 'me',
  status: 'active',
  endpoint: 'http://127.0.0.1:9001',
  proof: null,
  cost_usd: 0,
  yield_usd: 0,
  metadata: { version: '1.0.0' },
  registered_at: '2026-01-01T00:00:00.000001Z',
  updated_at: '2026-01-01T00:00:00.000001Z',
}

function parsed(...entries: unknown[]) {
  const list = parseDropletList(entries)
  if (!list) throw new Error('not a list')
  return list
}

describe('a list of droplets', () => {
  test('is read as the Registry sends it', () => {
    const list = parseDropletList({ droplets: [fake], total: 1, timestamp: 'now' })
    expect(list).toEqual({
      droplets: [
        {
          id: 1,
          name: 'fake',
          url: 'http://127.0.0.1:9001',
          version: '1.0.0',
          status: 'active',
          steward: 'me',
        },
      ],
      own: null,
      skipped: 0,
      firstReason: null,
    })
  })

  test('tells of our own entry: which one, where, and when it was registered', () => {
    const own = { ...fake, name: 'Orchestrator', endpoint: 'http://me:1/' }
    const registeredAt = Date.parse('2026-01-01T00:00:00Z') + 0.001
    expect(parsed(fake, own).own).toEqual({ id: 1, url: 'http://me:1', registeredAt })
    expect(parsed({ name: 'orchestrator', url: 'http://me' }).own).toEqual({
      id: null,
      url: 'http://me',
      registeredAt: null,
    })
  })

  test('may be a bare array', () => {
    expect(parsed(fake).droplets).toHaveLength(1)
  })

  test.each([[null], [undefined], ['x'], [7], [{}], [{ droplets: null }], [{ droplets: {} }]])(
    'is not %p',
    (json) => {
      expect(parseDropletList(json)).toBeNull()
    },
  )

  test('takes what other Registries send: url, version on top, string ids, little else', () => {
    const [one, two] = parsed(
      { id: 'abc', name: 'one', url: 'https://one.example/base/', version: '2.1' },
      { name: 'two', endpoint: '', url: 'http://two', metadata: null, version: 3 },
    ).droplets
    expect(one).toEqual({
      id: 'abc',
      name: 'one',
      url: 'https://one.example/base',
      version: '2.1',
      status: 'active',
      steward: null,
    })
    expect(two).toMatchObject({ id: null, url: 'http://two', version: '3' })
  })

  test.each([
    ['inactive', 'inactive'],
    ['ERROR', 'error'],
    ['active', 'active'],
    ['on fire', 'active'],
    [undefined, 'active'],
    [7, 'active'],
  ])('takes status %p for %s', (status, expected) => {
    expect(parsed({ ...fake, status }).droplets[0]?.status as string).toBe(expected)
  })

  test.each([
    ['a', 'a'],
    [-1, -1],
    [1.5, null],
    [1e300, null],
    [true, null],
  ])('takes the id %p for %p', (id, expected) => {
    expect(parsed({ ...fake, id }).droplets[0]!.id).toBe(expected)
  })

  test('odd values of what routing does not need cost no droplet', () => {
    const odd = { name: 'odd', url: 'http://odd', id: {}, version: [], metadata: 7, steward: 1 }
    expect(parsed({ ...odd, updated_at: {} }).droplets[0]).toEqual({
      id: null,
      name: 'odd',
      url: 'http://odd',
      version: null,
      status: 'active',
      steward: null,
    })
  })

  test('skips what is not valid, counts it, says why without the address, and keeps the rest', () => {
    const list = parsed(
      { name: 'leaky', url: 'http://user:hunter2@host' },
      null,
      7,
      'x',
      [],
      {},
      { name: '', url: 'http://x' },
      { name: 'x'.repeat(256), url: 'http://x' },
      { name: 7, url: 'http://x' },
      { name: 'nowhere' },
      { name: 'numeric', url: 7 },
      { name: 'x'.repeat(255), url: 'http://long' },
      fake,
    )
    expect(list.droplets.map(({ url }) => url)).toEqual(['http://long', 'http://127.0.0.1:9001'])
    expect(list.skipped).toBe(11)
    expect(list.firstReason).toBe('entry 0: url: has credentials')
  })

  test.each([
    ['a\0b', 'has a zero byte'],
    ['\0', 'has a zero byte'],
    ['\ud800', 'has half a surrogate pair'],
    ['x\udc00', 'has half a surrogate pair'],
    ['\udc00\ud800', 'has half a surrogate pair'],
  ])('skips the name %j, which %s', (name, fault) => {
    const list = parsed({ ...fake, name }, fake)
    expect(list.droplets.map((droplet) => droplet.name)).toEqual(['fake'])
    expect(list.firstReason).toBe(`entry 0: /name: ${fault}`)
  })

  test('of two with one name the newest wins, down to the microsecond, else the later', () => {
    const at = (name: string, url: string, updated_at?: unknown) => ({ name, url, updated_at })
    const keptUrls = (...entries: unknown[]) => parsed(...entries).droplets.map(({ url }) => url)
    expect(keptUrls(at('a', 'http://one'), at('A', 'http://two'))).toEqual(['http://two'])
    expect(
      keptUrls(
        at('a', 'http://new', '2026-01-01T00:00:00.000900Z'),
        at('A', 'http://old', '2026-01-01T00:00:00.000100Z'),
      ),
    ).toEqual(['http://new'])
    expect(
      keptUrls(at('a', 'http://new', 1_767_225_601), at('a', 'http://old', '2026-01-01T00:00:00Z')),
    ).toEqual(['http://new'])
    expect(keptUrls(at('a', 'http://dated', '2020-01-01'), at('a', 'http://undated'))).toEqual([
      'http://dated',
    ])
    expect(keptUrls(at('a', 'http://one', 'soon'), at('a', 'http://two', ''))).toEqual([
      'http://two',
    ])
    expect(keptUrls(at('a', 'http://good'), at('a', 'gopher://newer', '2030-01-01'))).toEqual([
      'http://good',
    ])
  })
})

describe("a droplet's address", () => {
  test.each([
    ['http://h', 'http://h'],
    ['http://h/', 'http://h'],
    ['http://h/base//', 'http://h/base'],
    ['http://h//', 'http://h'],
    ['http://h///base//x/', 'http://h/base//x'],
    ['http://h/.//base', 'http://h/base'],
    ['HTTP://H:80/Base', 'http://h/Base'],
    ['https://h:8443', 'https://h:8443'],
    ['http://[::1]:9000/', 'http://[::1]:9000'],
  ])('%s becomes %s', (text, url) => {
    expect(dropletUrl(text)).toEqual({ url })
  })

  test.each([
    '',
    'h',
    'h:9000',
    '//h',
    '/x',
    'ftp://h',
    'file:///etc/passwd',
    'javascript:alert(1)',
    'http://',
    'http://h:99999',
    'http://u@h',
    'http://u:p@h',
    'http://:p@h',
    'http://h?',
    'http://h?x=1',
    'http://h/#',
    'http://h/#x',
  ])('%p is refused', (text) => {
    expect(dropletUrl(text)).toHaveProperty('fault')
  })
})

test('a directory finds by name in any case, and lists names in order', () => {
  const directory = Directory.of(
    parsed({ name: 'Zeta', url: 'http://z' }, { name: 'alpha', url: 'http://a' }).droplets,
  )
  expect(directory.find('zETA')?.name).toBe('Zeta')
  expect(directory.find('zeta ')).toBeUndefined()
  expect(directory.find('__proto__')).toBeUndefined()
  expect(atOnce(directory.firstNames())).toEqual(['Zeta', 'alpha'])
  expect(directory.size).toBe(2)
  expect(Directory.of([])).toBe(Directory.empty)
})
