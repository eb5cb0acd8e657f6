import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import {
  faultText,
  type ConfigFault,
  type ConfigWorld,
  type Environment,
} from '../config/config.ts'

/** The process as a command sees it, so that tests can run commands without one. */
export interface CommandIo {
  readonly env: Environment
  readonly cwd: string
  readonly home: string | undefined
  /** Whether stdout is one. */
  readonly isTerminal: boolean
  /** Writes the text as it is: the caller ends its lines. */
  stdout(text: string): void
  stderr(text: string): void
  /** Calls back for each SIGTERM and SIGINT. Other signals that would kill are ignored then. */
  onStopSignal(callback: () => void): void
  /** Ends the process at once. */
  exit(code: number): void
}

/** Exit codes; those above 2 are sysexits.h's. */
export const EXIT = { ok: 0, failed: 1, usage: 64, config: 78 } as const

/** Runs with the arguments after the command's name; resolves with the exit code. */
export type Command = (args: string[], io: CommandIo) => Promise<number>

/**
 * The positional arguments of a command that has no flags. Null, with the reason and `usage`
 * on stderr, when there is a flag or more than `most` of them: exit with `EXIT.usage` then.
 */
export function positionals(
  args: string[],
  io: CommandIo,
  usage: string,
  most = 0,
): string[] | null {
  try {
    const found = parseArgs({ args, options: {}, allowPositionals: true }).positionals
    if (found.length <= most) return found
    io.stderr(`Unexpected argument '${found[most]}'\n${usage}\n`)
  } catch (error) {
    io.stderr(`${(error as Error).message.split('. ')[0]}\n${usage}\n`)
  }
  return null
}

export function configWorld(io: CommandIo): ConfigWorld {
  return { writable: canWrite, isTerminal: io.isTerminal, home: io.home, cwd: io.cwd }
}

/** Tells all faults of a configuration on stderr; returns the exit code. */
export function reportFaults(io: CommandIo, faults: readonly ConfigFault[]): number {
  for (const fault of faults) io.stderr(`${faultText(fault)}\n`)
  return EXIT.config
}

/** Whether the directory can be written to, or created: without creating it. */
export function canWrite(dir: string): boolean {
  try {
    const there = statSync(dir, { throwIfNoEntry: false })
    if (!there) return dirname(dir) !== dir && canWrite(dirname(dir))
    accessSync(dir, constants.W_OK | constants.X_OK)
    return there.isDirectory()
  } catch {
    return false
  }
}
