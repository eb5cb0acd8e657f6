/** JSON, and what looks like it. */
import fc from 'fast-check'
import { anyText, oddText, rarely } from './texts.ts'

const ODD_VALUES = [
  ...['1e999', '-1e999', '1e-999', '123456789012345678901234567890', '-0', '1E+2', '0.1', '65536'],
  ...['9007199254740993', '2147483648', '-1', '0', '1', 'true', 'false', 'null', '{}', '[]', '""'],
  ...['"\\ud800"', '"\\udc00\\ud800"', '"\\u0000"', '"\u2028"', '"__proto__"', '[[[[]]]]', '" "'],
  ...['{"__proto__":{"a":1}}', '{"constructor":{"prototype":1}}', '{"a":1,"a":2}', '{"":0}'],
]
const NO_VALUES = ['01', 'NaN', 'Infinity', '+1', '.5', '1.', 'nul', "'a'", 'undefined', '', '0x1']

/** Deep and wide; now and then more than a body may hold. */
const COUNTS = fc.oneof(
  { weight: 6, arbitrary: fc.nat(50) },
  { weight: 3, arbitrary: fc.nat(5000) },
  // About as deep as a body may be.
  { weight: 2, arbitrary: fc.constantFrom(998, 999, 1000) },
  { weight: 1, arbitrary: fc.nat(150_000) },
)
const deep = fc
  .tuple(fc.constantFrom(['[', ']'], ['{"a":', '}'], ['[[{"":', '}]]']), COUNTS, fc.boolean())
  .map(([[open, close], count, isClosed]) => {
    return `${open!.repeat(count)}0${isClosed ? close!.repeat(count) : ''}`
  })
const wide = fc
  .tuple(fc.constantFrom('0', '"\\\\"', '{}', '"\\u00e9"', ' 1', '[]'), COUNTS)
  .map(([item, count]) => `[${`${item},`.repeat(count)}0]`)
const sameKey = COUNTS.map((count) => `{${'"a":0,'.repeat(count)}"a":1}`)
const manyKeys = COUNTS.map(
  (count) => `{${Array.from({ length: count }, (_, key) => `"${key}":0,`).join('')}"a":1}`,
)

export const jsonValue = fc.oneof(
  { weight: 10, arbitrary: fc.constantFrom(...ODD_VALUES) },
  { weight: 4, arbitrary: fc.json({ stringUnit: 'binary' }) },
  { weight: 3, arbitrary: oddText.map((text) => JSON.stringify(text)) },
  { weight: 3, arbitrary: deep },
  { weight: 1, arbitrary: wide },
  { weight: 1, arbitrary: sameKey },
  { weight: 1, arbitrary: manyKeys },
)

/** An object's members as they are written; of some keys there are several. */
export type Members = readonly (readonly [key: string, value: string])[]

type Fields = Readonly<Record<string, fc.Arbitrary<string>>>

/**
 * Objects with these fields, and some of the optional ones: mostly with values that fit, so that
 * other checks are reached, else with any.
 */
export function objectMembers(fields: Fields, optional: Fields) {
  const always = anyOf(fields)
  const sometimes = anyOf(optional)
  return fc
    .tuple(
      fc.tuple(...always.map((each) => fc.option(each, { freq: 30 }))),
      fc.tuple(...sometimes.map((each) => rarely(each, 4))),
      rarely(
        fc.array(fc.oneof(fc.tuple(oddText, jsonValue), ...always, ...sometimes), { maxLength: 4 }),
        4,
      ),
    )
    .map(([some, others, more]) => {
      return [...some, ...others, ...(more ?? [])].filter((each) => each !== null) as Members
    })
}

function anyOf(fields: Fields) {
  return Object.entries(fields).map(([name, good]) =>
    fc.tuple(
      fc.constant(name),
      fc.oneof({ weight: 40, arbitrary: good }, { weight: 1, arbitrary: jsonValue }),
    ),
  )
}

export function objectText(members: Members): string {
  return `{${members.map(([key, value]) => `${JSON.stringify(key)}:${value}`).join(',')}}`
}

/** What is deeper can't be compared here: that overflows the stack. */
export const COMPARABLE_DEPTH = 2000

/** Levels of arrays and objects in a text that is JSON. */
export function depthOf(text: string): number {
  let [depth, deepest] = [0, 0]
  for (const [bracket] of text.replaceAll(/"(?:[^"\\]|\\.)*"/g, '').matchAll(/[[\]{}]/g)) {
    depth += bracket === '[' || bracket === '{' ? 1 : -1
    deepest = Math.max(deepest, depth)
  }
  return deepest
}

/** What somebody does to a text on its way; null: nothing. */
export interface Damage {
  readonly kind: 'cut' | 'insert' | 'repeat'
  /** Where, as a share of the text. */
  readonly at: number
  readonly what: string
}

export const damage = rarely(
  fc.record({
    kind: fc.constantFrom('cut', 'insert', 'repeat'),
    at: fc.double({ min: 0, max: 1, noNaN: true }),
    what: fc.oneof(fc.constantFrom(...NO_VALUES, ...'{}[]":,\\\0\n'), anyText),
  }),
)

export function damaged(text: string, done: Damage | null): string {
  if (!done) return text
  const at = Math.floor(done.at * text.length)
  if (done.kind === 'cut') return text.slice(0, at)
  if (done.kind === 'insert') return text.slice(0, at) + done.what + text.slice(at)
  return text.slice(0, at) + text.slice(Math.max(0, at - 10))
}

export const encodings = [
  'utf8',
  'utf8',
  'utf8',
  'utf8',
  'utf8',
  'utf8',
  'utf8',
  'utf8',
  'bom',
  'utf16le',
  'latin1',
] as const

export function encoded(text: string, encoding: (typeof encodings)[number]): Buffer {
  return encoding === 'bom' ? Buffer.from(`\ufeff${text}`) : Buffer.from(text, encoding)
}
