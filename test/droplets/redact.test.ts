import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { redactQuery, redactUrls } from '../../src/droplets/redact.ts'

test.each([
  ['http://h/x', 'http://h/x'],
  ['http://h/x?', 'http://h/x?'],
  ['http://h/a=1&b=2', 'http://h/a=1&b=2'],
  ['http://h/x?a=1&b=2', 'http://h/x?a=REDACTED&b=REDACTED'],
  ['http://h/x?a=', 'http://h/x?a=REDACTED'],
  ['http://h/x?a=b=c==', 'http://h/x?a=REDACTED'],
  ['http://h/x?=c', 'http://h/x?=REDACTED'],
  ['http://h/x?a=1;b=2', 'http://h/x?a=REDACTED'],
  ['http://h/x?a=?c&&b=%26', 'http://h/x?a=REDACTED&&b=REDACTED'],
  ['http://h/x?secret', 'http://h/x?REDACTED'],
  ['http://h/x??secret', 'http://h/x??REDACTED'],
  ['http://h/x?a=1#secret', 'http://h/x?a=REDACTED#REDACTED'],
  ['http://h/x#token=1?b', 'http://h/x#token=REDACTED'],
])('%s becomes %s', (url, redacted) => {
  expect(redactQuery(url)).toBe(redacted)
})

test('no value of any query is left, and every name is', () => {
  const name = fc.stringMatching(/^[a-z]{1,5}$/)
  const value = fc.string().map((text) => `SECRET-${encodeURIComponent(text.toWellFormed())}`)
  fc.assert(
    fc.property(fc.array(fc.tuple(name, value), { minLength: 1 }), (parameters) => {
      const query = (pairs: string[][]) => pairs.map((pair) => pair.join('=')).join('&')
      const redacted = redactQuery(`http://h/x?${query(parameters)}`)
      expect(redacted).toBe(`http://h/x?${query(parameters.map(([key]) => [key, 'REDACTED']))}`)
    }),
  )
})

test('URLs within a text', () => {
  const text = 'no answer from "http://a/x?token=t1" nor (HTTPS://b/?k=t2); a=b?c=d'
  expect(redactUrls(text)).toBe(
    'no answer from "http://a/x?token=REDACTED" nor (HTTPS://b/?k=REDACTED a=b?c=d',
  )
})
