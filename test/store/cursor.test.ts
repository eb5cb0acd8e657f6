import { expect, test } from 'bun:test'
import { readCursor, writeCursor } from '../../src/store/sqlite/cursor.ts'

test('a cursor is read as it was written', () => {
  for (const seq of [0, 1, 4711, 999_999_999_999_999]) {
    expect(readCursor(writeCursor(seq))).toBe(seq)
  }
})

test.each(['', 'x', 'c2VxOg', 'c2VxOi0x', 'c2VxOjE=', btoa('seq:1e3'), btoa("seq:1'--")])(
  'a cursor that is none of ours: %j',
  (cursor) => expect(readCursor(cursor)).toBeNull(),
)
