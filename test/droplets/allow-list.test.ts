/** Where may be called: rules alone, nothing is dialled or looked up. */
import { describe, expect, test } from 'bun:test'
import { AllowList } from '../../src/droplets/allow-list.ts'

const REGISTRY = 'http://registry.example:8000'
const listOf = (...rules: string[]) => new AllowList(rules, REGISTRY)

const kindOf = (list: AllowList, host: string) => list.host(`http://${host}:9000/base`).kind
const reasonOf = (list: AllowList, host: string) => {
  const found = list.host(`http://${host}/`)
  return found.kind === 'refused' ? found.reason : null
}

/** The same address in all the forms that parsers of URLs, or gateways, know. */
const METADATA = [
  ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '0xA9.0xFE.43518'],
  ...[
    '169.254.43518',
    '169.16689662',
    '169.254.169.254.',
    '１６９.254.169.254',
    '169。254。169。254',
  ],
  ...['169.254.169.25%34', '%31%36%39.254.169.254'],
  ...['[::ffff:169.254.169.254]', '[::FFFF:A9FE:A9FE]', '[0:0:0:0:0:ffff:a9fe:a9fe]'],
  ...['[::169.254.169.254]', '[::ffff:0:169.254.169.254]', '[64:ff9b::169.254.169.254]'],
  ...['[64:ff9b:1::a9fe:a9fe]', '[64:ff9b:1:a9fe:a9:fe00::]', '[64:ff9b:1:a9:fe:a9fe::]'],
  ...['[64:ff9b:1:0:a9:fea9:fe00:0]', '[64:ff9b:1:ab:cd:ef01:a9fe:a9fe]', '[2002:a9fe:a9fe::1]'],
]

const OTHERS = [
  ...['169.254.0.0', '169.254.255.255', '169.254.170.2', '100.100.100.200', '168.63.129.16'],
  ...['192.0.0.192', '[fe80::1]', '[febf:ffff::1]', '[fe80::a9fe:a9fe]', '[fd00:ec2::254]'],
  ...['[fd00:ec2:ffff::]', '[fd20:ce::254]', '[fd00:42::42]', '[::ffff:100.100.100.200]'],
  ...['[64:ff9b::a83f:8110]', '[2002:a83f:8110::]'],
]

const FINE = [
  ...['127.0.0.1', '127.255.0.1', '10.1.2.3', '172.16.0.1', '192.168.1.1', '100.100.100.201'],
  ...['169.253.255.255', '169.255.0.0', '0.0.0.0', '8.8.8.8', '[::1]', '[::]', '[fd00::1]'],
  ...['[fd00:ec1::254]', '[fec0::1]', '[2001:db8::1]', '[::ffff:10.0.0.1]', '[64:ff9b::a00:1]'],
  ...['[2002:a00:1::1]', '2130706433', '0x7f.1'],
]

describe('without DROPLET_ALLOW', () => {
  test.each([...METADATA, ...OTHERS])('%s: never', (host) => {
    expect(reasonOf(listOf(), host)).toMatch(/(link-local|metadata) address that DROPLET_ALLOW/)
  })

  test.each(FINE)('%s: yes', (host) => {
    expect(kindOf(listOf(), host)).toBe('address')
  })

  test.each(['droplet', 'a_b.mesh', 'Metadata.Google.internal', 'host.', 'bücher.example'])(
    '%s: its addresses decide',
    (host) => {
      const found = listOf().host(`http://${host}/`)
      expect(found).toMatchObject({ kind: 'name', isListed: true })
    },
  )

  test('an address of the name service may have a zone', () => {
    expect(listOf().addressFault('fe80::1%eth0', true)).toStartWith('is a link-local address')
    expect(listOf().addressFault('fd00::1%eth0', true)).toBeNull()
    expect(listOf().addressFault('no address', true)).toBe('is no address')
  })

  test('the reason says what leads where', () => {
    expect(reasonOf(listOf(), '2852039166')).toBe(
      '169.254.169.254 is a link-local address that DROPLET_ALLOW does not name',
    )
    expect(reasonOf(listOf(), '[64:ff9b::169.254.169.254]')).toBe(
      '64:ff9b::a9fe:a9fe leads to 169.254.169.254, a link-local address that DROPLET_ALLOW does not name',
    )
  })
})

