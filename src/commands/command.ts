import { accessSync, constants, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { parseArgs } from 'node:util'
import type { ConfigWorld, Environment } from '../config/source.ts'
import type { LevelledLog, LogOptions } from '../log.ts'
import type { EnvFile } from './env-file.ts'
import { didYouMean, settingHint, usageOf, type CommandHelp } from './help.ts'

/** The file with settings that the unit of `orchestrator systemd` reads. */
export const UNIT_SETTINGS = '/etc/fpai/orchestrator.env'

/** The process as a command sees it; tests pass one of their own. */
export interface CommandIo {
  /** The settings: those of `ownEnv` and, below them, those of the files. */
  readonly env: Environment
  /** The environment of the process. */
  readonly ownEnv: Environment
  /** The files of `--env-file`; of two that name a setting the last counts. */
  readonly envFiles: readonly EnvFile[]
  /** Reads them again; throws when one cannot be read. */
  readEnvFiles(): readonly EnvFile[]
  /** What UNIT_SETTINGS says: nothing where it is not there; null where it cannot be read. */
  unitSettings(): Environment | null
  readonly pid: number
  readonly cwd: string
  readonly home: string | undefined
  /** Of the machine. */
  readonly hostname: string
  /** Whether stdout is a terminal. */
  readonly isTerminal: boolean
  /** Whether stderr is one. */
  readonly isErrorTerminal: boolean
  /** Of the terminal. */
  columns(): number
  /** All of stdin. */
  stdin(): Promise<string>
  /** Writes the text as it is: the caller ends its lines. false: nobody reads any more. */
  stdout(text: string): boolean
  stderr(text: string): void
  /**
   * Starts the log on stdout, which all text of `stdout` then goes through, and logs from then on
   * what ends the process unexpectedly. Once.
   */
  openLog(options: LogOptions): LevelledLog
  /** Calls back for each SIGTERM and SIGINT, which then no longer end the process. */
  onStopSignal(callback: (name: string) => void): void
  /** Calls back for each SIGHUP, which then does nothing else. */
  onReloadSignal(callback: () => void): void
  /** Ends the process at once; what was logged is out before. */
  exit(code: number): void
}

/** Exit codes; from 64 on they are those of sysexits.h. */
export const EXIT = {
  ok: 0,
  failed: 1,
  usage: 64,
  /** The service cannot be reached. */
  unavailable: 69,
  /** The service refuses it: no token, or one that may not. */
  refused: 77,
  config: 78,
  /** By Ctrl-C, as a shell reports a death by SIGINT. */
  interrupted: 130,
} as const

/** A command, as its file exports it; all.ts has the list. */
export interface Command extends CommandHelp {
  /** Its options are no settings, but may be mistaken for them: `--port` is told of PORT. */
  readonly readsSettings?: true
  /** What may stand after a flag (`--status`) or at a place (`0`, `1`), for completion. */
  readonly values?: Readonly<Record<string, Values>>
  /** It serves requests: the process prepares for many. */
  readonly serves?: true
  /** Gets the arguments after the command's name; resolves with the exit code. */
  run(args: string[], io: CommandIo): Promise<number>
}

/** Words, or those that the service knows. */
export type Values = readonly string[] | 'droplets'

/** Commands of two words: `task submit`, `task list`. */
export interface CommandGroup extends CommandHelp {
  /** Their names begin with the group's. */
  readonly commands: readonly Command[]
}

/** The flags of a command, each with a value: its name and the value when it is left out. */
export type Flags = Readonly<Record<string, string>>

export interface Arguments<
  F extends Flags = Flags,
  L extends string = string,
  S extends string = string,
> {
  readonly flags: { readonly [N in keyof F]: string }
  /** Whether those without a value are there. */
  readonly switches: { readonly [N in S]: boolean }
  /** The values of those that may be repeated, in their order. */
  readonly lists: { readonly [N in L]: readonly string[] }
  readonly positionals: readonly string[]
}

export interface Known<F extends Flags, L extends string, S extends string> {
  flags?: F
  /** Flags without a value. */
  switches?: readonly S[]
  /** Flags with a value that may be repeated. */
  lists?: readonly L[]
  max?: number
}

/**
 * Reads the arguments of a command: flags, and at most `max` others. When there is something
 * else, writes the reason and how the command is used to stderr and returns null: exit with
 * `EXIT.usage` then.
 */
export function readArguments<
  const F extends Flags = {},
  const L extends string = never,
  const S extends string = never,
>(
  command: CommandHelp & Pick<Command, 'readsSettings'>,
  args: string[],
  io: CommandIo,
  { flags = {} as F, lists = [], switches = [], max = 0 }: Known<F, L, S> = {},
): Arguments<F, L, S> | null {
  const single = Object.entries(flags).map(([flag, value]) => [flag, { ...TEXT, default: value }])
  const repeated = lists.map((flag) => [flag, { ...TEXT, multiple: true, default: [] }])
  const bare = switches.map((flag) => [flag, { type: 'boolean', default: false }])
  const options = Object.fromEntries([...single, ...repeated, ...bare])
  try {
    const { values, positionals } = parseArgs({ args, options, allowPositionals: true })
    if (positionals.length > max) {
      return misused(command, io, `Unexpected argument '${positionals[max]}'`)
    }
    const read = { flags: values, lists: values, switches: values, positionals }
    return read as object as Arguments<F, L, S>
  } catch (error) {
    const { readsSettings = false } = command
    const reason = inWords(error as Error, { readsSettings, args, flags: Object.keys(options) })
    return misused(command, io, reason)
  }
}

const TEXT = { type: 'string' } as const

interface Misuse {
  readonly readsSettings: boolean
  readonly args: readonly string[]
  readonly flags: readonly string[]
}

/** Node's first sentence says what is wrong; the rest is advice for programmers. */
function inWords({ message }: Error, { readsSettings, args, flags }: Misuse): string {
  const [reason = ''] = message.split(/\.\s/)
  const option = /^Unknown option '([^']*)'$/.exec(reason)?.[1]
  if (option === undefined) return reason
  // Of -x it names only the letter.
  const flag = option.startsWith('-') ? option : `-${option}`
  const known = [...flags, 'help', 'env-file'].map((each) => `--${each}`)
  const hint = (readsSettings && settingHint(flag, args)) || didYouMean(flag, known)
  return `There is no option '${flag}' here.${hint}`
}

/** Tells why a command cannot be run as it was asked for, and how it is used. */
export function misused(command: CommandHelp, io: CommandIo, reason: string): null {
  io.stderr(`${reason}\n${usageOf(command)}\n`)
  return null
}

export function configWorld(io: CommandIo): ConfigWorld {
  const { isTerminal, home, cwd, hostname } = io
  return { writable: canWrite, isTerminal, home, cwd, hostname }
}

/**
 * Whether text on stdout has colours: on a terminal that shows them, unless NO_COLOR is set to
 * anything (https://no-color.org).
 */
export function hasColour({ env, isTerminal }: Pick<CommandIo, 'env' | 'isTerminal'>): boolean {
  return isTerminal && !env.NO_COLOR && env.TERM !== 'dumb'
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
