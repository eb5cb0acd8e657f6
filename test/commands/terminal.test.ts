/** Tables, times and JSON as a terminal shows them. */
import { describe, expect, test } from 'bun:test'
import fc from 'fast-check'
import { bodyText, rawMember } from '../../src/commands/remote/body-text.ts'
import { printText } from '../../src/commands/remote/print-text.ts'
import { taskColumns } from '../../src/commands/remote/task-table.ts'
import { spinning } from '../../src/commands/terminal/spinner.ts'
import { cut, table, type Column } from '../../src/commands/terminal/table.ts'
import {
  durationText,
  indented,
  shortTimeText,
  timeText,
  zonelessTimeText,
} from '../../src/commands/terminal/texts.ts'
import type { TaskItem } from '../../src/client/types.ts'
import { scriptedIo } from '../support/command-io.ts'
import { FakeClock } from '../support/fake-clock.ts'

type Row = readonly string[]

const column = (at: number, rest: Partial<Column<Row>> = {}): Column<Row> => ({
  heading: `C${at}`,
  text: (row) => row[at] ?? '',
  ...rest,
})

const COLUMNS = [
  column(0),
  column(1, { min: 3, colour: () => 'red' }),
  column(2, { min: 4, dispensable: 1 }),
  column(3, { dispensable: 2, align: 'right' }),
]

const lines = (text: string) => text.trimEnd().split('\n')

describe('a table', () => {
  test('shows all where there is room, and no column that is empty', () => {
    const rows = [
      ['a', 'bb', '', '1'],
      ['aaa', 'b', '', '22'],
    ]
    const text = table(COLUMNS, rows, { width: 80, colour: false })
    expect(lines(text)).toEqual(['C0   C1  C3', 'a    bb   1', 'aaa  b   22'])
  })

  test('narrows what may be cut, then leaves columns out', () => {
    const rows = [['0123', 'a long text', 'another text', '77']]
    const at = (width: number) => lines(table(COLUMNS, rows, { width, colour: false }))[1]
    expect(at(35)).toBe('0123  a long text  another text  77')
    expect(at(25)).toBe('0123  a lon…  anothe…  77')
    expect(at(17)).toBe('0123  a l…  anot…')
    expect(at(9)).toBe('0123  a …')
    // What never goes may be too wide.
    expect(at(2)).toBe('0123  a …')
  })

  test('colours the text only, and pads by the width of letters', () => {
    const text = table(
      COLUMNS,
      [
        ['寿司', 'x'],
        ['ab', 'y'],
      ],
      { width: 80, colour: true },
    )
    expect(lines(text).slice(1)).toEqual(['寿司  \x1b[31mx\x1b[0m', 'ab    \x1b[31my\x1b[0m'])
  })

  test('that goes on keeps its columns', () => {
    const columns = [column(0, { usual: 5 }), column(1, { dispensable: 1 }), column(2)]
    const options = { width: 80, colour: false, goesOn: true }
    const first = table(columns, [['a', '', 'c']], options)
    const next = table(columns, [['abc', 'b', 'c']], { ...options, headings: false })
    expect(lines(first + next)).toEqual(['C0     C1  C2', 'a          c', 'abc    b   c'])
  })

  test('is never wider than the terminal, and holds no control characters', () => {
    const cell = fc.string({ unit: 'binary', maxLength: 40 })
    fc.assert(
      fc.property(fc.array(fc.tuple(cell, cell), { minLength: 1 }), (rows) => {
        const columns = [column(0, { min: 2 }), column(1, { min: 2, dispensable: 1 })]
        for (const line of lines(table(columns, rows, { width: 20, colour: false }))) {
          expect(Bun.stringWidth(line)).toBeLessThanOrEqual(20)
          expect(line).not.toMatch(/\p{Cc}/u)
        }
      }),
    )
  })

  test.each([
    ['abc', 3, 'abc'],
    ['abcd', 3, 'ab…'],
    ['寿司屋', 5, '寿司…'],
    ['寿司屋', 4, '寿…'],
    ['👩‍👩‍👧 x', 3, '👩‍👩‍👧…'],
  ])('cuts %p to %i: %p', (text, width, expected) => {
    expect(cut(text, width)).toBe(expected)
  })
})

