/** What can be logged. `platform/log.ts` writes it to stdout. */
export const LOG_LEVELS = ['DEBUG', 'INFO', 'WARNING', 'ERROR'] as const
export type LogLevel = (typeof LOG_LEVELS)[number]

export interface LogOptions {
  /** Lines below this level are not written. */
  level: LogLevel
  /** `json`: one object a line, for machines. `text`: for people. */
  format: 'json' | 'text'
  /** Whether text lines have colours. */
  colour?: boolean
  /** Whether journald reads them: each begins with its priority then. */
  toJournal?: boolean
}

export type LogFields = Record<string, unknown>

export interface Log {
  /**
   * Whether lines of this level are written: to ask before making one that costs something. Ask
   * each time: the level may change.
   */
  enabled(level: LogLevel): boolean
  debug(msg: string, fields?: LogFields): void
  info(msg: string, fields?: LogFields): void
  warning(msg: string, fields?: LogFields): void
  error(msg: string, fields?: LogFields): void
}

/** A log whose level can be changed while it runs. */
export interface LevelledLog extends Log {
  readonly level: LogLevel
  /** Says so in a line that is written whatever the levels are. */
  setLevel(level: LogLevel): void
}
