import { UNIT_SETTINGS, type CommandIo } from './command.ts'
import { environmentOf, type EnvFile } from './env-file.ts'

/**
 * Where no `--env-file` is named, the file that the unit reads counts as one: whoever asks in a
 * shell has its settings not in the environment.
 */
export function withUnitSettings(io: CommandIo): CommandIo {
  const values = io.envFiles.length > 0 ? null : io.unitSettings()
  if (values === null || Object.keys(values).length === 0) return io
  const file: EnvFile = { name: UNIT_SETTINGS, values, warnings: [] }
  return { ...io, envFiles: [file], env: environmentOf([file], io.ownEnv) }
}
