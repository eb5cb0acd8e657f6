/** Texts that readers stumble over. */
import fc from 'fast-check'

/** Any code points, halves of surrogate pairs among them. */
export const anyText = fc.string({ unit: 'binary', maxLength: 20 })

const ODD_WORDS = [
  ...['', ' ', '0', '-1', '1e9', '9007199254740993', 'null', 'true', '*', '"', "'", ',', ';', '='],
  ...['%', '%00', '%ff', '%ED%A0%80', '../', '..%2f', '\t', '<b>', '${x}', '{{x}}', '\\', '\x7f'],
  ...[
    '__proto__',
    'constructor',
    'toString',
    'a'.repeat(300),
    '1'.repeat(400),
    'é',
    '😀',
    '\ud800',
  ],
]

export const oddText = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...ODD_WORDS) },
  { weight: 2, arbitrary: anyText },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...ODD_WORDS)).map((words) => words.join('')) },
)

/** Of a few characters again and again: what makes a bad regular expression slow. */
export const repetition = (maxLength: number) =>
  fc
    .tuple(oddText, fc.string({ minLength: 1, maxLength: 3 }), fc.nat(maxLength), oddText)
    .map(([start, middle, count, end]) => {
      return start + middle.repeat(Math.ceil(count / middle.length)) + end
    })

/** Mostly nothing: what is wrong in all its parts is refused for the first of them. */
export const rarely = <T>(what: fc.Arbitrary<T>, of = 8): fc.Arbitrary<T | null> =>
  fc.oneof({ weight: of - 1, arbitrary: fc.constant(null) }, { weight: 1, arbitrary: what })

/** What a header may hold: any byte (Latin-1) but the ends of lines. */
export const headerValue = (known: readonly string[]) =>
  fc
    .oneof(
      { weight: 4, arbitrary: fc.constantFrom(...known) },
      {
        weight: 2,
        arbitrary: fc.tuple(fc.constantFrom(...known), oddText).map((two) => two.join('')),
      },
      { weight: 2, arbitrary: oddText },
      { weight: 1, arbitrary: repetition(4000) },
      { weight: 2, arbitrary: fc.array(fc.constantFrom(...known)).map((all) => all.join(', ')) },
    )
    .map(asLatin1)

export const asLatin1 = (text: string) =>
  Buffer.from(text.replaceAll(/[\r\n\0]/g, ''), 'utf8').toString('latin1')
