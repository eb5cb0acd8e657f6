import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { endOfDay, lastDay } from '../../src/access/expiry.ts'
import { SCOPES } from '../../src/access/scopes.ts'
import { hashOf, newToken } from '../../src/access/token-form.ts'
import { MAX_FAULTS, parseTokens, writeLine } from '../../src/access/token-lines.ts'
import { TokenSet } from '../../src/access/tokens.ts'
import { randomBytes } from '../support/tokens-file.ts'

const HASH = `sha256:${'0123456789abcdef'.repeat(4)}`
const OTHER = `sha256:${'f'.repeat(64)}`

/** The one token of the text, as plain values. */
function only(text: string) {
  const { tokens, faults } = parseTokens(text)
  expect(faults).toEqual([])
  expect(tokens).toHaveLength(1)
  const { name, scopes, droplets, expiresAt } = tokens[0]!
  return { name, scopes: [...scopes], droplets, expiresAt }
}

describe('a line', () => {
  test.each([
    `ci tasks:write tasks:read ${HASH}`,
    `ci tasks:write,tasks:read ${HASH}`,
    `ci\ttasks:write,\ttasks:read   ${HASH}  # whose it is`,
    `  ci ${HASH} tasks:write tasks:read\r`,
    `ci tasks:write tasks:read tasks:write ${HASH.toUpperCase().replace('SHA', 'sha')}`,
  ])('may be written in more than one way: %j', (line) => {
    const rights = { droplets: null, expiresAt: null }
    expect(only(line)).toEqual({ name: 'ci', scopes: ['tasks:write', 'tasks:read'], ...rights })
  })

  test('has droplets by name and by how they begin, and a last day in UTC', () => {
    const { droplets, expiresAt } = only(
      `ci admin droplets=Echo,BILL-*,é expires=2027-01-31 ${HASH}`,
    )
    expect(expiresAt).toBe(Date.parse('2027-02-01T00:00:00Z'))
    expect([droplets?.names, droplets?.prefixes]).toEqual([['echo', 'é'], ['bill-']])
    for (const name of ['ECHO', 'bill-', 'Bill-2', 'É']) expect(droplets?.has(name)).toBe(true)
    for (const name of ['echo2', 'bill', 'e']) expect(droplets?.has(name)).toBe(false)
  })

  test('with * among its droplets has all of them', () => {
    expect(only(`ci admin droplets=echo,* ${HASH}`).droplets).toBeNull()
  })
})

test('nothing but comments is no tokens, and no fault', () => {
  for (const text of ['', '\n\r\n', '# a\n  # b\n']) {
    expect(parseTokens(text)).toEqual({ tokens: [], faults: [] })
  }
})

test('two lines of one name are two tokens', () => {
  const { tokens, faults } = parseTokens(`ci admin ${HASH}\nci tasks:read ${OTHER}`)
  expect(faults).toEqual([])
  expect(tokens.map(({ name }) => name)).toEqual(['ci', 'ci'])
})

describe('a fault', () => {
  const made = newToken(randomBytes)

  test.each<[string, RegExp]>([
    [`-ci admin ${HASH}`, /^line 1: its first word must be a name: 1 to 64 letters/],
    [`tasks:read admin ${HASH}`, /must be a name/],
    [`${'n'.repeat(65)} admin ${HASH}`, /must be a name/],
    [`ci ${HASH}`, /^line 1: it has no scope \(tasks:read, tasks:write, admin\)$/],
    ['ci admin', /^line 1: it has no hash: sha256: and 64 hexadecimal digits$/],
    [`ci tasks:raed ${HASH}`, /^line 1: word 2 is none of tasks:read, tasks:write, admin, /],
    [`ci admin,root ${HASH}`, /^line 1: word 2 is none of/],
    [`ci admin ${HASH.slice(7)}`, /^line 1: word 3 is none of .* sha256:$/],
    [`ci admin ${HASH}0`, /its hash must be sha256: and 64 hexadecimal digits/],
    [`ci admin sha256:${'g'.repeat(64)}`, /its hash must be/],
    [`ci admin ${HASH} ${OTHER}`, /it has two hashes: write a line for each/],
    [`ci admin droplets= ${HASH}`, /droplet 1 is empty/],
    [`ci admin droplets=a,,b ${HASH}`, /droplet 2 is empty/],
    [`ci admin droplets=a,*b ${HASH}`, /droplet 2 has a \* that is not its end/],
    [`ci admin droplets=${'d'.repeat(256)} ${HASH}`, /droplet 1 is longer than 255 characters/],
    [`ci admin droplets=a droplets=b ${HASH}`, /it has droplets= twice/],
    [`ci admin expires=2027-02-30 ${HASH}`, /expires= must be a day such as 2027-01-31/],
    [`ci admin expires=31.1.2027 ${HASH}`, /expires= must be/],
    [`ci admin expires=2027-01-01 expires=2027-01-02 ${HASH}`, /it has expires= twice/],
    [`ci admin ${made}`, /^line 1: it holds a token in place of its hash: make another/],
    [`ci admin sha256:${made}`, /it holds a token/],
    [`${made} admin ${HASH}`, /it holds a token/],
    [`ci admin ${made.slice(0, -9)}`, /it holds a token/],
  ])('of %j is told, and nothing else of it', (line, message) => {
    const { tokens, faults } = parseTokens(line)
    expect(tokens).toEqual([])
    expect(faults).toEqual([expect.stringMatching(message)])
  })

  test('comes with all others, each with its line', () => {
    const text = `# x\nci admin ${HASH}\n\nab,c admin ${OTHER}\nci tasks:read ${HASH}\nci root\n`
    expect(parseTokens(text)).toEqual({
      tokens: [],
      faults: [
        expect.stringMatching(/^line 4: its first word must be a name/),
        'line 5: it has the hash of line 2',
        expect.stringMatching(/^line 6: word 2 is none of/),
      ],
    })
  })
})

