import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import { faultText, type ConfigFault } from '../config/config.ts'
import type { ConfigWorld, Environment } from '../config/source.ts'
import type { Log, LogOptions } from '../log.ts'

/** The process as a command sees it; tests pass one of their own. */
export interface CommandIo {
  readonly env: Environment
  readonly cwd: string
  readonly home: string | undefined
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean
  /** Writes the text as it is: the caller ends its lines. */
  stdout(text: string): void
  stderr(text: string): void
  /**
   * Starts the log on stdout, which all text of `stdout` then goes through, and logs from then on
   * what ends the process unexpectedly. Once.
   */
  openLog(options: LogOptions): Log
  /** Calls back for each SIGTERM and SIGINT, which then no longer end the process. */
  onStopSignal(callback: () => void): void
  /** Ends the process at once; what was logged is out before. */
  exit(code: number): void
}

/** Exit codes; 64 and 78 are those of sysexits.h. */
export const EXIT = { ok: 0, failed: 1, usage: 64, config: 78 } as const

/** Gets the arguments after the command's name; resolves with the exit code. */
export type Command = (args: string[], io: CommandIo) => Promise<number>

/**
 * The positional arguments of a command that has no flags. When there is a flag, or more than
 * `max` arguments, writes the reason and `usage` to stderr and returns null: exit with
 * `EXIT.usage` then.
 */
export function positionals(
  args: string[],
  io: CommandIo,
  usage: string,
  max = 0,
): string[] | null {
  try {
    const found = parseArgs({ args, options: {}, allowPositionals: true }).positionals
    if (found.length <= max) return found
    io.stderr(`Unexpected argument '${found[max]}'\n${usage}\n`)
  } catch (error) {
    io.stderr(`${(error as Error).message.split('. ')[0]}\n${usage}\n`)
  }
  return null
}

export function configWorld(io: CommandIo): ConfigWorld {
  return { writable: canWrite, isTerminal: io.isTerminal, home: io.home, cwd: io.cwd }
}

/**
 * Whether text on stdout has colours: on a terminal that shows them, unless NO_COLOR is set to
 * anything (https://no-color.org).
 */
export function hasColour({ env, isTerminal }: Pick<CommandIo, 'env' | 'isTerminal'>): boolean {
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
}

/** Writes all faults of a configuration to stderr; returns the exit code. */
export function reportFaults(io: CommandIo, faults: readonly ConfigFault[]): number {
  for (const fault of faults) io.stderr(`${faultText(fault)}\n`)
  return EXIT.config
}

/** Whether the directory can be written to, or created; doesn't create it. */
export function canWrite(dir: string): boolean {
  try {
    const stats = statSync(dir, { throwIfNoEntry: false })
    if (!stats) return dirname(dir) !== dir && canWrite(dirname(dir))
    accessSync(dir, constants.W_OK | constants.X_OK)
    return stats.isDirectory()
  } catch {
    return false
  }
}
