import type { LogFields } from '../log.ts'
import type { Log } from '../ports.ts'

export interface RepeatedWarning {
  /**
   * Warns, unless the last warning was the same. `more`: fields that may differ each time, and
   * are no reason to warn again.
   */
  warn(msg: string, fields: LogFields, more?: LogFields): void
  /** The cause is gone: the same warning is logged again next time. True if one was logged. */
  clear(): boolean
}

/** A Registry that is down for a night is one line in the log, not one a minute. */
export function repeatedWarning(log: Log): RepeatedWarning {
  let last: string | null = null
  return {
    warn(msg, fields, more) {
      const line = msg + JSON.stringify(fields)
      if (line === last) return
      last = line
      log.warning(msg, { ...fields, ...more })
    },
    clear() {
      const hadWarned = last !== null
      last = null
      return hadWarned
    },
  }
}