describe('what is forbidden is opened by', () => {
  const isOpened = (rule: string, host = '169.254.169.254') =>
    kindOf(listOf(rule), host) === 'address'

  test.each(['169.254.169.254', '169.254.169.254/32', '169.254.0.0/16', '::ffff:169.254.169.254'])(
    '%s',
    (rule) => expect(isOpened(rule)).toBe(true),
  )

  test.each(['::ffff:169.254.0.0/112', '169.254.169.0/24'])('%s', (rule) =>
    expect(isOpened(rule)).toBe(true),
  )

  test.each(['0.0.0.0/0', '169.254.0.0/15', '168.0.0.0/5', '::/0', '::ffff:0:0/96'])(
    'not by %s, which is about more',
    (rule) => expect(isOpened(rule)).toBe(false),
  )

  test('not by the network around it', () => {
    expect(isOpened('100.64.0.0/10', '100.100.100.200')).toBe(false)
    expect(isOpened('100.64.0.0/10', '100.100.100.201')).toBe(true)
    expect(isOpened('fd00::/8', '[fd00:ec2::254]')).toBe(false)
    expect(isOpened('fd00:ec2::/32', '[fd00:ec2::254]')).toBe(true)
  })

  test('not by its own name', () => {
    const list = listOf('metadata.google.internal')
    const found = list.host('http://metadata.google.internal/')
    expect(found).toMatchObject({ kind: 'name', isListed: true })
    expect(list.addressFault('169.254.169.254', true)).toContain('does not name')
  })

  test('through a gateway: both must be named', () => {
    const host = '[64:ff9b::169.254.169.254]'
    expect(isOpened('169.254.169.254', host)).toBe(false)
    expect(isOpened('64:ff9b::/96', host)).toBe(false)
    expect(kindOf(listOf('169.254.169.254', '64:ff9b::/96'), host)).toBe('address')
  })
})

describe('a closed list', () => {
  const list = listOf('Droplet.example', '*.mesh.example', '10.0.0.0/8', 'fd00::/8', '192.0.2.7')

  test.each(['droplet.example', 'DROPLET.example.', 'a.mesh.example', 'a.b.mesh.example'])(
    '%s: by its name',
    (host) => expect(list.host(`http://${host}/`)).toMatchObject({ isListed: true }),
  )

  test.each(['mesh.example', 'amesh.example', 'droplet.example.evil.example', 'x.droplet.example'])(
    '%s: only if its addresses are listed',
    (host) => {
      expect(list.host(`http://${host}/`)).toMatchObject({ kind: 'name', isListed: false })
      expect(list.addressFault('10.1.2.3', false)).toBeNull()
      expect(list.addressFault('11.1.2.3', false)).toBe('is not in DROPLET_ALLOW')
    },
  )

  test('of names alone, another name is refused without a look-up', () => {
    expect(reasonOf(listOf('a.example'), 'b.example')).toBe('b.example is not in DROPLET_ALLOW')
    expect(reasonOf(listOf('a.example'), '10.0.0.1')).toBe('10.0.0.1 is not in DROPLET_ALLOW')
  })

  test.each(['10.255.0.1', '[fd12::1]', '192.0.2.7', '[::ffff:10.0.0.1]', '167772161'])(
    '%s: by its address',
    (host) => expect(kindOf(list, host)).toBe('address'),
  )

  test.each(['127.0.0.1', '192.0.2.8', '[::1]', '8.8.8.8', '[64:ff9b::10.0.0.1]'])(
    '%s: not',
    (host) => expect(kindOf(list, host)).toBe('refused'),
  )
})

describe('the Registry', () => {
  test('needs no rule, whether it has a name or an address', () => {
    expect(listOf('10.0.0.0/8').host(REGISTRY)).toMatchObject({ kind: 'name', isListed: true })
    const byAddress = new AllowList(['10.0.0.0/8'], 'http://[fd00::5]:8000')
    expect(byAddress.host('http://[fd00::5]:8000').kind).toBe('address')
    expect(byAddress.host('http://[fd00::6]:8000').kind).toBe('refused')
  })

  test('may not be where nothing may be', () => {
    const url = 'http://169.254.169.254:8000'
    expect(new AllowList([], url).host(url).kind).toBe('refused')
    expect(new AllowList(['10.0.0.0/8'], url).host(url).kind).toBe('refused')
    expect(new AllowList(['169.254.169.254'], url).host(url).kind).toBe('address')
  })

  test('that is a file opens nothing', () => {
    expect(new AllowList(['a.example'], 'file:///list.json').host('http://b/').kind).toBe('refused')
  })
})
