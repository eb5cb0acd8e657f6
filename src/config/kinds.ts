/**
 * The kinds of settings: how a text is read, and how people are told what is allowed. They are
 * strict: a text with an unclear meaning ("5s", "1e3", " 5", "010") is a fault; nothing is
 * guessed.
 */
import { isIP } from 'node:net'

export interface Kind<T> {
  /** Completes the sentence "must be …". */
  readonly allowed: string
  /** Undefined when the text is not allowed. `cwd`: what relative `file:` URLs start from. */
  parse(text: string, cwd?: string): T | undefined
  /** What is wrong with a text that is not allowed, and what to do, where that can be told. */
  reason?(text: string): string | null
  /**
   * Hides the secrets in a text that is not allowed, so that it can be shown. Of a variable that
   * is `secret`, nothing is shown anyway.
   */
  mask?(text: string): string
  /** Hides the secrets in a text that is allowed. */
  show?(text: string): string
}

export function wholeNumber(minimum: number, maximum: number): Kind<number> {
  return {
    allowed: `a whole number from ${minimum} to ${maximum}`,
    parse(text) {
      if (!/^(0|[1-9]\d*)$/.test(text)) return undefined
      return inRange(Number(text), minimum, maximum)
    },
  }
}

/**
 * Seconds, read as whole milliseconds. At most 3 decimals, as more could be rounded to 0, which
 * may mean something else: `zeroMeans` says what, where 0 is allowed.
 */
export function seconds(minimum: number, maximum: number, zeroMeans?: string): Kind<number> {
  const range = `a number of seconds from ${minimum} to ${maximum}, with at most 3 decimals`
  return {
    allowed: zeroMeans ? `0 (${zeroMeans}), or ${range}` : range,
    parse(text) {
      if (!/^(0|[1-9]\d*)(\.\d{1,3})?$/.test(text)) return undefined
      const ms = Math.round(Number(text) * 1000)
      return zeroMeans && ms === 0 ? 0 : inRange(ms, minimum * 1000, maximum * 1000)
    },
  }
}

/** A part of the whole. */
export const share: Kind<number> = {
  allowed: 'a number from 0 to 1, such as 0.1',
  parse: (text) => (/^(?:0(?:\.\d{1,9})?|1(?:\.0{1,9})?)$/.test(text) ? Number(text) : undefined),
}

function inRange(value: number, minimum: number, maximum: number): number | undefined {
  return value >= minimum && value <= maximum ? value : undefined
}

/** One of the words, in any case; read as it is spelt in `words`. */
export function oneOf<const W extends string>(words: readonly W[]): Kind<W> {
  return {
    allowed: `${words.slice(0, -1).join(', ')} or ${words.at(-1)}`,
    parse: (text) => words.find((word) => word.toLowerCase() === text.toLowerCase()),
  }
}

const BOOLEANS = new Map([
  ['true', true],
  ['yes', true],
  ['1', true],
  ['false', false],
  ['no', false],
  ['0', false],
])

export const boolean: Kind<boolean> = {
  allowed: 'true or false (also yes, no, 1, 0)',
  parse: (text) => BOOLEANS.get(text.toLowerCase()),
}

// By the URL standard, a host whose last label is a number is an IPv4 address, or not valid.
const HOST_NAME =
  /^(?=.{1,253}$)([a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?\.)*(?!\d+$)[a-z0-9_-]{1,63}$/i

export const host: Kind<string> = {
  allowed: 'an IP address (IPv6 without brackets) or a host name',
  parse: (text) => (isIP(text) !== 0 || HOST_NAME.test(text) ? text : undefined),
}

export const nodeName: Kind<string> = {
  allowed: '1 to 100 letters, digits and . _ : -',
  parse: (text) => (/^[\w.:-]{1,100}$/.test(text) ? text : undefined),
}
