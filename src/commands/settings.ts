import { loadConfig, type Config, type ConfigFault, type LoadedConfig } from '../config/config.ts'
import { signingSecrets } from '../config/secrets.ts'
import type { Environment } from '../config/source.ts'
import { errorText } from '../errors.ts'
import { readRegularFile } from '../platform/regular-file.ts'
import { configWorld, type CommandIo } from './command.ts'

/** Two secrets take some 200. */
const MAX_FILE_BYTES = 64 * 1024

/** The configuration, with the secrets that are in the file that it names. Never rejects. */
export async function loadSettings(env: Environment, io: CommandIo): Promise<LoadedConfig> {
  const loaded = loadConfig(env, configWorld(io))
  if (!loaded.ok || loaded.config.droplets.signingSecretFile === null) return loaded
  const read = await readSecrets(loaded.config.droplets)
  if ('reason' in read) return { ok: false, faults: [faultOf(loaded.config, read.reason)] }
  const droplets = Object.freeze({ ...loaded.config.droplets, signingSecrets: read.secrets })
  return { ...loaded, config: Object.freeze({ ...loaded.config, droplets }) }
}

/** Nothing of what is in the file is ever in the reason. */
async function readSecrets(
  droplets: Config['droplets'],
): Promise<{ secrets: readonly string[] } | { reason: string }> {
  if (droplets.signingSecrets.length > 0) return { reason: 'DROPLET_SIGNING_SECRET is set, too' }
  try {
    const bytes = await readRegularFile(droplets.signingSecretFile!, MAX_FILE_BYTES)
    const secrets = signingSecrets.parse(new TextDecoder().decode(bytes))
    if (secrets === undefined) return { reason: 'it holds something else' }
    return secrets.length > 0 ? { secrets } : { reason: 'it holds none' }
  } catch (error) {
    return { reason: `it cannot be read: ${errorText(error)}` }
  }
}

function faultOf({ droplets }: Config, reason: string): ConfigFault {
  return {
    variable: 'DROPLET_SIGNING_SECRET_FILE',
    value: droplets.signingSecretFile,
    allowed: signingSecrets.allowed.replace('empty, or', 'a file with'),
    reason,
  }
}
