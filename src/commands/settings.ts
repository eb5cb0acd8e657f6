import { faultText, loadConfig, type Config, type Setting } from '../config/config.ts'
import type { Environment } from '../config/source.ts'
import { configWorld, type CommandIo } from './command.ts'
import { readSettingFiles } from './setting-files.ts'

export type ReadSettings =
  | ({ readonly ok: true } & LoadedSettings)
  /** In lines for people. */
  | { readonly ok: false; readonly faults: readonly string[] }

export interface LoadedSettings {
  /** With what is in the files that it names. */
  readonly config: Config
  readonly settings: readonly Setting[]
  /** Of `check`, for people; `serve` logs its own when it reads the files. */
  readonly warnings: readonly string[]
}

/**
 * Reads the configuration, and the files that the service needs at its start; or finds all that is
 * wrong. Never rejects.
 */
export async function readSettings(io: CommandIo, env: Environment): Promise<ReadSettings> {
  const loaded = loadConfig(env, configWorld(io))
  if (!loaded.ok) return { ok: false, faults: loaded.faults.map(faultText) }
  const { faults, warnings, signingSecrets } = await readSettingFiles(loaded.config)
  if (faults.length > 0) return { ok: false, faults }
  const droplets = Object.freeze({ ...loaded.config.droplets, signingSecrets })
  const config = Object.freeze({ ...loaded.config, droplets })
  return { ok: true, config, settings: loaded.settings, warnings }
}

/** The same. null: all that is wrong was written to stderr; exit with `EXIT.config` then. */
export async function loadSettings(
  io: CommandIo,
  env: Environment,
): Promise<LoadedSettings | null> {
  const read = await readSettings(io, env)
  if (read.ok) return read
  for (const fault of read.faults) io.stderr(`${fault}\n`)
  return null
}

/** Where its value is from, in a word; for what is from a file, the file's name. */
export function sourceOf({ name, source }: Setting, { ownEnv, envFiles }: CommandIo): string {
  if (source !== 'environment' || ownEnv[name] !== undefined) return source
  return envFiles.findLast(({ values }) => values[name] !== undefined)?.name ?? source
}
