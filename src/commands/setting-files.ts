/** The files that settings name, read before the service starts: `check` does the same. */
import { readTokensFile } from '../access/tokens-file.ts'
import { faultText, type Config } from '../config/config.ts'
import { SECRETS_RULE, signingSecrets } from '../config/secrets.ts'
import { errorText } from '../errors.ts'
import { readCertificate } from '../platform/certificate.ts'
import { nameFault, validityFault } from '../platform/certificate-validity.ts'
import { systemClock } from '../platform/clock.ts'
import { mayBeReadByAll } from '../platform/disk.ts'
import { readRegularFile } from '../platform/regular-file.ts'

export interface SettingFiles {
  /** For people, each with its setting. With any, the service does not start. */
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
  /** Of the file, or of the setting itself. */
  readonly signingSecrets: readonly string[]
}

/** Two secrets take some 200. */
const MAX_SECRET_BYTES = 64 * 1024

/** Never rejects. Nothing of what is secret in the files is in a fault. */
export async function readSettingFiles({
  access,
  droplets,
  tls,
  publicUrl,
}: Pick<Config, 'access' | 'droplets' | 'tls' | 'publicUrl'>): Promise<SettingFiles> {
  const tokens = await lookAtTokens(access.tokensFile)
  const signing = await readSigning(droplets)
  const certificate = await lookAtCertificate(tls, publicUrl)
  const faults = [certificate.fault, signing.fault, ...tokens.faults]
  const warnings = [
    ...certificate.warnings,
    openToAll('TLS_KEY_FILE', tls.keyFile),
    openToAll('DROPLET_SIGNING_SECRET_FILE', droplets.signingSecretFile),
    ...tokens.warnings,
  ]
  return {
    faults: faults.filter((fault) => fault !== null),
    warnings: warnings.filter((warning) => warning !== null),
    signingSecrets: signing.secrets,
  }
}

async function lookAtCertificate(
  tls: Config['tls'],
  publicUrl: string | null,
): Promise<{ fault: string | null; warnings: readonly (string | null)[] }> {
  try {
    const certificate = await readCertificate(tls)
    if (!certificate) return { fault: null, warnings: [] }
    const validity = validityFault(tls, certificate, systemClock.now())
    return { fault: null, warnings: [validity, nameFault(tls, certificate, publicUrl)] }
  } catch (error) {
    return { fault: errorText(error), warnings: [] }
  }
}

/** null: it is not, or no file is named; that it cannot be read is told elsewhere. */
function openToAll(setting: string, file: string | null): string | null {
  if (file === null || !mayBeReadByAll(file)) return null
  return `${setting}=${JSON.stringify(file)}: everybody on this machine may read it: chmod o-rwx`
}

async function lookAtTokens(
  file: string | null,
): Promise<Pick<SettingFiles, 'faults' | 'warnings'>> {
  if (file === null) return { faults: [], warnings: [] }
  const { faults, warnings } = await readTokensFile(file)
  const named = (text: string) => `AUTH_TOKENS_FILE=${JSON.stringify(file)}: ${text}`
  return { faults: faults.map(named), warnings: warnings.map(named) }
}

interface Signing {
  readonly secrets: readonly string[]
  readonly fault: string | null
}

async function readSigning(droplets: Config['droplets']): Promise<Signing> {
  const { signingSecretFile: file, signingSecrets: given } = droplets
  if (file === null) return { secrets: given, fault: null }
  if (given.length > 0) return wrongSecrets(file, 'DROPLET_SIGNING_SECRET is set, too')
  try {
    const bytes = await readRegularFile(file, MAX_SECRET_BYTES)
    const secrets = signingSecrets.parse(new TextDecoder().decode(bytes))
    if (secrets === undefined) return wrongSecrets(file, 'it holds something else')
    return secrets.length > 0 ? { secrets, fault: null } : wrongSecrets(file, 'it holds none')
  } catch (error) {
    return wrongSecrets(file, `it cannot be read: ${errorText(error)}`)
  }
}

function wrongSecrets(value: string, reason: string): Signing {
  const allowed = `a file with ${SECRETS_RULE}`
  const fault = { variable: 'DROPLET_SIGNING_SECRET_FILE', value, allowed, reason } as const
  return { secrets: [], fault: faultText(fault) }
}
