/** Log lines for people, on a terminal. */
import type { LogFields, LogLevel } from '../log.ts'

const RESET = '\x1b[0m'
const DIM = '\x1b[2m'
const COLOURS: Record<LogLevel, string> = {
  DEBUG: DIM,
  INFO: '\x1b[32m',
  WARNING: '\x1b[33m',
  ERROR: '\x1b[31m',
}

export interface TextLine {
  /** Wall clock, ms. */
  now: number
  level: LogLevel
  msg: string
  fields: LogFields
}

/** `2026-11-25 14:03:07.123 +01:00 INFO    listening url=…`, in the time zone of the machine. */
export function textLine({ now, level, msg, fields }: TextLine, colour: boolean): string {
  const tail = Object.entries(fields)
    .filter(([, value]) => value !== undefined)
    .map(([key, value]) => ` ${key}=${valueText(value)}`)
    .join('')
  const head = level.padEnd(7)
  const said = visible(msg)
  return colour
    ? `${localTime(now)} ${COLOURS[level]}${head}${RESET} ${said}${DIM}${tail}${RESET}`
    : `${localTime(now)} ${head} ${said}${tail}`
}

/** `2026-11-25 14:03:07.123 +01:00`: `now`, ms, in the time zone of the machine. */
export function localTime(now: number): string {
  const date = new Date(now)
  const eastMinutes = -date.getTimezoneOffset()
  const local = new Date(now + eastMinutes * 60_000).toISOString()
  const sign = eastMinutes < 0 ? '-' : '+'
  const minutes = Math.abs(eastMinutes)
  const offset = `${sign}${twoDigits(minutes / 60)}:${twoDigits(minutes % 60)}`
  return `${local.slice(0, 10)} ${local.slice(11, 23)} ${offset}`
}

function twoDigits(value: number): string {
  return String(Math.trunc(value)).padStart(2, '0')
}

/** Quoted where it could be taken for more than one value. */
function valueText(value: unknown): string {
  const text = typeof value === 'string' ? value : JSON.stringify(value)
  return visible(typeof value === 'string' && /^$|[\s"=]/.test(text) ? JSON.stringify(text) : text)
}

/**
 * Texts may come from droplets: with a line break, a colour or a change of the writing direction
 * in one of them, lines could be forged or hidden. Such characters are shown as `\u001b`.
 */
export function visible(text: string): string {
  return text.replace(
    // oxlint-disable-next-line no-control-regex
    /[\u0000-\u001f\u007f-\u009f\u2028-\u202e\u2066-\u2069]/g,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`,
  )
}

/** JSON in which such characters are escaped, too: it says the same. */
export function visibleJson(json: string): string {
  return json.replace(/[^\t\n\r]+/g, visible)
}
