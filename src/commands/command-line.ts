/** What the arguments of the program ask for, before any command runs. */
import { VERSION } from '../version.ts'
import { didYouMean, helpFor, isCommand, overview, settingHint, type CommandName } from './help.ts'

export type Asked =
  | {
      readonly kind: 'run'
      readonly command: CommandName
      readonly args: string[]
      /** The files named with `--env-file`, in their order. */
      readonly envFiles: readonly string[]
    }
  /** Something to print, and that is all. */
  | { readonly kind: 'tell'; readonly text: string }
  | { readonly kind: 'refuse'; readonly reason: string }

const HELP_WORDS = new Set(['help', '--help', '-h'])
const VERSION_WORDS = new Set(['version', '--version', '-V', '-v'])

/** `argv`: without the program's own name. Without a command it is `serve`. */
export function readCommandLine(argv: readonly string[]): Asked {
  const taken = takeEnvFiles(argv)
  if (!taken) return refuse('--env-file needs a file')
  const [word = 'serve', ...args] = taken.rest
  if (VERSION_WORDS.has(word)) return { kind: 'tell', text: `${VERSION}\n` }
  if (HELP_WORDS.has(word)) return helpOn(args[0])
  if (!isCommand(word)) return refuse(unknown(word, taken.rest))
  if (asksForHelp(args)) return helpOn(word)
  return { kind: 'run', command: word, args, envFiles: taken.files }
}

function helpOn(word: string | undefined): Asked {
  if (word === undefined || HELP_WORDS.has(word)) return { kind: 'tell', text: overview() }
  return isCommand(word) ? { kind: 'tell', text: helpFor(word) } : refuse(unknown(word))
}

function asksForHelp(args: readonly string[]): boolean {
  return args[0] === 'help' || args.includes('--help') || args.includes('-h')
}

/** `argv`: the word with what follows it. */
function unknown(word: string, argv: readonly string[] = [word]): string {
  if (!word.startsWith('-')) return `There is no command '${word}'.${didYouMean(word)}`
  const [flag = word] = word.split('=')
  return `There is no option '${flag}'.${settingHint(flag, argv) || didYouMean(flag)}`
}

function refuse(reason: string): Asked {
  return { kind: 'refuse', reason }
}

/** Takes each `--env-file FILE` and `--env-file=FILE` out; null when a FILE is missing. */
function takeEnvFiles(argv: readonly string[]): { files: string[]; rest: string[] } | null {
  const files: string[] = []
  const rest: string[] = []
  for (let at = 0; at < argv.length; at++) {
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
