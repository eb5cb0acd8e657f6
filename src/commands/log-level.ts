/** LOG_LEVEL, as a SIGHUP reads it again. */
import { VARIABLES } from '../config/variables.ts'
import { errorText } from '../errors.ts'
import type { LevelledLog, LogFields } from '../log.ts'
import { UNIT_SETTINGS, type CommandIo } from './command.ts'
import { environmentOf } from './env-file.ts'

type Settings = Pick<CommandIo, 'ownEnv' | 'readEnvFiles' | 'unitSettings'>

/** Where the setting in the environment of this process is from. */
type Origin =
  /** The file that the unit reads, as it was at the start: what is in it now counts. */
  | 'unit'
  /** There is no such file, or systemd has not started us: only the `--env-file`s can change. */
  | 'elsewhere'
  /** The file cannot be read by us, only by systemd. */
  | 'unreadable'

/**
 * To be called at the start; what it returns reads the setting again and gives it to the log. What
 * cannot be read, or is wrong, changes nothing. Each time, a line says what came of it.
 */
export function reloadLogLevel(io: Settings, log: LevelledLog): () => void {
  const origin = originOf(io)
  return () => {
    if (origin === 'unreadable') return log.info('the log level stays', pinned(io, origin, log))
    try {
      const text = textNow(io, origin)
      const level = VARIABLES.LOG_LEVEL.kind.parse(text)
      if (level === undefined) {
        const fields = { value: text, allowed: VARIABLES.LOG_LEVEL.kind.allowed, kept: log.level }
        return log.error('the log level is not valid', fields)
      }
      if (level !== log.level) return log.setLevel(level)
      log.info('the log level stays', pinned(io, origin, log))
    } catch (error) {
      log.error('the log level cannot be read again', { error: errorText(error), kept: log.level })
    }
  }
}

/** systemd(1) sets one of these for all that it starts. */
function originOf({ ownEnv, unitSettings }: Settings): Origin {
  if (!ownEnv.INVOCATION_ID && !ownEnv.NOTIFY_SOCKET) return 'elsewhere'
  const unit = unitSettings()
  if (unit === null) return 'unreadable'
  return (unit.LOG_LEVEL || '') === (ownEnv.LOG_LEVEL || '') ? 'unit' : 'elsewhere'
}

/** Throws when a file cannot be read. */
function textNow({ ownEnv, readEnvFiles, unitSettings }: Settings, origin: Origin): string {
  const unit = origin === 'unit' ? unitSettings() : {}
  if (unit === null) throw new Error(`${UNIT_SETTINGS} cannot be read`)
  const own = origin === 'unit' ? unit : ownEnv
  // Where it is not set, it must not hide those of the files.
  const above = own.LOG_LEVEL === undefined ? {} : { LOG_LEVEL: own.LOG_LEVEL }
  return environmentOf(readEnvFiles(), above).LOG_LEVEL || VARIABLES.LOG_LEVEL.default
}

/** With the reason why no file can change it, where that is so. */
function pinned({ ownEnv }: Settings, origin: Origin, { level }: LevelledLog): LogFields {
  if (origin === 'unreadable') {
    const reason = `only systemd can read ${UNIT_SETTINGS}: let the service's group read it, or restart`
    return { level, reason }
  }
  const isPinned = origin === 'elsewhere' && ownEnv.LOG_LEVEL
  const reason = 'LOG_LEVEL is set in the environment, which counts more than a file'
  return isPinned ? { level, reason } : { level }
}
