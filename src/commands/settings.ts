import { faultText, loadConfig, type Config, type Setting } from '../config/config.ts'
import type { Environment } from '../config/source.ts'
import { configWorld, type CommandIo } from './command.ts'
import { readSettingFiles } from './setting-files.ts'

export interface LoadedSettings {
  /** With what is in the files that it names. */
  readonly config: Config
  readonly settings: readonly Setting[]
  /** Of `check`, for people; `serve` logs its own when it reads the files. */
  readonly warnings: readonly string[]
}

/**
 * Reads the configuration, and the files that the service needs at its start. null: all that is
 * wrong was written to stderr; exit with `EXIT.config` then. Never rejects.
 */
export async function loadSettings(
  io: CommandIo,
  env: Environment,
): Promise<LoadedSettings | null> {
  const loaded = loadConfig(env, configWorld(io))
  if (!loaded.ok) return refuse(io, loaded.faults.map(faultText))
  const { faults, warnings, signingSecrets } = await readSettingFiles(loaded.config)
  if (faults.length > 0) return refuse(io, faults)
  const droplets = Object.freeze({ ...loaded.config.droplets, signingSecrets })
  const config = Object.freeze({ ...loaded.config, droplets })
  return { config, settings: loaded.settings, warnings }
}

function refuse(io: CommandIo, faults: readonly string[]): null {
  for (const fault of faults) io.stderr(`${fault}\n`)
  return null
}
