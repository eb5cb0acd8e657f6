/** What `--help` tells of a command, and what is said about a word that is none of ours. */
import { closest, distance } from 'fastest-levenshtein'
import { VARIABLES } from '../config/variables.ts'

export interface CommandHelp {
  /** `serve`, `task submit` */
  readonly name: string
  /** What may follow its name. */
  readonly synopsis?: string
  /** One line, for the list of all commands. */
  readonly summary: string
  /**
   * What `--help` adds to that, with examples: an empty line, then lines of at most 100 columns.
   * A line that begins with two spaces and a flag explains that flag.
   */
  readonly details: string
}

/** `Usage: orchestrator health [URL]` */
export function usageOf({ name, synopsis }: CommandHelp): string {
  return `Usage: orchestrator ${name}${synopsis ? ` ${synopsis}` : ''}`
}

export function helpFor(help: CommandHelp): string {
  const { summary, details } = help
  return `${usageOf(help)}\n\n${summary[0]!.toUpperCase()}${summary.slice(1)}.\n${details}`
}

/** Each name with its summary, a line each. */
export function listOf(helps: readonly CommandHelp[]): string {
  const width = Math.max(...helps.map(({ name }) => name.length)) + 2
  return helps.map(({ name, summary }) => `  ${name.padEnd(width)}${summary}\n`).join('')
}

/** For a word that is none of ours: ` Did you mean 'serve'?`, or nothing when none is near. */
export function didYouMean(word: string, known: readonly string[]): string {
  if (known.length === 0) return ''
  const nearest = closest(word, known)
  return distance(word, nearest) <= Math.max(2, word.length / 3)
    ? ` Did you mean '${nearest}'?`
    : ''
}

/**
 * For `--port 9000`, when PORT is a setting: ` Set PORT=9000 in the environment.` Nothing for
 * other options. `args`: where the option and its value are.
 */
export function settingHint(flag: string, args: readonly string[]): string {
  const name = flag.replace(/^--/, '').replaceAll('-', '_').toUpperCase()
  if (!flag.startsWith('--') || !Object.hasOwn(VARIABLES, name)) return ''
  const at = args.findIndex((each) => each === flag || each.startsWith(`${flag}=`))
  const value = args[at]!.includes('=') ? args[at]!.slice(flag.length + 1) : args[at + 1]
  const given = value === undefined || value.startsWith('--') ? '' : `=${value}`
  return ` Set ${name}${given} in the environment.`
}