test.each([
  ['words', 'ci ' + 'a '.repeat(500_000)],
  ['scopes', 'ci ' + 'a,'.repeat(500_000)],
  ['droplets', 'ci droplets=' + ','.repeat(1_000_000)],
  ['lines', 'ci\n'.repeat(300_000)],
])('a file that is something else has few faults: of %s', (_, text) => {
  const { faults } = parseTokens(text)
  expect(faults.length).toBeWithin(1, MAX_FAULTS + 1)
})

const name = fc.stringMatching(/^[A-Za-z0-9][A-Za-z0-9._-]{0,20}$/)
const droplet = fc.stringMatching(/^[a-zé][a-z0-9é-]{0,9}\*?$/)
const day = fc
  .date({ min: new Date(0), max: new Date('2999-12-31'), noInvalidDate: true })
  .map((date) => date.toISOString().slice(0, 10))
const token = fc.uint8Array({ minLength: 40, maxLength: 40 }).map((seed) => {
  let at = 0
  // Long enough for what is left out.
  return newToken((length) => Uint8Array.from({ length }, () => (seed[at++ % 40]! + at) % 248))
})
const written = fc.record({
  name,
  scopes: fc.subarray([...SCOPES], { minLength: 1 }),
  droplets: fc.array(droplet, { maxLength: 4 }),
  expires: fc.option(day),
})

test('what is written is read again, and the token is found', () => {
  fc.assert(
    fc.property(written, token, (line, made) => {
      const { tokens, faults } = parseTokens(`${writeLine(line, made)}\n`)
      expect(faults).toEqual([])
      const [read] = tokens
      const found = new TokenSet(tokens).find(made)
      expect(found).toBe(read!)
      expect([found?.name, [...found!.scopes]]).toEqual([line.name, line.scopes])
      expect(found?.expiresAt ?? null).toBe(line.expires === null ? null : endOfDay(line.expires))
      expect(found?.expiresAt ? lastDay(found.expiresAt) : null).toBe(line.expires)
      for (const each of line.droplets) expect(found?.droplets?.has(each)).toBe(true)
      expect(new TokenSet(tokens).find(newToken(randomBytes))).toBeNull()
    }),
  )
})

test('no text throws, and no fault tells any of what could be secret', () => {
  const made = newToken(randomBytes)
  const secret = fc.constantFrom(made, made.slice(0, 30), hashOf(made), `sha256:${hashOf(made)}`)
  const word = fc.oneof(secret, name, fc.string(), fc.constantFrom('admin', '#', 'droplets='))
  const lines = fc.array(fc.array(word, { maxLength: 6 }), { maxLength: 6 })
  fc.assert(
    fc.property(lines, (all) => {
      const text = all.map((words) => words.join(' ')).join('\n')
      const { tokens, faults } = parseTokens(text)
      expect(faults.length === 0 || tokens.length === 0).toBe(true)
      const told = faults.join('\n')
      for (const each of [made.slice(4, 20), hashOf(made).slice(0, 16)]) {
        expect(told).not.toContain(each)
      }
    }),
  )
})
