/** W3C Trace Context, level 1: what is read of a request. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { traceOf } from '../../src/http/trace-headers.ts'

const TRACE = '0af7651916cd43dd8448eb211c80319c'
const SPAN = 'b7ad6b7169203331'
const PARENT = `00-${TRACE}-${SPAN}-01`

const parentOf = (traceparent: string) => traceOf(new Headers({ traceparent }))?.parent ?? null

function stateOf(...lines: string[]): string | null {
  const headers = new Headers({ traceparent: PARENT })
  for (const line of lines) headers.append('tracestate', line)
  return traceOf(headers)!.state
}

describe('traceparent', () => {
  test.each([
    [PARENT, PARENT],
    [`00-${TRACE}-${SPAN}-00`, `00-${TRACE}-${SPAN}-00`],
    // Level 2's "random" goes on; what has no meaning yet is cleared.
    [`00-${TRACE}-${SPAN}-03`, `00-${TRACE}-${SPAN}-03`],
    [`00-${TRACE}-${SPAN}-ff`, `00-${TRACE}-${SPAN}-03`],
    [`00-${TRACE}-${SPAN}-08`, `00-${TRACE}-${SPAN}-00`],
    // A later version, as far as it is known.
    [`01-${TRACE}-${SPAN}-01`, PARENT],
    [`cc-${TRACE}-${SPAN}-01-what-comes-next`, PARENT],
    [`fe-${TRACE}-${SPAN}-01-`, PARENT],
  ])('%s', (given, read) => expect(parentOf(given)).toBe(read))

  test.each([
    '',
    'x',
    `ff-${TRACE}-${SPAN}-01`,
    `00-${TRACE}-${SPAN}-01-more`,
    `00-${TRACE}-${SPAN}-01-`,
    `00-${TRACE}-${SPAN}-01.`,
    `cc-${TRACE}-${SPAN}-01.more`,
    `00-${TRACE}-${SPAN}-1`,
    `00-${TRACE}-${SPAN}-0X`,
    `00-${TRACE}-${SPAN}`,
    `0-${TRACE}-${SPAN}-01`,
    `000-${TRACE}-${SPAN}-01`,
    `.0-${TRACE}-${SPAN}-01`,
    `00-${'0'.repeat(32)}-${SPAN}-01`,
    `00-${TRACE}-${'0'.repeat(16)}-01`,
    `00-${TRACE.toUpperCase()}-${SPAN}-01`,
    `00-${TRACE}-${SPAN.toUpperCase()}-01`,
    `00-${TRACE}0-${SPAN}-01`,
    `00-${TRACE.slice(1)}-${SPAN}-01`,
    `00-${TRACE}-${SPAN.slice(1)}-01`,
    `00_${TRACE}_${SPAN}_01`,
    // Two of them.
    `${PARENT}, ${PARENT}`,
  ])('%p is not valid', (given) => expect(parentOf(given)).toBeNull())

  test('without it, tracestate counts for nothing', () => {
    expect(traceOf(new Headers({ tracestate: 'a=1' }))).toBeNull()
    expect(traceOf(new Headers({ traceparent: 'x', tracestate: 'a=1' }))).toBeNull()
  })
})

describe('tracestate', () => {
  const long = (length: number, key = 'k') => `${key}=${'x'.repeat(length - key.length - 1)}`

  test.each([
    [['a=1'], 'a=1'],
    [['a=1,b=2'], 'a=1,b=2'],
    [['a=1 , \tb=2'], 'a=1,b=2'],
    [['a=1', 'b=2,c=3'], 'a=1,b=2,c=3'],
    [['', 'a=1,,', ''], 'a=1'],
    [[''], null],
    [['a= 1 x!~'], 'a= 1 x!~'],
    [['t-1_*/@sys=1'], 't-1_*/@sys=1'],
    [[long(256 + 2)], long(256 + 2)],
    [[Array.from({ length: 32 }, (_, n) => `k${n}=1`).join()], expect.stringContaining('k31=1')],
  ])('%p', (lines, read) => expect(stateOf(...lines)).toEqual(read as string | null))

  test.each([
    'a',
    'a=',
    '=1',
    'A=1',
    'a b=1',
    '1=1',
    'a=1=2',
    'a@=1',
    '@a=1',
    'a@b@c=1',
    'a@2=1',
    `${'a'.repeat(257)}=1`,
    `a@${'b'.repeat(15)}=1`,
    `a=${'x'.repeat(257)}`,
    'a=\u00fc',
    'a=1,b',
    Array.from({ length: 33 }, (_, n) => `k${n}=1`).join(),
  ])('%p is dropped as a whole', (text) => expect(stateOf(text)).toBeNull())

  test('is at most 512 characters: long members go first, then the last', () => {
    const short = Array.from({ length: 6 }, (_, n) => long(100, `k${n}`))
    expect(stateOf(short.slice(0, 5).join())).toBe(short.slice(0, 5).join())
    expect(stateOf(short.join())).toBe(short.slice(0, 5).join())
    expect(stateOf(['a=1', long(200, 'b'), long(250, 'c'), 'd=4', long(128, 'e')].join())).toBe(
      `a=1,d=4,${long(128, 'e')}`,
    )
    expect(stateOf([long(258, 'a'), long(258, 'b')].join())).toBeNull()
  })
})

test('whatever comes, what goes on is valid', () => {
  const near = fc.array(
    fc.constantFrom(
      ...['00', 'ff', '-', TRACE, SPAN, '01', 'a', '=', ',', ' ', '@', '0', 'k=v'],
      PARENT,
    ),
    { maxLength: 40 },
  )
  const odd = fc.string({
    unit: fc.integer({ min: 0x20, max: 0xff }).map((n) => String.fromCharCode(n)),
  })
  const text = fc.oneof(
    near.map((parts) => parts.join('')),
    odd,
    fc.constant(PARENT),
  )
  fc.assert(
    fc.property(text, text, (traceparent, tracestate) => {
      const trace = traceOf(new Headers({ traceparent, tracestate }))
      if (trace === null) return
      expect(trace.parent).toMatch(/^00-(?!0{32})[\da-f]{32}-(?!0{16})[\da-f]{16}-0[0-3]$/)
      const state = trace.state ?? 'k=v'
      expect(state.length).toBeLessThanOrEqual(512)
      for (const member of state.split(',')) expect(member).toMatch(/^[^=]+=[\x20-\x7e]*[^ =]$/)
    }),
    { numRuns: 2000 },
  )
})
