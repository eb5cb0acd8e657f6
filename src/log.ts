/** Log lines: one JSON object a line for machines, or readable text for people. */
import { stripANSI } from 'bun'
import { writeSync } from 'node:fs'

export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LogOptions {
  level: LogLevel
  format: 'json' | 'text'
  /** Text lines only. */
  colour?: boolean
}

type Fields = Record<string, unknown>

export interface Log {
  debug(msg: string, fields?: Fields): void
  info(msg: string, fields?: Fields): void
  warning(msg: string, fields?: Fields): void
  error(msg: string, fields?: Fields): void
}

const PLAIN = '\x1b[0m'
const DIM = '\x1b[2m'
const COLOURS: Record<LogLevel, string> = {
  DEBUG: DIM,
  INFO: '\x1b[32m',
  WARNING: '\x1b[33m',
  ERROR: '\x1b[31m',
}

function textLine(time: string, level: LogLevel, msg: string, fields: Fields): string {
  const tail = Object.entries(fields)
    .map(([key, value]) => ` ${key}=${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join('')
  return `${time.slice(11, 23)} ${COLOURS[level]}${level.padEnd(7)}${PLAIN} ${msg}${DIM}${tail}${PLAIN}`
}

/** Writes to stdout. A line is one write, so that lines of several sources never mix. */
export function systemLog(options: LogOptions, write = writeStdout): Log {
  const least = LOG_LEVELS.indexOf(options.level)
  const text = (line: string) => (options.colour ? line : stripANSI(line))
  const at = (level: LogLevel) => {
    if (LOG_LEVELS.indexOf(level) < least) return () => {}
    return (msg: string, fields: Fields = {}) => {
      const time = new Date().toISOString()
      write(
        options.format === 'json'
          ? JSON.stringify({ time, level, msg, ...fields })
          : text(textLine(time, level, msg, fields)),
      )
    }
  }
  return { debug: at('DEBUG'), info: at('INFO'), warning: at('WARNING'), error: at('ERROR') }
}

function writeStdout(line: string): void {
  // Synchronous: a line about a crash must be out before the crash.
  try {
    writeSync(1, line + '\n')
  } catch {
    // A closed or full pipe must not take the service down.
  }
}
