import type { LevelledLog, LogLevel } from '../../src/log.ts'

export interface LogLine {
  level: LogLevel
  msg: string
  fields: Record<string, unknown>
}

export interface RecordingLog extends LevelledLog {
  readonly lines: LogLine[]
  /** The messages of one level, in order. */
  messages(level: LogLevel): string[]
}

/** A log that remembers its lines. */
export function recordingLog(): RecordingLog {
  const lines: LogLine[] = []
  const at =
    (level: LogLevel) =>
    (msg: string, fields: Record<string, unknown> = {}) => {
      lines.push({ level, msg, fields })
    }
  let current: LogLevel = 'DEBUG'
  return {
    lines,
    get level() {
      return current
    },
    setLevel(level) {
      lines.push({
        level: 'INFO',
        msg: 'the log level was changed',
        fields: { from: current, to: level },
      })
      current = level
    },
    enabled: () => true,
    messages: (level) => lines.filter((line) => line.level === level).map((line) => line.msg),
    debug: at('DEBUG'),
    info: at('INFO'),
    warning: at('WARNING'),
    error: at('ERROR'),
  }
}
