/** Files with settings, and what is made of them. They never reach a service: this asks the reader. */
import fc from 'fast-check'
import { envFile } from '../../../src/commands/env-file.ts'
import { parseNetworks } from '../../../src/access/client-address.ts'
import { faultText, loadConfig, type Config } from '../../../src/config/config.ts'
import { VARIABLE_NAMES, type VariableName } from '../../../src/config/variables.ts'
import { createSign } from '../../../src/delivery/signature.ts'
import { AllowList } from '../../../src/droplets/allow-list.ts'
import { browserCheck } from '../../../src/http/browsers.ts'
import type { Area } from '../area.ts'
import { damage, damaged, type Damage } from '../arbitraries/json-texts.ts'
import { oddText, repetition } from '../arbitraries/texts.ts'

const SECRET = `whsec_${Buffer.alloc(32, 'hush').toString('base64')}`

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
  ...[SECRET, `${SECRET},${SECRET}`, SECRET.slice(0, -30), SECRET.slice(6), `${SECRET} x`],
  ...['localhost', '2130706433', '169.254.1.1', 'http://a:1', 'http://a/b', 'fe80::1%eth0', '::'],
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
const OF_THE_GUARD: readonly VariableName[] = [
  ...(['DROPLET_ALLOW', 'TRUST_PROXY', 'CORS_ORIGINS', 'PUBLIC_URL', 'RATE_LIMIT'] as const),
  ...(['DROPLET_SIGNING_SECRET', 'DROPLET_SIGNING_SECRET_FILE', 'TLS_CERT_FILE'] as const),
  ...(['AUTH_TOKENS_FILE', 'TLS_KEY_FILE', 'BREAKER_GRACE', 'DROPLET_MAX_WAITING'] as const),
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
      { weight: 3, arbitrary: fc.constantFrom(...OF_THE_GUARD) },
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
  benign: async (bytes) => read(`DROPLET_ALLOW='${'10.1.2.3,'.repeat(bytes / 9)}'`),
  async run(input) {
    const text = damaged(input.lines.join('\n'), input.damage)
    const { warnings, loaded } = read(text)
    if (!loaded.ok && loaded.faults.length === 0) throw new Error('it is refused without a fault')
    const lines = [...warnings, ...(loaded.ok ? [] : loaded.faults.map(faultText))]
    const broken = lines.find((each) => /[\n\r\0]/.test(each))
    if (broken) throw new Error(`it is told in several lines: ${JSON.stringify(broken)}`)
    const shown = loaded.ok ? loaded.settings : loaded.faults
    expectHidden(shown, warnings)
    if (loaded.ok) use(loaded.config)
    return text.length
  },
}

const WORLD = { writable: () => true, isTerminal: false, home: '/home/me', cwd: '/' }

function read(text: string) {
  const { values, warnings } = envFile('file.env', text)
  return { warnings, loaded: loadConfig(values, WORLD) }
}

type Shown = { readonly name: string } | { readonly variable: string }

/** Of secrets nobody is shown more than that they are there. */
function expectHidden(
  shown: readonly (Shown & { readonly value: string | null })[],
  warnings: readonly string[],
): void {
  const own = shown.find((each) => nameOf(each) === 'DROPLET_SIGNING_SECRET')
  if (![undefined, null, '', '***'].includes(own?.value)) {
    throw new Error(`a secret is shown: ${own?.value}`)
  }
  const told = warnings.find((each) => each.includes(SECRET.slice(6, 20)))
  if (told) throw new Error(`a warning shows a secret: ${told}`)
}

const nameOf = (each: Shown) => ('name' in each ? each.name : each.variable)

/** What was taken is understood by all who use it. Throws where they do. */
function use(config: Config): void {
  const { droplets, access, registry, tls } = config
  new AllowList(droplets.allow, registry.url).host('http://127.0.0.1:1')
  parseNetworks(access.trustProxy)
  createSign(droplets.signingSecrets)?.('id', 0, '')
  const origin = access.corsOrigins[0] ?? `${tls.certFile === null ? 'http' : 'https'}://127.0.0.1`
  const headers = { host: '127.0.0.1', origin }
  const page = browserCheck(config)(new Request('http://127.0.0.1', { headers }))
  if (access.corsOrigins.length > 0 && page !== origin) throw new Error(`${origin} may not ask`)
}
