import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { joinTarget } from '../../src/droplets/target.ts'
import { allowRealTime } from '../support/eventually.ts'

allowRealTime()

const url = (base: string, path: string) => {
  const target = joinTarget(base, path)
  return target.ok ? target.url : null
}

describe('joins', () => {
  test.each([
    ['http://h', '/', 'http://h/'],
    ['http://h', '/x', 'http://h/x'],
    ['http://h:8080', '/x?q=1&r=a%20b', 'http://h:8080/x?q=1&r=a%20b'],
    ['http://h/base', '/x', 'http://h/base/x'],
    ['http://h/base', '/', 'http://h/base/'],
    ['http://h/base', '/?q', 'http://h/base/?q'],
    ['https://h/a/b', '/c/', 'https://h/a/b/c/'],
    ['http://h', '/a/../b', 'http://h/b'],
    ['http://h/base', '/a/%2e%2E/b', 'http://h/base/b'],
    ['http://h/base', '/a/./b', 'http://h/base/a/b'],
    ['http://h/base', '/..x/...', 'http://h/base/..x/...'],
    ['http://h', '/a//b', 'http://h/a//b'],
    ['http://h', '/@evil.example', 'http://h/@evil.example'],
    ['http://h', '/:80/x', 'http://h/:80/x'],
    ['http://h', '/x?to=http://evil.example/../..', 'http://h/x?to=http://evil.example/../..'],
    ['http://h', '/%41%zz%', 'http://h/%41%zz%'],
    ['http://h', '/a%2Fb%5cc', 'http://h/a%2Fb%5cc'],
    ['http://h', '/ünï/😀?q=é', 'http://h/%C3%BCn%C3%AF/%F0%9F%98%80?q=%C3%A9'],
  ])('%s + %s', (base, path, joined) => {
    expect(url(base, path)).toBe(joined)
  })
})

describe('refuses', () => {
  test.each([
    '',
    'x',
    'http://evil.example/',
    '//evil.example/x',
    '//',
    '/\\evil.example',
    '\\/evil.example',
    '/a b',
    '/a\tb',
    '/\n/evil.example',
    '/a\u0000b',
    '/a\u007fb',
    '/a#b',
    '/x?q#f',
    '/..',
    '/../',
    '/../x',
    '/a/../../x',
    '/%2e%2e/x',
    '/.%2E/x',
    '/%2e./x',
    '/a/%2E%2e/../x',
    '/a/../../base/x',
    '/..%2fx',
    '/..%5Cx',
    '/%2e%2e%2fx',
    '/a%2f..%2f..%2fx',
    '/a%5c%2e%2e%5c%2e%2e%5cx',
    '/./..//x',
    '/\ud800',
  ])('%j', (path) => {
    expect(joinTarget('http://h/base', path)).toEqual({ ok: false, reason: expect.any(String) })
    expect(joinTarget('http://h', path).ok).toBe(false)
  })

  test('says why, without the path', () => {
    expect(joinTarget('http://h', '//secret')).toEqual({
      ok: false,
      reason: 'must start with exactly one /',
    })
  })
})

const BASES = ['http://h', 'http://h:8080', 'http://h/base', 'https://h/a/b', 'http://[::1]:9/p']
const HOSTILE = [
  '..',
  '.',
  '%2e',
  '%2E',
  '%2f',
  '%2F',
  '%5c',
  '%5C',
  '/',
  '//',
  '\\',
  '%',
  '?',
  '#',
]
const MORE = ['@', ':', ';', '&', '=', 'base', 'a', 'é', '😀', '%252e', '%c0%ae', '\t', '\ud800']

/** Paths that a general generator would hardly ever produce. */
const hostilePath = fc
  .array(
    fc.oneof(fc.constantFrom(...HOSTILE, ...MORE), fc.string({ unit: 'binary', maxLength: 4 })),
    {
      maxLength: 12,
    },
  )
  .map((parts) => `/${parts.join('')}`)
const anyPath = fc.oneof(
  { weight: 6, arbitrary: hostilePath },
  { weight: 1, arbitrary: fc.string({ unit: 'binary', maxLength: 60 }) },
  { weight: 1, arbitrary: fc.webPath() },
)

/** As a droplet may read a path: everything decoded, backslashes as slashes, then resolved. */
function resolvedDepths(pathname: string): number[] {
  const decoded = pathname.replace(/%2e/gi, '.').replace(/%2f|%5c/gi, '/')
  let depth = 0
  return decoded.split(/[/\\]/).map((segment) => {
    if (segment === '..') depth--
    else if (segment !== '' && segment !== '.') depth++
    return depth
  })
}

/** Everything that a URL may escape, escaped. */
function escaped(text: string): string {
  const bytes = (part: string) =>
    [...Buffer.from(part)].map((byte) => `%${byte.toString(16).toUpperCase()}`).join('')
  return text.replace(/[^\u0021-\u007e]|["'<>^`{|}]/gu, bytes)
}

describe('whatever the path', () => {
  test('the URL stays inside, however it is decoded', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.constantFrom(...BASES), anyPath, (base, path) => {
        const target = joinTarget(base, path)
        if (!target.ok) return
        accepted++
        const joined = new URL(target.url)
        const root = new URL(base)
        expect(joined.origin).toBe(root.origin)
        expect(joined.username + joined.password + joined.hash).toBe('')
        const prefix = root.pathname.replace(/\/$/, '')
        expect(joined.pathname.startsWith(`${prefix}/`)).toBe(true)
        expect(Math.min(...resolvedDepths(joined.pathname.slice(prefix.length)))).toBe(0)
        // It is sent as it is: nothing in it may be left to resolve.
        expect(new URL(target.url).href).toBe(target.url)
      }),
      { numRuns: 20_000 },
    )
    expect(accepted).toBeGreaterThan(1000)
  })

  test('an accepted path without dot segments arrives as it was sent', () => {
    let accepted = 0
    fc.assert(
      fc.property(fc.constantFrom(...BASES), anyPath, (base, path) => {
        const [pathname = ''] = path.split('?')
        const isDotted = pathname.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part))
        const target = joinTarget(base, path)
        if (!target.ok || isDotted) return
        accepted++
        expect(escaped(target.url.slice(base.length))).toBe(escaped(path))
      }),
      { numRuns: 20_000 },
    )
    expect(accepted).toBeGreaterThan(1000)
  })

  test('plain paths are not refused', () => {
    const segment = fc.stringMatching(/^[\w~!$&'()*+,;=:@-]{1,12}$/)
    fc.assert(
      fc.property(fc.constantFrom(...BASES), fc.array(segment), (base, segments) => {
        const path = `/${segments.join('/')}`
        expect(joinTarget(base, path)).toEqual({ ok: true, url: base + path })
      }),
    )
  })
})
