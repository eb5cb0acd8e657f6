/** Log lines on stdout: one JSON object a line for machines, or readable text for people. */
import { stripANSI } from 'bun'
import { writeSync } from 'node:fs'
import { LOG_LEVELS, type Log, type LogFields, type LogLevel, type LogOptions } from '../log.ts'
import type { Clock } from '../ports.ts'

const RESET = '\x1b[0m'
const DIM = '\x1b[2m'
const COLOURS: Record<LogLevel, string> = {
  DEBUG: DIM,
  INFO: '\x1b[32m',
  WARNING: '\x1b[33m',
  ERROR: '\x1b[31m',
}

/** `write` gets each line without its end, and must not throw. */
export function systemLog(
  { level: lowest, format, colour = false }: LogOptions,
  clock: Pick<Clock, 'now'>,
  write: (line: string) => void = writeStdout,
): Log {
  const at = (level: LogLevel) => {
    if (LOG_LEVELS.indexOf(level) < LOG_LEVELS.indexOf(lowest)) return () => {}
    return (msg: string, fields: LogFields = {}) => {
      const time = new Date(clock.now()).toISOString()
      if (format === 'json') return write(JSON.stringify({ time, level, msg, ...fields }))
      const line = textLine(time, level, msg, fields)
      write(colour ? line : stripANSI(line))
    }
  }
  return { debug: at('DEBUG'), info: at('INFO'), warning: at('WARNING'), error: at('ERROR') }
}

function textLine(time: string, level: LogLevel, msg: string, fields: LogFields): string {
  const tail = Object.entries(fields)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('')
  return `${time.slice(11, 23)} ${COLOURS[level]}${level.padEnd(7)}${RESET} ${msg}${DIM}${tail}${RESET}`
}

/** One write for each line, so that the lines of several processes never mix. */
function writeStdout(line: string): void {
  // Synchronous: a line about a crash must be written before the crash.
  try {
    writeSync(1, line + '\n')
  } catch {
    // A closed or full pipe must not end the service.
  }
}
