/** What may come next on a command line that is being typed. */
import type { Command, CommandGroup, Values } from './command.ts'

export type Commands = readonly (Command | CommandGroup)[]

/** Names of droplets, where they can be had quickly; else none. */
export type DropletNames = () => Promise<readonly string[]>

/**
 * `words`: those after the program's name up to the cursor; the last is the one being typed, and
 * may be empty. Resolves with those that it may become.
 */
export async function completions(
  commands: Commands,
  words: readonly string[],
  droplets: DropletNames,
): Promise<string[]> {
  // Of `--status=er` bash makes three words.
  const given = words.slice(0, -1).filter((word) => word !== '=')
  const typed = words.at(-1) ?? ''
  const [flag, ...rest] = typed.split('=')
  const isAssigned = typed.startsWith('--') && rest.length > 0
  const prefix = isAssigned ? rest.join('=') : typed === '=' ? '' : typed
  const values = await valuesAt(commands, isAssigned ? [...given, flag!] : given, prefix, droplets)
  const fitting = values.filter((value) => value.startsWith(prefix))
  return isAssigned ? fitting.map((value) => `${flag}=${value}`) : fitting
}

async function valuesAt(
  commands: Commands,
  given: readonly string[],
  prefix: string,
  droplets: DropletNames,
): Promise<readonly string[]> {
  if (given.at(-1) === '--env-file') return []
  const [word, ...rest] = withoutEnvFiles(given)
  const names = commands.map(({ name }) => name)
  if (word === undefined) return prefix.startsWith('-') ? GLOBAL_FLAGS : [...names, 'help']
  if (word === 'help') return rest.length === 0 ? names : subNames(commands, rest[0]!)
  const found = commands.find(({ name }) => name === word)
  if (!found) return []
  if (!('commands' in found)) return valuesOf(found, rest, prefix, droplets)
  const sub = found.commands.find(({ name }) => name === `${word} ${rest[0]}`)
  if (sub) return valuesOf(sub, rest.slice(1), prefix, droplets)
  return rest.length === 0 ? subNames(commands, word) : []
}

const GLOBAL_FLAGS = ['--env-file', '--help', '--version']

function subNames(commands: Commands, word: string): string[] {
  const group = commands.find(({ name }) => name === word)
  if (!group || !('commands' in group)) return []
  return group.commands.map(({ name }) => name.slice(word.length + 1))
}

async function valuesOf(
  command: Command,
  given: readonly string[],
  prefix: string,
  droplets: DropletNames,
): Promise<readonly string[]> {
  const { values = {} } = command
  const flags = flagsOf(command)
  const before = given.at(-1)
  if (before !== undefined && flags.get(before)) return wordsOf(values[before], droplets)
  if (prefix.startsWith('-')) return [...flags.keys(), '--env-file', '--help']
  const places = given.filter(
    (word, at) => !word.startsWith('-') && !(at > 0 && flags.get(given[at - 1]!)),
  )
  return wordsOf(values[places.length], droplets)
}

async function wordsOf(values: Values | undefined, droplets: DropletNames) {
  return values === 'droplets' ? droplets() : (values ?? [])
}

/** The flags that the help explains, and whether a value comes after. */
export function flagsOf({ details }: Pick<Command, 'details'>): Map<string, boolean> {
  const lines = details.matchAll(/^ {2}(--[a-z-]+)(?: (\S+))?/gm)
  return new Map([...lines].map(([, flag, value]) => [flag!, /^[A-Z']/.test(value ?? '')]))
}

function withoutEnvFiles(given: readonly string[]): string[] {
  return given.filter((word, at) => word !== '--env-file' && given[at - 1] !== '--env-file')
}
