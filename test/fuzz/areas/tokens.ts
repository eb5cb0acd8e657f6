/** Tokens files, right ones and almost right ones. They never reach a service: this asks the reader. */
import fc from 'fast-check'
import { isDeepStrictEqual } from 'node:util'
import { isScope, SCOPES } from '../../../src/access/scopes.ts'
import { hashOf } from '../../../src/access/token-form.ts'
import { parseTokens } from '../../../src/access/token-lines.ts'
import type { Token } from '../../../src/access/tokens.ts'
import type { Area } from '../area.ts'
import { damage, damaged, type Damage } from '../arbitraries/json-texts.ts'
import { oddText, rarely, repetition } from '../arbitraries/texts.ts'
import { tokenOf } from '../credentials.ts'

const HASHES = Array.from({ length: 4 }, (_, n) => `sha256:${hashOf(tokenOf(n))}`)
const DAYS = ['2027-01-31', '2028-02-29', '1970-01-01', '9999-12-31']
const DAY_MS = 86_400_000

/** Of so many bytes, more or less. */
const rightFile = (bytes: number) =>
  Array.from({ length: Math.ceil(bytes / 85) }, (_, n) => {
    return `ci tasks:read sha256:${n.toString(16).padStart(64, '0')}`
  }).join('\n')

interface Right {
  readonly name: string
  readonly scopes: readonly string[]
  readonly droplets: readonly string[] | null
  readonly expires: string | null
  /** Between its words, and after the last of them. */
  readonly space: string
  readonly end: string
}

const right: fc.Arbitrary<Right> = fc.record({
  name: fc.constantFrom('ci', 'Ci.2', 'a_b-c', 'n'.repeat(64), '0'),
  scopes: fc.subarray([...SCOPES], { minLength: 1 }),
  droplets: fc.option(
    fc.array(fc.constantFrom('echo', 'BILL-*', 'é', '*', 'a.b'), { minLength: 1 }),
  ),
  expires: fc.option(fc.constantFrom(...DAYS)),
  space: fc.constantFrom(' ', '  ', '\t', ' \t\u00a0'),
  end: fc.constantFrom('', '\r', ' # whose it is', ' #', '\t'),
})

function textOf({ name, scopes, droplets, expires, space, end }: Right, hash: string): string {
  const limits = [
    ...(droplets ? [`droplets=${droplets.join(',')}`] : []),
    ...(expires ? [`expires=${expires}`] : []),
  ]
  return [name, hash, scopes.join(','), ...limits].join(space) + end
}

const ODD_WORDS = [
  ...[...HASHES, HASHES[0]!.toUpperCase(), HASHES[0]!.slice(7), HASHES[0]!.slice(0, -1), 'sha256:'],
  ...[tokenOf(0), tokenOf(0).slice(0, 30), `x${tokenOf(1)}`, hashOf(tokenOf(2)), 'orc_'],
  ...['droplets=', 'droplets=a,,b', 'droplets=*a', 'droplets=a*b', `droplets=${'d'.repeat(256)}`],
  ...['expires=', 'expires=2027-02-29', 'expires=2027-1-1', 'expires=+12027-01-01', 'Droplets=a'],
  ...['admin', 'tasks:read', 'tasks:write', 'admin,', ',admin', 'ADMIN', 'tasks:*', 'ci', '#', '='],
]
const oddLine = fc
  .array(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...ODD_WORDS) },
      { weight: 1, arbitrary: oddText },
      { weight: 1, arbitrary: repetition(20_000) },
    ),
    { maxLength: 6 },
  )
  .map((words) => words.join(' '))

interface Input {
  /** Each with a hash of its own. */
  readonly lines: readonly Right[]
  /** Among them, if there are any. */
  readonly odd: readonly string[] | null
  readonly damage: Damage | null
}

export const tokens: Area<Input> = {
  name: 'tokens',
  share: 2,
  inputs: fc.record({
    lines: fc.array(right, { maxLength: HASHES.length }),
    odd: rarely(fc.array(oddLine, { minLength: 1, maxLength: 4 }), 2),
    damage,
  }),
  benign: async (bytes) => parseTokens(rightFile(bytes)),
  async run({ lines, odd, damage }) {
    const right = lines.map((line, index) => textOf(line, HASHES[index]!))
    const text = damaged([...right, ...(odd ?? [])].join('\n'), damage)
    const parsed = parseTokens(text)
    for (const fault of parsed.faults) expectSilent(fault)
    if (!odd && !damage) expectAll(lines, parsed)
    else if (parsed.faults.length === 0) expectNoMore(parsed.tokens, text)
    else if (parsed.tokens.length > 0) throw new Error('there are faults, and tokens all the same')
    return Buffer.byteLength(text)
  },
}

/** One line, and nothing in it that could be a part of a token or of a hash. */
function expectSilent(fault: string): void {
  if (!/^line \d+: \P{Cc}+$/u.test(fault)) {
    throw new Error(`it is no line for people: ${JSON.stringify(fault)}`)
  }
  if (/[0-9A-Za-z]{16}/.test(fault)) throw new Error(`it shows what may be secret: ${fault}`)
}

type Parsed = ReturnType<typeof parseTokens>

/** What is right is taken as it is written. */
function expectAll(lines: readonly Right[], { tokens, faults }: Parsed): void {
  if (faults.length > 0) throw new Error(`lines that are right were refused: ${faults.join('; ')}`)
  const expected = lines.map(({ name, scopes, droplets, expires }, index) => ({
    name,
    scopes: [...scopes].toSorted(),
    isBound: droplets !== null && !droplets.includes('*'),
    expiresAt: expires === null ? null : Date.parse(expires) + DAY_MS,
    hash: HASHES[index]!.slice('sha256:'.length),
  }))
  const taken = tokens.map(({ name, scopes, droplets, expiresAt, hash }) => ({
    ...{ name, scopes: [...scopes].toSorted(), isBound: droplets !== null, expiresAt, hash },
  }))
  if (!isDeepStrictEqual(taken, expected)) {
    throw new Error(`they were taken for others: ${JSON.stringify(taken)}`)
  }
}

/** Whatever else passes gives no more than its line says. */
function expectNoMore(tokens: readonly Token[], text: string): void {
  const lines = text.split('\n').map((line) => line.replace(/(?:^|\s)#.*$/s, '').trim())
  const written = lines.filter((line) => line !== '').map((line) => line.split(/\s+/))
  if (written.length !== tokens.length) {
    throw new Error(`${tokens.length} tokens were read in ${written.length} lines`)
  }
  for (const [index, { name, scopes, droplets, expiresAt, hash }] of tokens.entries()) {
    const words = written[index]!
    const said = new Set(words.flatMap((word) => word.split(',')).filter(isScope))
    const isSaid = words[0] === name && words.some((word) => word.toLowerCase().endsWith(hash))
    const limit = words.find((word) => word.startsWith('droplets='))
    const isBound = limit !== undefined && !limit.slice('droplets='.length).split(',').includes('*')
    const isLimited = words.some((word) => word.startsWith('expires='))
    const isMore = [...scopes].some((scope) => !said.has(scope))
    if (!isSaid || isMore || isBound !== (droplets !== null) || isLimited !== (expiresAt !== null))
      throw new Error(`the line gives ${name} other rights: ${words.join(' ').slice(0, 200)}`)
  }
}