describe('times and durations', () => {
  const now = Date.UTC(2026, 10, 25, 14, 3, 7)

  test('are local, with the offset; the day only when it is another', () => {
    const offset = timeText(now / 1000, now).slice(-6)
    expect(timeText(now / 1000, now)).toMatch(/^\d\d:\d\d:\d\d [+-]\d\d:\d\d$/)
    const old = timeText(now / 1000 - 86_400 * 3, now)
    expect(old).toMatch(/^2026-11-2\d \d\d:\d\d:\d\d [+-]\d\d:\d\d$/)
    expect(old).toEndWith(offset)
    expect(shortTimeText(now / 1000 - 86_400 * 3, now)).toMatch(/^11-2\d \d\d:\d\d [+-]\d\d:\d\d$/)
    expect(timeText(null, now)).toBe('')
    expect(zonelessTimeText(now / 1000, now)).toMatch(/^\d\d:\d\d:\d\d$/)
  })

  test('a narrow list of tasks has no zone, and room for what failed', () => {
    const task = {
      ...{ id: '01a217bc-784d-71fb-bc56-39d7c6a1c02d', droplet_name: 'echo', method: 'GET' },
      ...{ target_url: 'http://echo/', status: 'error', response_status: null, retry_count: 3 },
      ...{ created_at: now / 1000, completed_at: now / 1000, duration_ms: 8000 },
      error_message: 'ECONNREFUSED: connection refused',
    } as TaskItem
    const options = { width: 80, colour: false }
    const [heading, row] = table(taskColumns(now, 80), [task], options).split('\n')
    expect(heading).toMatch(/CREATED .*ERROR$/)
    expect(row).toMatch(/ \d\d:\d\d:\d\d .*ECONNREFUS/)
    expect(row!.length).toBeLessThanOrEqual(80)
  })

  test.each([
    [null, ''],
    [0, '0 ms'],
    [999, '999 ms'],
    [1000, '1.0 s'],
    [99_949, '99.9 s'],
    [99_950, '1 min 40 s'],
    [3_599_400, '59 min 59 s'],
    [3_600_000, '1 h 00 min'],
    [90_061_000, '25 h 01 min'],
  ])('%p ms: %p', (ms, text) => {
    expect(durationText(ms)).toBe(text)
  })
})

describe('JSON', () => {
  test('is indented as JSON.stringify does it, whatever it is', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(indented(JSON.stringify(value))).toBe(JSON.stringify(value, null, 2))
      }),
    )
  })

  test('keeps digits and members as they were written', () => {
    expect(indented(' {"a":1.10 ,"a": 1e+2}')).toBe('{\n  "a": 1.10,\n  "a": 1e+2\n}')
    expect(rawMember('{"x":{"a":1},"a":[1.0]}', 'a')).toBe('[1.0]')
    expect(rawMember('{"x":1}', 'a')).toBeNull()
  })

  test('of a body: a text as it is, without what changes a terminal', () => {
    expect(bodyText('"one\\r\\ntwo \\u001b[31m\\u202e"')).toBe('one\ntwo \\u001b[31m\\u202e\n')
    expect(bodyText('{"a":"\u009b"}')).toBe('{\n  "a": "\\u009b"\n}\n')
    expect(bodyText('null')).toBe('')
    const long = bodyText(JSON.stringify(Array.from({ length: 500 }, (_, n) => n)))
    expect(lines(long)).toHaveLength(201)
    expect(long).toEndWith('… and 302 lines more: --json has all\n')
  })

  test('is as it came in a pipe; on a terminal it says the same', () => {
    const text = '{"a":"\u009b31m\u202e",\n\t"b":"ü"}'
    const pipe = scriptedIo()
    printText(pipe, text)
    expect(pipe.out).toBe(`${text}\n`)
    const terminal = { ...scriptedIo(), isTerminal: true }
    let out = ''
    terminal.stdout = (shown) => ((out += shown), true)
    printText(terminal, text)
    expect(out).toBe('{"a":"\\u009b31m\\u202e",\n\t"b":"ü"}\n')
    expect(JSON.parse(out)).toEqual(JSON.parse(text))
  })
})

describe('the spinner', () => {
  const shownOn = async (io: { isErrorTerminal?: boolean; env?: object }) => {
    const clock = new FakeClock()
    const scripted = Object.assign(scriptedIo(), io)
    const work = Promise.withResolvers<number>()
    const result = spinning(scripted, 'waiting', work.promise, clock)
    await clock.advance(2500)
    const shown = scripted.err
    work.resolve(7)
    expect(await result).toBe(7)
    await clock.advance(1000)
    return { shown, atEnd: scripted.err.slice(shown.length) }
  }

  test('tells on a terminal for how long, and goes away', async () => {
    const { shown, atEnd } = await shownOn({ isErrorTerminal: true })
    expect(shown).toStartWith('\r| waiting, 0 s\x1b[K\r/ waiting, 0 s\x1b[K')
    expect(shown).toEndWith(' waiting, 2 s\x1b[K')
    expect(atEnd).toBe('\r\x1b[K')
  })

  test('is not elsewhere', async () => {
    expect(await shownOn({})).toEqual({ shown: '', atEnd: '' })
    const dumb = { isErrorTerminal: true, env: { TERM: 'dumb' } }
    expect(await shownOn(dumb)).toEqual({ shown: '', atEnd: '' })
  })
})
