/**
 * What a token looks like: `orc_`, 30 random characters, and 6 that are the CRC-32 of all before
 * them. So secret scanners find a leaked one and can tell it from what only looks like one, and a
 * typo is told before anything is looked up.
 */
import { hash } from 'node:crypto'

const PREFIX = 'orc_'
const DIGITS = '0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz'
const RANDOM_LENGTH = 30
const CHECK_LENGTH = 6

const FORM = /^orc_[0-9A-Za-z]{36}$/
const ANYWHERE = /orc_[0-9A-Za-z]{20}/

/** As many random bytes as asked for, fit for secrets. */
export type RandomBytes = (length: number) => Uint8Array

/** 178 bits that nobody can guess: too many to try, so their hash needs neither salt nor time. */
export function newToken(random: RandomBytes): string {
  const text = PREFIX + randomDigits(RANDOM_LENGTH, random)
  return text + checkOf(text)
}

function randomDigits(length: number, random: RandomBytes): string {
  // 248 = 4 times 62. With the bytes from there on, the first 8 digits would come more often.
  const fair = 4 * DIGITS.length
  let digits = ''
  while (digits.length < length) {
    for (const byte of random(length - digits.length)) {
      if (byte < fair) digits += DIGITS[byte % DIGITS.length]
    }
  }
  return digits
}

function checkOf(text: string): string {
  let rest = Bun.hash.crc32(text)
  let digits = ''
  for (let place = 0; place < CHECK_LENGTH; place++) {
    digits = DIGITS[rest % DIGITS.length] + digits
    rest = Math.floor(rest / DIGITS.length)
  }
  return digits
}

/** What is wrong with the text as such; null: it may be a token. */
export function formFault(text: string): 'malformed' | 'misspelt' | null {
  if (!FORM.test(text)) return 'malformed'
  const checked = text.slice(0, -CHECK_LENGTH)
  return text.endsWith(checkOf(checked)) ? null : 'misspelt'
}

/** Whether there is a token in the text, or most of one. */
export function holdsToken(text: string): boolean {
  return ANYWHERE.test(text)
}

/** SHA-256, in hexadecimal digits. */
export function hashOf(token: string): string {
  return hash('sha256', token, 'hex')
}
