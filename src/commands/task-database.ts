import { effectiveText } from '../config/source.ts'
import { VARIABLES } from '../config/variables.ts'
import { configWorld, UNIT_SETTINGS, type CommandIo } from './command.ts'
import { withUnitSettings } from './unit-settings.ts'

/**
 * TASK_DB of the environment or of --env-file; without one, of the unit; else where it is by
 * default. Throws, with a message for people that has no password in it.
 */
export function taskDatabase(io: CommandIo): string {
  const { env } = withUnitSettings(io)
  const isUnknown = !env.TASK_DB && io.envFiles.length === 0 && io.unitSettings() === null
  if (isUnknown) io.stderr(`${UNIT_SETTINGS} cannot be read: which TASK_DB?\n`)
  const { kind } = VARIABLES.TASK_DB
  const text = effectiveText('TASK_DB', env, configWorld(io))?.text
  const database = text && kind.parse(text)
  if (database) return database
  throw new Error(`Which database? Set TASK_DB to ${kind.allowed}`)
}
