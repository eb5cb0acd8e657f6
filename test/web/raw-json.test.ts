import { expect, test } from 'bun:test'
import fc from 'fast-check'
import { membersOf } from '../../src/web/app/task/raw-json.ts'

test('members are the text that they were', () => {
  const text = '{ "a" : 12345678901234567890, "b":[1, {"x":"]}"}],"c":"\\"}{","d":1e400 , "e":{}}'
  expect([...membersOf(text)]).toEqual([
    ['a', '12345678901234567890'],
    ['b', '[1, {"x":"]}"}]'],
    ['c', '"\\"}{"'],
    ['d', '1e400'],
    ['e', '{}'],
  ])
  expect(membersOf('{}').size).toBe(0)
})

test('of any object', () => {
  fc.assert(
    fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.boolean(), (object, isSpaced) => {
      const members = membersOf(JSON.stringify(object, null, isSpaced ? 2 : 0))
      expect(members.size).toBe(Object.keys(object).length)
      for (const [name, text] of members) {
        expect(JSON.stringify(JSON.parse(text))).toBe(JSON.stringify(object[name]))
      }
    }),
  )
})
