import { expect, test } from 'bun:test'
import type { LogOptions } from '../../src/log.ts'
import { systemLog } from '../../src/platform/log.ts'
import { FakeClock } from '../support/fake-clock.ts'

function openLog(options: LogOptions) {
  const lines: string[] = []
  const writer = { write: (line: string) => void lines.push(line), droppedLine: null }
  return { log: systemLog(options, new FakeClock(), writer), lines, writer }
}

function linesOf(options: LogOptions): string[] {
  const { log, lines } = openLog(options)
  log.debug('too low')
  log.info('listening', { url: 'http://x', port: 8001, left: undefined })
  log.error('no\nfields')
  return lines
}

test('JSON: one object a line, from the level on', () => {
  const lines = linesOf({ level: 'INFO', format: 'json' })
  const time = '2026-01-01T00:00:00.000Z'
  expect(lines.map((line) => JSON.parse(line) as unknown)).toEqual([
    { time, level: 'INFO', msg: 'listening', url: 'http://x', port: 8001 },
    { time, level: 'ERROR', msg: 'no\nfields' },
  ])
  expect(lines.join('')).not.toContain('\n')
})

test('it says which levels are written', () => {
  const { log } = openLog({ level: 'WARNING', format: 'json' })
  expect([log.enabled('INFO'), log.enabled('WARNING'), log.enabled('ERROR')]).toEqual([
    false,
    true,
    true,
  ])
})

test('text: date and offset, and colours only where they are wanted', () => {
  const plain = linesOf({ level: 'INFO', format: 'text' })
  expect(plain).toEqual([
    '2026-01-01 00:00:00.000 +00:00 INFO    listening url=http://x port=8001',
    '2026-01-01 00:00:00.000 +00:00 ERROR   no\\u000afields',
  ])
  const coloured = linesOf({ level: 'INFO', format: 'text', colour: true })
  expect(coloured[0]).toContain('\x1b[32mINFO')
  expect(coloured.map((line) => Bun.stripANSI(line))).toEqual(plain)
})

test.each([
  ['Europe/Berlin', '2026-01-01 01:00:00.000 +01:00'],
  ['Asia/Kolkata', '2026-01-01 05:30:00.000 +05:30'],
  ['America/St_Johns', '2025-12-31 20:30:00.000 -03:30'],
])('text: the time of %s', (zone, time) => {
  const before = process.env.TZ
  process.env.TZ = zone
  try {
    expect(linesOf({ level: 'ERROR', format: 'text' })[0]).toStartWith(`${time} ERROR`)
  } finally {
    if (before === undefined) delete process.env.TZ
    else process.env.TZ = before
  }
})

test.each([
  ['plain', 'error=plain'],
  ['', 'error=""'],
  ['two words', 'error="two words"'],
  ['status=200', 'error="status=200"'],
  ['a "quote"', String.raw`error="a \"quote\""`],
  ['x\n2026-01-01 00:00:00.000 INFO forged', String.raw`"x\n2026-01-01 00:00:00.000 INFO forged"`],
  ['\x1b[2Jgone\x9b0m', String.raw`error=\u001b[2Jgone\u009b0m`],
  ['turned\u202eround\u2028', String.raw`error="turned\u202eround\u2028"`],
  [{ a: '\x07' }, String.raw`error={"a":"\u0007"}`],
])('text: %j forges and hides nothing', (error, shown) => {
  for (const colour of [false, true]) {
    const { log, lines } = openLog({ level: 'INFO', format: 'text', colour })
    log.info('failed', { error })
    expect(Bun.stripANSI(lines[0]!)).toEndWith(shown)
  }
})

test('lines that were dropped are counted in a line of the same format', () => {
  const { writer } = openLog({ level: 'ERROR', format: 'json' })
  const droppedLine = writer.droppedLine as unknown as (count: number) => string
  expect(JSON.parse(droppedLine(12))).toMatchObject({ level: 'WARNING', dropped: 12 })
})

test('for journald each line begins with its priority', () => {
  const lines = linesOf({ level: 'DEBUG', format: 'json', toJournal: true })
  expect(lines.map((line) => line.slice(0, 4))).toEqual(['<7>{', '<6>{', '<3>{'])
})
