import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { formFault, hashOf, holdsToken, newToken } from '../../src/access/token-form.ts'
import { randomBytes } from '../support/tokens-file.ts'

const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'

/** The bytes one after the other, over and over. */
function bytesOf(...bytes: number[]) {
  let at = 0
  return (length: number) => Uint8Array.from({ length }, () => bytes[at++ % bytes.length]!)
}

test('a token is orc_, 30 random characters, and the CRC-32 of all that in 6 more', () => {
  const made = newToken(bytesOf(0))
  expect(made).toBe(`orc_${'0'.repeat(30)}4564pn`)
  const digits = [...made.slice(-6)].map((digit) => DIGITS.indexOf(digit))
  expect(digits.reduce((sum, digit) => sum * 62 + digit, 0)).toBe(Bun.hash.crc32(made.slice(0, -6)))
})

test('each of the 62 characters is as likely as the others', () => {
  // All bytes once: those beyond 4 times 62 are left out.
  const bytes = Array.from({ length: 256 }, (_, byte) => byte)
  const random = bytesOf(...bytes)
  const drawn = Array.from({ length: 248 }, () => newToken(random).slice(4, 34)).join('')
  const counts = [...DIGITS].map((digit) => drawn.split(digit).length - 1)
  expect(new Set(counts)).toEqual(new Set([(248 * 30) / 62]))
})

test('what was made is a token; two are never the same', () => {
  const made = Array.from({ length: 200 }, () => newToken(randomBytes))
  expect(new Set(made).size).toBe(200)
  for (const each of made) expect([formFault(each), holdsToken(each)]).toEqual([null, true])
})

test('every typo of one character is told', () => {
  const made = newToken(randomBytes)
  for (let at = 4; at < made.length; at++) {
    for (const digit of DIGITS) {
      if (digit === made[at]) continue
      expect(formFault(made.slice(0, at) + digit + made.slice(at + 1))).toBe('misspelt')
    }
  }
})

test('two neighbours that are exchanged are told', () => {
  const made = newToken(randomBytes)
  for (let at = 4; at < made.length - 1; at++) {
    if (made[at] === made[at + 1]) continue
    const swapped = made.slice(0, at) + made[at + 1]! + made[at]! + made.slice(at + 2)
    expect(formFault(swapped)).toBe('misspelt')
  }
})

test('anything else is none', () => {
  const made = newToken(randomBytes)
  const odd = ['', 'orc_', made.slice(1), `${made}0`, made.slice(0, -1), made.toUpperCase()]
  for (const text of [...odd, ` ${made}`, `${made}\n`, made.replace('_', '-')]) {
    expect(formFault(text)).toBe('malformed')
  }
  fc.assert(fc.property(fc.string(), (text) => formFault(text) !== null))
})

test('its hash is the SHA-256 of its text', () => {
  expect(hashOf('abc')).toBe('ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad')
})
