import type { Log } from '../ports.ts'

export interface RepeatedWarning {
  /** Warns, unless the last warning was the same. */
  warn(msg: string, fields: Record<string, unknown>): void
  /** The cause is gone: the same warning is logged again next time. True if one was logged. */
  clear(): boolean
}

/** A Registry that is down for a night is one line in the log, not one a minute. */
export function repeatedWarning(log: Log): RepeatedWarning {
  let last: string | null = null
  return {
    warn(msg, fields) {
      const line = msg + JSON.stringify(fields)
      if (line === last) return
      last = line
      log.warning(msg, fields)
    },
    clear() {
      const hadWarned = last !== null
      last = null
      return hadWarned
    },
  }
}
