/**
 * The grammar of JSON (RFC 8259) as a table: from a state, by a character, to the next state. Its
 * names are what was read last; `{ [ } ] ,` also change how deep we are.
 */

type Rule = readonly [characters: string, to: string]

const SPACE = ' \t\n\r'
const DIGIT = '0123456789'
const HEX = `${DIGIT}abcdefABCDEF`
const ASCII = Array.from({ length: 128 }, (_, code) => String.fromCharCode(code))
// All but control characters.
const PRINTABLE = ASCII.slice(32).join('')

const BEGINS: readonly Rule[] = [
  ...(['{', '[', '-', '0', 't', 'f', 'n'] as const).map((first): Rule => [first, first]),
  ['"', 'text'],
  ['123456789', '1'],
]
const ENDS: readonly Rule[] = [
  ...([',', ']', '}'] as const).map((end): Rule => [end, end]),
  [SPACE, 'after'],
]
const FRACTION: Rule = ['.', '1.']
const EXPONENT: Rule = ['eE', '1e']

/** Of two rules for a character the later one holds. */
const GRAMMAR: Readonly<Record<string, readonly Rule[]>> = {
  value: [[SPACE, 'value'], ...BEGINS],
  'first item': [[SPACE, 'first item'], [']', ']'], ...BEGINS],
  'first key': [
    [SPACE, 'first key'],
    ['}', '}'],
    ['"', 'key'],
  ],
  'next key': [
    [SPACE, 'next key'],
    ['"', 'key'],
  ],
  'key"': [
    [SPACE, 'key"'],
    [':', 'value'],
  ],
  after: ENDS,
  ...quoted('text', 'after'),
  ...quoted('key', 'key"'),
  '-': [
    ['0', '0'],
    ['123456789', '1'],
  ],
  '0': [FRACTION, EXPONENT, ...ENDS],
  '1': [[DIGIT, '1'], FRACTION, EXPONENT, ...ENDS],
  '1.': [[DIGIT, '1.5']],
  '1.5': [[DIGIT, '1.5'], EXPONENT, ...ENDS],
  '1e': [
    ['+-', '1e-'],
    [DIGIT, '1e5'],
  ],
  '1e-': [[DIGIT, '1e5']],
  '1e5': [[DIGIT, '1e5'], ...ENDS],
  ...word('true'),
  ...word('false'),
  ...word('null'),
}

function quoted(name: string, next: string): Record<string, readonly Rule[]> {
  return {
    [name]: [
      [PRINTABLE, name],
      ['\\', `${name}\\`],
      ['"', next],
    ],
    [`${name}\\`]: [
      ['"\\/bfnrt', name],
      ['u', `${name}\\u`],
    ],
    [`${name}\\u`]: [[HEX, `${name}\\u1`]],
    [`${name}\\u1`]: [[HEX, `${name}\\u12`]],
    [`${name}\\u12`]: [[HEX, `${name}\\u123`]],
    [`${name}\\u123`]: [[HEX, name]],
  }
}

function word(text: string): Record<string, readonly Rule[]> {
  const states = [...text].map((_, at): [string, readonly Rule[]] => {
    const isLast = at === text.length - 2
    return [text.slice(0, at + 1), [[text[at + 1] ?? '', isLast ? 'after' : text.slice(0, at + 2)]]]
  })
  return Object.fromEntries(states.slice(0, -1))
}

const NAMES = ['wrong', ...Object.keys(GRAMMAR), '{', '[', '}', ']', ',']

/** The number of a state; 0 is `wrong`. */
export const stateOf = (name: string): number => NAMES.indexOf(name)

/** The next state of each state and ASCII character, at `state * 128 + code`. */
export function transitions(): Uint8Array {
  const table = new Uint8Array(NAMES.length * 128)
  for (const [from, rules] of Object.entries(GRAMMAR)) {
    for (const [characters, to] of rules) {
      for (const character of characters) {
        table[stateOf(from) * 128 + character.charCodeAt(0)] = stateOf(to)
      }
    }
  }
  return table
}
