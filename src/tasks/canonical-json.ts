import { endOfScalar, endOfString, skipSpace } from '../json-text.ts'
import type { JsonText } from '../task.ts'

/**
 * The same text for two that differ only in white space, in the order of keys and in how the
 * characters of a string are escaped. Numbers stay as they were written: 1, 1.0 and 1e0 are
 * three. Of members with the same name none is left out, and their order counts: a droplet may
 * take the first or the last. Needs a level of the stack for each of nesting, of which a request
 * has a limited number.
 */
export function canonicalJson(text: JsonText): JsonText {
  return new Reader(text).value()
}

/**
 * Puts strings together with `+` alone: those are not copied until the end, and so a deep nesting
 * around a long string costs no more than the string.
 */
class Reader {
  #at = 0

  constructor(private readonly text: string) {}

  value(): string {
    this.#skipSpace()
    switch (this.text[this.#at]) {
      case '{':
        return this.#object()
      case '[':
        return this.#array()
      case '"':
        return this.#string()
      default:
        return this.#take(endOfScalar(this.text, this.#at))
    }
  }

  #object(): string {
    const members: [name: string, value: string][] = []
    this.#at++
    while (!this.#closes('}')) members.push([this.#string(), this.value()])
    // Stable: members with the same name stay in their order.
    members.sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
    let written = '{'
    for (const [name, value] of members) written += name + ':' + value + ','
    return written + '}'
  }

  #array(): string {
    let written = '['
    this.#at++
    while (!this.#closes(']')) written += this.value() + ','
    return written + ']'
  }

  #string(): string {
    const string = this.#take(endOfString(this.text, this.#at))
    return string.includes('\\') ? JSON.stringify(JSON.parse(string)) : string
  }

  #closes(bracket: string): boolean {
    this.#skipSpace()
    const closes = this.text[this.#at] === bracket
    if (closes) this.#at++
    return closes
  }

  #skipSpace(): void {
    this.#at = skipSpace(this.text, this.#at)
  }

  #take(end: number): string {
    const taken = this.text.slice(this.#at, end)
    this.#at = end
    return taken
  }
}
