/** Log lines: one JSON object a line for machines, or readable text for people. */
import {
  LOG_LEVELS,
  type LevelledLog,
  type LogFields,
  type LogLevel,
  type LogOptions,
} from '../log.ts'
import type { Clock } from '../ports.ts'
import type { LineWriter } from './line-writer.ts'
import { textLine } from './log-text.ts'

/** The lines go to the writer, which also tells in a line of this log what it had to drop. */
export function systemLog(
  options: LogOptions,
  clock: Pick<Clock, 'now'>,
  writer: Pick<LineWriter, 'write' | 'droppedLine'>,
): LevelledLog {
  const plain = options.format === 'json' ? jsonLines() : textLines(options)
  const lineOf = options.toJournal ? withPriority(plain) : plain
  let lowest = LOG_LEVELS.indexOf(options.level)
  const at = (level: LogLevel) => {
    const rank = LOG_LEVELS.indexOf(level)
    return (msg: string, fields: LogFields = {}) => {
      if (rank >= lowest) writer.write(lineOf(clock.now(), level, msg, fields))
    }
  }
  writer.droppedLine = (dropped) =>
    lineOf(clock.now(), 'WARNING', 'log lines were dropped: nobody read them', { dropped })
  const [debug, info, warning, error] = [at('DEBUG'), at('INFO'), at('WARNING'), at('ERROR')]
  return {
    enabled: (level) => LOG_LEVELS.indexOf(level) >= lowest,
    ...{ debug, info, warning, error },
    get level() {
      return LOG_LEVELS[lowest]!
    },
    setLevel(level) {
      const change = { from: LOG_LEVELS[lowest], to: level }
      lowest = LOG_LEVELS.indexOf(level)
      writer.write(lineOf(clock.now(), 'INFO', 'the log level was changed', change))
    },
  }
}

/** Of syslog; journald takes it off the line again (sd-daemon(3)): `journalctl -p warning`. */
const PRIORITY: Readonly<Record<LogLevel, string>> = {
  DEBUG: '<7>',
  INFO: '<6>',
  WARNING: '<4>',
  ERROR: '<3>',
}

function withPriority(lineOf: LineOf): LineOf {
  return (now, level, msg, fields) => PRIORITY[level] + lineOf(now, level, msg, fields)
}

type LineOf = (now: number, level: LogLevel, msg: string, fields: LogFields) => string

/** Lines of the same millisecond share the text of their time. */
function jsonLines(): LineOf {
  let shownMs = NaN
  let shown = ''
  return (now, level, msg, fields) => {
    if (now !== shownMs) {
      shownMs = now
      shown = new Date(now).toISOString()
    }
    const tail = JSON.stringify(fields)
    const head = `{"time":"${shown}","level":"${level}","msg":${JSON.stringify(msg)}`
    return tail === '{}' ? `${head}}` : `${head},${tail.slice(1)}`
  }
}

function textLines({ colour = false }: LogOptions): LineOf {
  return (now, level, msg, fields) => textLine({ now, level, msg, fields }, colour)
}
