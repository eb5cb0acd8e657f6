/**
 * JSON as text, so that nothing in it changes: no digit, no order, no second member of a name.
 * All that read it expect text that JSON.parse takes, and need time in proportion to its length.
 */
import type { JsonText } from './task.ts'

/** A member of an object, as it was written. */
export interface Member {
  /** Decoded. */
  readonly name: string
  /** Its value, without the white space around it. */
  readonly text: JsonText
}

/** A JSON object of `fields`, then of members that are JSON text already; null is `null`. */
export function withRaw(fields: object, raw: Readonly<Record<string, JsonText | null>>): JsonText {
  let text = JSON.stringify(fields).slice(0, -1)
  for (const [name, json] of Object.entries(raw)) {
    text += `${text === '{' ? '' : ','}${JSON.stringify(name)}:${json ?? 'null'}`
  }
  return `${text}}`
}

const TAB = 0x09
const LINE_FEED = 0x0a
const CARRIAGE_RETURN = 0x0d
const SPACE = 0x20
const QUOTE = 0x22
const COMMA = 0x2c
const COLON = 0x3a
const BACKSLASH = 0x5c

/**
 * The members of the object, in order, none left out when a name is there twice. Empty for what
 * is no object; null when the value has more than `maxDepth` levels of nesting.
 */
export function membersOf(text: JsonText, maxDepth: number): Member[] | null {
  const start = skipSpace(text, 0)
  const members: Member[] = []
  if (text[start] !== '{') return endOfValue(text, start, maxDepth) < 0 ? null : members
  let at = skipSpace(text, start + 1)
  while (text[at] !== '}') {
    const nameEnd = endOfString(text, at)
    const valueStart = skipSpace(text, nameEnd)
    const valueEnd = endOfValue(text, valueStart, maxDepth - 1)
    if (valueEnd < 0) return null
    const name = decodeString(text, at, nameEnd)
    members.push({ name, text: text.slice(valueStart, valueEnd) })
    at = skipSpace(text, valueEnd)
  }
  return members
}

/** The next place with something else than white space or what is between members and items. */
export function skipSpace(text: string, start: number): number {
  let at = start
  while (isBetween(text.charCodeAt(at))) at++
  return at
}

/** After the closing quote of the string that begins at `start`. */
export function endOfString(text: string, start: number): number {
  let end = start
  do end = text.indexOf('"', end + 1)
  while (isEscaped(text, end))
  return end + 1
}

/** What the string from `start` to `end`, quotes included, says. */
export function decodeString(text: string, start: number, end: number): string {
  const inner = text.slice(start + 1, end - 1)
  return inner.includes('\\') ? (JSON.parse(`"${inner}"`) as string) : inner
}

/** After the number or the word that begins at `start`. */
export function endOfScalar(text: string, start: number): number {
  let at = start
  while (at < text.length && !endsScalar(text.charCodeAt(at))) at++
  return at
}

/** After the value that begins at `start`; -1 when it has more than `maxDepth` levels. */
function endOfValue(text: string, start: number, maxDepth: number): number {
  let depth = 0
  let at = start
  do {
    const code = text.charCodeAt(at)
    if (code === QUOTE) at = endOfString(text, at)
    else if (isOpening(code)) {
      if (++depth > maxDepth) return -1
      at++
    } else if (isClosing(code)) {
      depth--
      at++
    } else at = isBetween(code) ? at + 1 : endOfScalar(text, at)
  } while (depth > 0)
  return at
}

function isEscaped(text: string, at: number): boolean {
  let backslashes = 0
  while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes++
  return backslashes % 2 === 1
}

function isBetween(code: number): boolean {
  // Most characters are after the colon.
  if (code > COLON) return false
  return (
    code === SPACE ||
    code === COMMA ||
    code === COLON ||
    code === LINE_FEED ||
    code === CARRIAGE_RETURN ||
    code === TAB
  )
}

// Of brackets and braces, only this bit differs: [ 5b, { 7b; ] 5d, } 7d.
const BRACE_BIT = 0x20
const isOpening = (code: number) => (code | BRACE_BIT) === 0x7b
const isClosing = (code: number) => (code | BRACE_BIT) === 0x7d

function endsScalar(code: number): boolean {
  return isBetween(code) || isClosing(code)
}
