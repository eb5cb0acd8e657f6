import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { joinTarget } from '../../src/droplets/target.ts'
import { allowRealTime } from '../support/eventually.ts'
import { anyPath, climbers } from '../support/hostile-paths.ts'

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
    ['http://h', '/a/.//b', 'http://h/a//b'],
    ['http://h', '/a;x=1/b;y', 'http://h/a;x=1/b;y'],
    ['http://h', '/a/..;/b', 'http://h/a/..;/b'],
    ['http://h', '/a/.;x/b', 'http://h/a/.;x/b'],
    ['http://h', '/..a;/...;/b', 'http://h/..a;/...;/b'],
    ['http://h', '/a?..;/../..', 'http://h/a?..;/../..'],
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
    '/..;/x',
    '/..;',
    '/.%2e;/x',
    '/%2e%2e;a=b/x',
    '/..%3b/x',
    '/@%5c..;%5c@/..;a=b',
    '/a%2f..;%2fb/../x',
    '/..%3Ba=b/x',
    '/a/..;/../..;/',
    '/a/..;/..;x/',
    '/;x/..;/',
    '/.;/..;/x',
    '/a%2fb/..;/..;/',
    '/a%5cb/..;/..;/',
    '/a%2fb/../c%2f..%2f..;/x',
    '/..;%2fx',
    '/..%3f/x',
    '/..%23x',
    '/..%00/x',
    '/.//x',
    '/a/..//x',
    '/%2e//x',
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
/** A droplet's URL and a path. */
const target = fc.tuple(fc.constantFrom(...BASES), anyPath)

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
      fc.property(target, ([base, path]) => {
        const result = joinTarget(base, path)
        if (!result.ok) return
        accepted++
        const joined = new URL(result.url)
        const root = new URL(base)
        expect(joined.origin).toBe(root.origin)
        expect(joined.username + joined.password + joined.hash).toBe('')
        const prefix = root.pathname.replace(/\/$/, '')
        expect(joined.pathname.startsWith(`${prefix}/`)).toBe(true)
        expect(climbers(joined.pathname.slice(prefix.length))).toEqual([])
        // It is sent as it is: nothing in it may be left to resolve.
        expect(new URL(result.url).href).toBe(result.url)
      }),
      { numRuns: 20_000 },
    )
    expect(accepted).toBeGreaterThan(1000)
  })

  test('an accepted path without dot segments arrives as it was sent', () => {
    let accepted = 0
    fc.assert(
      fc.property(target, ([base, path]) => {
        const [pathname = ''] = path.split('?')
        const isDotted = pathname.split('/').some((part) => /^(\.|%2e){1,2}$/i.test(part))
        const result = joinTarget(base, path)
        if (!result.ok || isDotted) return
        accepted++
        expect(escaped(result.url.slice(base.length))).toBe(escaped(path))
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
