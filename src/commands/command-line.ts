/** What the arguments of the program ask for, before any command runs. */
import { VERSION } from '../version.ts'
import { COMMANDS } from './all.ts'
import type { Command, CommandGroup } from './command.ts'
import { didYouMean, helpFor, listOf, settingHint } from './help.ts'

export type Asked =
  | {
      readonly kind: 'run'
      readonly command: Command
      readonly args: string[]
      /** The files named with `--env-file`, in their order. */
      readonly envFiles: readonly string[]
    }
  /** Something to print, and that is all. */
  | { readonly kind: 'tell'; readonly text: string }
  /** `help`: what could be asked for there. */
  | { readonly kind: 'refuse'; readonly reason: string; readonly help: string }

const HELP_WORDS = new Set(['help', '--help', '-h'])
const VERSION_WORDS = new Set(['version', '--version', '-V', '-v'])
/** Words that are understood, too, and are not in the list of commands. */
const OTHER_WORDS = ['help', 'version', '--help', '--version', '--env-file']

/** `argv`: without the program's own name. Without a command it is `serve`. */
export function readCommandLine(argv: readonly string[]): Asked {
  const taken = takeEnvFiles(argv)
  if (!taken) return refuse('--env-file needs a file')
  const [word = 'serve', ...args] = taken.rest
  if (VERSION_WORDS.has(word)) return { kind: 'tell', text: `${VERSION}\n` }
  if (HELP_WORDS.has(word)) return helpOn(args)
  const found = COMMANDS.find(({ name }) => name === word)
  if (!found) return refuse(unknown(word, taken.rest))
  if (asksForHelp(found, args)) return helpOn([word, ...args])
  return run(found, args, taken.files)
}

export function overview(): string {
  return `orchestrator ${VERSION}: finds a droplet, calls it, retries, remembers

Usage: orchestrator [COMMAND] [--env-file FILE]

${listOf(COMMANDS)}
  --env-file FILE  read settings from FILE too; the environment counts more
  --version        print the version
  --help           print this, or, after a command, what that does
`
}

function run(found: Command | CommandGroup, args: string[], envFiles: readonly string[]): Asked {
  if (!isGroup(found)) return { kind: 'run', command: found, args, envFiles }
  const [word, ...rest] = args
  if (word === undefined) return refuse(`What about the ${found.name}?`, helpOf(found))
  const command = inGroup(found, word)
  if (!command) return refuse(unknownIn(found, word), helpOf(found))
  return { kind: 'run', command, args: rest, envFiles }
}

/** `words`: of the command that is asked about; what is after it does not matter. */
function helpOn([word, ...rest]: readonly string[]): Asked {
  if (word === undefined || HELP_WORDS.has(word)) return { kind: 'tell', text: overview() }
  const found = COMMANDS.find(({ name }) => name === word)
  if (!found) return refuse(unknown(word))
  const sub = rest.find((each) => !HELP_WORDS.has(each))
  if (!isGroup(found) || !sub || sub.startsWith('-')) return { kind: 'tell', text: helpOf(found) }
  const command = inGroup(found, sub)
  if (!command) return refuse(unknownIn(found, sub), helpOf(found))
  return { kind: 'tell', text: helpFor(command) }
}

function helpOf(found: Command | CommandGroup): string {
  if (!isGroup(found)) return helpFor(found)
  return helpFor({ ...found, details: `\n${listOf(found.commands)}${found.details}` })
}

const isGroup = (found: Command | CommandGroup): found is CommandGroup => 'commands' in found

const inGroup = (group: CommandGroup, word: string) =>
  group.commands.find(({ name }) => name === `${group.name} ${word}`)

/** What is behind `--` is no option. */
function asksForHelp(found: Command | CommandGroup, args: readonly string[]): boolean {
  const end = args.indexOf('--')
  const options = end < 0 ? args : args.slice(0, end)
  const first = options.slice(0, isGroup(found) ? 2 : 1)
  return first.includes('help') || options.includes('--help') || options.includes('-h')
}

/** `argv`: the word with what follows it. */
function unknown(word: string, argv: readonly string[] = [word]): string {
  const known = [...COMMANDS.map(({ name }) => name), ...OTHER_WORDS]
  if (!word.startsWith('-')) return `There is no command '${word}'.${didYouMean(word, known)}`
  const [flag = word] = word.split('=')
  return `There is no option '${flag}'.${settingHint(flag, argv) || didYouMean(flag, known)}`
}

function unknownIn({ name: group, commands }: CommandGroup, word: string): string {
  const known = commands.map(({ name }) => name.slice(group.length + 1))
  return `There is no command '${group} ${word}'.${didYouMean(word, known)}`
}

function refuse(reason: string, help = overview()): Asked {
  return { kind: 'refuse', reason, help }
}

/** Takes each `--env-file FILE` and `--env-file=FILE` before `--` out; null when a FILE is missing. */
function takeEnvFiles(argv: readonly string[]): { files: string[]; rest: string[] } | null {
  const files: string[] = []
  const rest: string[] = []
  for (let at = 0; at < argv.length; at++) {
    if (argv[at] === '--') return { files, rest: [...rest, ...argv.slice(at)] }
    const [flag, ...value] = argv[at]!.split('=')
    if (flag !== '--env-file') {
      rest.push(argv[at]!)
      continue
    }
    const file = value.length > 0 ? value.join('=') : argv[++at]
    if (!file) return null
    files.push(file)
  }
  return { files, rest }
}
