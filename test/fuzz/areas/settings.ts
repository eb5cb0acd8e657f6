/** Files with settings, and what is made of them. They never reach a service: this asks the reader. */
import fc from 'fast-check'
import { envFile } from '../../../src/commands/env-file.ts'
import { faultText, loadConfig } from '../../../src/config/config.ts'
import { VARIABLE_NAMES } from '../../../src/config/variables.ts'
import type { Area } from '../area.ts'
import { damage, damaged, type Damage } from '../arbitraries/json-texts.ts'
import { oddText, repetition } from '../arbitraries/texts.ts'

const VALUES = [
  ...[
    'http://a',
    'file:x',
    '10.0.0.0/8',
    '::1/128',
    '*.a',
    'https://a.b',
    'whsec_AAAA',
    'a,b',
    '0',
    '1',
  ],
  ...[
    '::ffff:1.2.3.4/200',
    '1.2.3.4/33',
    '0x7f.1',
    '*',
    '*.',
    'http://*',
    'whsec_',
    '/x',
    '-1',
    '1e9',
  ],
]
const value = fc.oneof(
  { weight: 3, arbitrary: fc.constantFrom(...VALUES) },
  { weight: 2, arbitrary: oddText },
  { weight: 1, arbitrary: fc.array(fc.constantFrom(...VALUES)).map((all) => all.join(',')) },
  { weight: 1, arbitrary: repetition(20_000) },
)
const line = fc
  .tuple(
    fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(...VARIABLE_NAMES) },
      { weight: 1, arbitrary: oddText },
    ),
    fc.constantFrom('=', '=', '=', ' = ', '="', "='", ':', ''),
    value,
  )
  .map((parts) => parts.join(''))

interface Input {
  readonly lines: readonly string[]
  readonly damage: Damage | null
}

export const settings: Area<Input> = {
  name: 'settings',
  share: 2,
  inputs: fc.record({ lines: fc.array(line, { maxLength: 6 }), damage }),
  benign: async (bytes) => read(`HOST='${'x'.repeat(bytes)}'`),
  async run(input) {
    const text = damaged(input.lines.join('\n'), input.damage)
    const { warnings, loaded } = read(text)
    if (!loaded.ok && loaded.faults.length === 0) throw new Error('it is refused without a fault')
    const lines = [...warnings, ...(loaded.ok ? [] : loaded.faults.map(faultText))]
    const broken = lines.find((each) => /[\n\r\0]/.test(each))
    if (broken) throw new Error(`it is told in several lines: ${JSON.stringify(broken)}`)
    return text.length
  },
}

const WORLD = { writable: () => true, isTerminal: false, home: '/home/me', cwd: '/' }

function read(text: string) {
  const { values, warnings } = envFile('file.env', text)
  return { warnings, loaded: loadConfig(values, WORLD) }
}
