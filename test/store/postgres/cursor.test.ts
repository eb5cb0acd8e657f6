import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { readCursor, writeCursor } from '../../../src/store/postgres/cursor.ts'
import {
  dayAt,
  dayOf,
  firstIdOf,
  isTaskId,
  nameOf,
  startOf,
} from '../../../src/store/postgres/days.ts'

const END = Date.parse('9999-12-31T23:59:59.999Z')
const idAt = (ms: number) => Bun.randomUUIDv7('hex', ms)
const anyTime = fc.integer({ min: 0, max: END })

describe('a cursor of Postgres', () => {
  test('is the id that it was made of', () => {
    const id = idAt(END)
    expect(readCursor(writeCursor(id))).toBe(id)
  })

  test.each([
    ['another text', 'x'],
    ['one of SQLite', Buffer.from('seq:12').toString('base64url')],
    ['no id', writeCursor('0'.repeat(36))],
    ['another UUID', writeCursor(crypto.randomUUID())],
    ['an id in capitals', writeCursor(idAt(END).toUpperCase())],
    ['with something behind it', `${writeCursor(idAt(END))}=`],
    ['SQL', writeCursor(`' or true --${'x'.repeat(24)}`)],
  ])('is none when it is %s', (_, cursor) => {
    expect(readCursor(cursor)).toBeNull()
  })
})

describe('the day of a task', () => {
  test('is that of its id, whose partition has it', () => {
    fc.assert(
      fc.property(anyTime, (ms) => {
        const [id, day] = [idAt(ms), dayAt(ms)]
        expect(isTaskId(id)).toBe(true)
        expect(dayOf(id)).toBe(day)
        expect(id >= firstIdOf(day) && id < firstIdOf(day + 1)).toBe(true)
        expect(nameOf(day)).toMatch(/^\d{8}$/)
        expect(startOf(day)).toBeLessThanOrEqual(ms)
      }),
    )
  })

  test('has a name', () => {
    expect(nameOf(dayAt(Date.parse('2024-02-29T23:59:59.999Z')))).toBe('20240229')
  })

  test('is none of an id that is later than any date', () => {
    expect(isTaskId(idAt(END + 1))).toBe(false)
  })
})
