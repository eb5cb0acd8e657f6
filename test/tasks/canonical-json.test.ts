import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { canonicalJson } from '../../src/tasks/canonical-json.ts'
import { cpuTimeOf } from '../support/cpu-time.ts'

/** The members of all objects in the opposite order. */
function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned)
  if (typeof value !== 'object' || value === null) return value
  const members = Object.entries(value).map(([name, member]) => [name, turned(member)] as const)
  return Object.fromEntries(members.reverse())
}

/** All characters of strings as escapes. */
const escaped = (json: string) =>
  json.replaceAll(/"((?:[^"\\]|\\.)*)"/g, (string) => {
    const units = (JSON.parse(string) as string).split('')
    const hex = (unit: string) => unit.charCodeAt(0).toString(16).padStart(4, '0')
    return `"${units.map((unit) => `\\u${hex(unit)}`).join('')}"`
  })

test('white space, the order of keys and escapes do not matter', () => {
  fc.assert(
    fc.property(fc.jsonValue({ stringUnit: 'binary' }), (value) => {
      const json = JSON.stringify(value)
      const form = canonicalJson(json)
      expect(canonicalJson(JSON.stringify(value, null, '\t'))).toBe(form)
      expect(canonicalJson(JSON.stringify(turned(value)))).toBe(form)
      expect(canonicalJson(escaped(json))).toBe(form)
    }),
  )
})

test('values that differ have forms that differ', () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.jsonValue(), (a, b) => {
      const areEqual = Bun.deepEquals(a, b, true)
      const [one, other] = [a, b].map((each) => canonicalJson(JSON.stringify(each)))
      expect(one === other).toBe(areEqual)
    }),
  )
})

test.each([
  ['-0', '0'],
  ['1', '1.0'],
  ['10', '1e1'],
  ['1E1', '1e1'],
  ['7615917337495251231', '7615917337495251232'],
  ['"1"', '1'],
  ['{"a":1,"a":2}', '{"a":2,"a":1}'],
  ['{"a":1,"a":1}', '{"a":1}'],
  ['[{},[]]', '[[],{}]'],
  ['[1,[2]]', '[[1],2]'],
])('%s is not %s', (one, other) => expect(canonicalJson(one)).not.toBe(canonicalJson(other)))

const LONG = `"${'x'.repeat(900_000)}"`
const around = (open: string, close: string) => open.repeat(990) + LONG + close.repeat(990)
const chain = `${'{"a":'.repeat(900)}1${'}'.repeat(900)}`

test.each([
  ['lists around a long string', around('[', ']')],
  ['objects around a long string', around('{"a":', '}')],
  ['many deep objects', `[${Array.from({ length: 180 }, () => chain).join(',')}]`],
  ['backslashes', `"${'\\\\'.repeat(450_000)}"`],
  ['white space', `[${' '.repeat(900_000)}]`],
])('%s cost no more than their size', async (_, json) => {
  const flat = JSON.stringify(Array.from({ length: json.length / 5 }, () => 'ab'))
  const usual = await cpuTimeOf(async () => canonicalJson(flat).length)
  const needed = await cpuTimeOf(async () => canonicalJson(json).length)
  expect(needed / usual).toBeLessThan(10)
})
