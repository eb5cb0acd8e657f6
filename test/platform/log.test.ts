import { expect, test } from 'bun:test'
import type { LogOptions } from '../../src/log.ts'
import { systemLog } from '../../src/platform/log.ts'
import { FakeClock } from '../support/fake-clock.ts'

function linesOf(options: LogOptions): string[] {
  const lines: string[] = []
  const log = systemLog(options, new FakeClock(), (line) => lines.push(line))
  log.debug('too low')
  log.info('listening', { url: 'http://x', port: 8001 })
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

test('text: with colours only where they are wanted', () => {
  const plain = linesOf({ level: 'INFO', format: 'text' })
  expect(plain[0]).toBe('00:00:00.000 INFO    listening url=http://x port=8001')
  const coloured = linesOf({ level: 'INFO', format: 'text', colour: true })
  expect(coloured[0]).toContain('\x1b[32mINFO')
  expect(coloured.map((line) => Bun.stripANSI(line))).toEqual(plain)
})
