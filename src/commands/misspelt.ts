/** Names of settings that look misspelt: nothing would come of them. */
import { closest, distance } from 'fastest-levenshtein'
import { VARIABLE_NAMES, VARIABLES } from '../config/variables.ts'
import type { CommandIo } from './command.ts'
import { didYouMean } from './help.ts'

/** What a file may hold for others than the service: the commands, systemd, Bun, the C library. */
const OF_OTHERS =
  /^(?:(?:CACHE|STATE|RUNTIME|LOGS)_DIRECTORY|ORCHESTRATOR_(?:URL|TOKEN)|HOME|PATH|TERM|TZ|NO_COLOR|(?:BUN|NODE|UV|SSL|LD|LC|MALLOC)_\w+|LANG)$/

/**
 * A line for each: of the files all names that are no settings, of the environment, where all
 * programs have theirs, those that are nearly ours. Values may be secret: only names.
 */
export function misspeltNames({ ownEnv, envFiles }: CommandIo): string[] {
  const inFiles = envFiles.flatMap(({ name: file, values }) =>
    Object.keys(values)
      .filter((name) => !isKnown(name))
      .map((name) => noSetting(file, name, didYouMean(name.toUpperCase(), VARIABLE_NAMES))),
  )
  const inEnvironment = Object.keys(ownEnv).flatMap((name) => {
    const meant = isKnown(name) ? null : nearlyOurs(name)
    return meant ? [noSetting('environment', name, ` Did you mean '${meant}'?`)] : []
  })
  return [...inFiles, ...inEnvironment]
}

const noSetting = (where: string, name: string, hint: string) =>
  `${where}: there is no setting ${shownName(name)}.${hint}`

const LONGEST = Math.max(...VARIABLE_NAMES.map(({ length }) => length))

/** Where a = was forgotten, the value is part of the name. */
const shownName = (name: string) => (name.length > LONGEST ? `${name.slice(0, LONGEST)}…` : name)

const isKnown = (name: string) => Object.hasOwn(VARIABLES, name) || OF_OTHERS.test(name)

function nearlyOurs(name: string): string | null {
  const upperCase = name.toUpperCase()
  // TLS_CERT: without its certificate the service would speak plain HTTP.
  const asFile = VARIABLE_NAMES.find((each) => each === `${upperCase}_FILE`)
  if (asFile) return asFile
  const nearest = closest(upperCase, VARIABLE_NAMES)
  const away = distance(upperCase, nearest)
  // PGHOST and HOME are no misspelt HOST.
  const isNear = nearest.length < 8 ? away <= 1 || isSwapped(upperCase, nearest) : away <= 2
  return isNear ? nearest : null
}

/** PROT for PORT: for the distance those are two changes. */
const isSwapped = (one: string, other: string) => letters(one) === letters(other)
const letters = (word: string) => [...word].sort().join('')
