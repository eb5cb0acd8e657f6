/** The values of an `EnvironmentFile=` as systemd reads it (systemd.exec(5)). */

const BLANK = /[ \t\r\n]+/y
/** A backslash at its end makes it go on in the next line. */
const COMMENT = /[#;](?:\\[^]|[^\\\n])*/y
const NAME = /([^=\n]*)=/y
const LINE = /[^\n]*/y
const SPACE = /[ \t]*/y
const SINGLE_QUOTED = /'([^']*)'/y
const DOUBLE_QUOTED = /"((?:\\[^]|[^"\\])*)"/y
/** To the end of the line: quotes after the first character are part of it, and so is a #. */
const PLAIN = /(?:\\[^]|[^\\\r\n'"])(?:\\[^]|[^\\\r\n])*/y

const VALID_NAME = /^[A-Za-z_]\w*$/

/** Names that systemd takes for none, as `export X`, are left out. */
export function systemdEnv(text: string): Record<string, string> {
  const reader = new Reader(text)
  const values: Record<string, string> = {}
  while (!reader.done()) {
    const name = reader.take(NAME)?.trimEnd()
    const value = name === undefined ? '' : readValue(reader)
    if (name !== undefined && VALID_NAME.test(name)) values[name] = value
    reader.take(LINE)
  }
  return values
}

function readValue(reader: Reader): string {
  let value = ''
  for (;;) {
    reader.take(SPACE)
    const single = reader.take(SINGLE_QUOTED)
    const double = single === null ? reader.take(DOUBLE_QUOTED) : null
    if (single === null && double === null) return value + plain(reader.take(PLAIN) ?? '')
    value += single ?? double!.replace(/\\(["\\`$\n])/g, unescaped)
  }
}

function plain(text: string): string {
  return text.trimEnd().replace(/\\([^])/g, unescaped)
}

const unescaped = (_: string, character: string) => (character === '\n' ? '' : character)

class Reader {
  #at = 0

  constructor(private readonly text: string) {}

  /** Whether nothing is left but blank lines and comments, which it skips. */
  done(): boolean {
    while (this.take(BLANK) !== null || this.take(COMMENT) !== null);
    return this.#at >= this.text.length
  }

  /** Takes what the sticky pattern, or its group, matches here; null when it doesn't. */
  take(pattern: RegExp): string | null {
    pattern.lastIndex = this.#at
    const match = pattern.exec(this.text)
    if (!match) return null
    this.#at = pattern.lastIndex
    return match[1] ?? match[0]
  }
}
