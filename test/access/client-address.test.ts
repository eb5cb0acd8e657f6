import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { clientKey, parseNetworks } from '../../src/access/client-address.ts'

const PROXIES = parseNetworks(['10.0.0.0/8', '192.0.2.7', 'fd00::/8'])
const keyOf = (peer: string | null, forwarded: string | null = null) =>
  clientKey(peer, forwarded, PROXIES)

describe('the key of a client', () => {
  test.each([
    ['203.0.113.9', '203.0.113.9'],
    ['::ffff:203.0.113.9', '203.0.113.9'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
    ['2001:db8:1:2::', '2001:db8:1:2::/64'],
    ['fe80::1%eth0', 'fe80:0:0:0::/64'],
    ['/run/socket', 'unknown'],
    [null, 'unknown'],
  ])('%s: %s', (peer, key) => {
    expect(keyOf(peer)).toBe(key)
  })
})

test('a proxy whose IPv4 address is set in the form of IPv6 is trusted', () => {
  const proxies = parseNetworks(['::ffff:192.0.2.7', '::ffff:10.0.0.0/104'])
  for (const peer of ['192.0.2.7', '::ffff:192.0.2.7', '10.1.2.3']) {
    expect(clientKey(peer, '198.51.100.1', proxies)).toBe('198.51.100.1')
  }
})

describe('X-Forwarded-For', () => {
  test.each([
    ['is not believed of just anybody', '203.0.113.9', '198.51.100.1', '203.0.113.9'],
    ['names the client', '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    [
      'of a proxy that is an IPv4 address in IPv6',
      '::ffff:10.0.0.1',
      '198.51.100.1',
      '198.51.100.1',
    ],
    ['counts from the right', '10.0.0.1', '1.1.1.1, 2.2.2.2 ,198.51.100.1', '198.51.100.1'],
    ['goes on behind proxies', '10.0.0.1', '1.1.1.1, 198.51.100.1, 192.0.2.7', '198.51.100.1'],
    ['of proxies only names the farthest', '10.0.0.1', '10.0.0.3,10.0.0.2', '10.0.0.3'],
    ['stops at garbage', '10.0.0.1', '198.51.100.1, unknown', '10.0.0.1'],
    ['stops at an empty entry', '10.0.0.1', '198.51.100.1,', '10.0.0.1'],
    ['may have a port', '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['may have brackets', '10.0.0.1', '[2001:db8::1]', '2001:db8:0:0::/64'],
    ['may have brackets and a port', '10.0.0.1', '[2001:db8::1]:443', '2001:db8:0:0::/64'],
    ['may be bare IPv6', 'fd00::1', '2001:db8::1', '2001:db8:0:0::/64'],
    ['knows no octal', '10.0.0.1', '0177.0.0.1', '10.0.0.1'],
    ['knows no whole number', '10.0.0.1', '2130706433', '10.0.0.1'],
    ['knows no quotes', '10.0.0.1', '"198.51.100.1"', '10.0.0.1'],
  ])('%s', (_, peer, forwarded, key) => {
    expect(keyOf(peer, forwarded)).toBe(key)
  })

  const client = fc.ipV4().filter((address) => keyOf('10.0.0.1', address) === address)
  const trusted = fc.tuple(fc.nat(255), fc.nat(255)).map(([a, b]) => `10.1.${a}.${b}`)

  test('what a client puts in front of it changes nothing', () => {
    const anything = fc.oneof(fc.string(), fc.ipV4(), fc.ipV6(), trusted)
    fc.assert(
      fc.property(
        fc.array(anything),
        client.filter((address) => !address.startsWith('10.') && address !== '192.0.2.7'),
        fc.array(trusted),
        (spoofed, address, proxies) => {
          const header = [...spoofed, address, ...proxies].join(', ')
          expect(keyOf('10.0.0.1', header)).toBe(address)
        },
      ),
      { seed: 8, numRuns: 500 },
    )
  })

  test('any text is read without a fault', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        expect(keyOf('10.0.0.1', text)).toMatch(/^[\d.]+$|^[\da-f:]+\/64$/)
        expect(keyOf(text)).toBeString()
      }),
      { seed: 8, numRuns: 500 },
    )
  })
})
