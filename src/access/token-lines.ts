/**
 * The lines of a tokens file: a name, and after it, in any order and separated by white space, the
 * scopes (one a word, or several with commas), `droplets=a,b-*` and `expires=2027-01-31` where they
 * are wanted, and `sha256:…`. A word that begins with `#` ends its line.
 *
 * What is wrong is told without the text that is wrong: that may be a token, or the hash of one.
 */
import { DropletNames, patternFault } from './droplet-names.ts'
import { endOfDay } from './expiry.ts'
import { isScope, SCOPES, type Scope } from './scopes.ts'
import { hashOf, holdsToken } from './token-form.ts'
import type { Token } from './tokens.ts'

const NAME = /^[A-Za-z0-9][\w.-]{0,63}$/
const HASH = /^sha256:([0-9a-fA-F]{64})$/

export const NAME_RULE =
  '1 to 64 letters, digits, dots, hyphens and underscores, the first a letter or digit'
export const DATE_RULE = 'a day such as 2027-01-31'

/** What a line says, as text. */
export interface TokenLine {
  name: string
  scopes: readonly string[]
  /** Empty: all. */
  droplets: readonly string[]
  expires: string | null
}

export function isName(text: string): boolean {
  return NAME.test(text) && !holdsToken(text)
}

/** The line to add to the file for a token. */
export function writeLine({ name, scopes, droplets, expires }: TokenLine, token: string): string {
  const limits = [
    ...(droplets.length > 0 ? [`droplets=${droplets.join(',')}`] : []),
    ...(expires === null ? [] : [`expires=${expires}`]),
  ]
  return [name, scopes.join(','), ...limits, `sha256:${hashOf(token)}`].join(' ')
}

/** At most so many faults are told: a file of another kind has one in each of its words. */
export const MAX_FAULTS = 20

/** `faults`: for people, each with its line; with any of them, there are no tokens. */
export interface ParsedTokens {
  readonly tokens: readonly Token[]
  readonly faults: readonly string[]
}

export function parseTokens(text: string): ParsedTokens {
  const tokens: Token[] = []
  const faults: string[] = []
  const lineOfHash = new Map<string, number>()
  for (const [index, line] of text.split('\n').entries()) {
    const number = index + 1
    const words = wordsOf(line)
    if (words.length === 0) continue
    const { token, faults: wrong } = readLine(words)
    faults.push(...wrong.map((fault) => `line ${number}: ${fault}`))
    if (faults.length >= MAX_FAULTS) break
    if (!token) continue
    const before = lineOfHash.get(token.hash)
    if (before !== undefined) faults.push(`line ${number}: it has the hash of line ${before}`)
    lineOfHash.set(token.hash, number)
    tokens.push(token)
  }
  return { tokens: faults.length === 0 ? tokens : [], faults: faults.slice(0, MAX_FAULTS) }
}

function wordsOf(line: string): string[] {
  const words = line.split(/\s+/).filter(Boolean)
  const comment = words.findIndex((word) => word.startsWith('#'))
  return comment < 0 ? words : words.slice(0, comment)
}

const PASTED =
  'it holds a token in place of its hash: make another with `orchestrator token`, and add the line that it prints'

interface Fields {
  scopes: Set<Scope>
  droplets: string[] | null
  expiresAt: number | null
  hash: string | null
  faults: string[]
}

function readLine(words: readonly string[]): { token: Token | null; faults: string[] } {
  if (words.some(holdsToken)) return { token: null, faults: [PASTED] }
  const [name = '', ...rest] = words
  const fields: Fields = {
    scopes: new Set(),
    droplets: null,
    expiresAt: null,
    hash: null,
    faults: [],
  }
  if (!isName(name)) fields.faults.push(`its first word must be a name: ${NAME_RULE}`)
  for (const [index, word] of rest.entries()) {
    if (fields.faults.length >= MAX_FAULTS) break
    readWord(word, index + 2, fields)
  }
  const { scopes, droplets, expiresAt, hash, faults } = fields
  if (scopes.size === 0 && faults.length === 0)
    faults.push(`it has no scope (${SCOPES.join(', ')})`)
  if (hash === null && faults.length === 0)
    faults.push('it has no hash: sha256: and 64 hexadecimal digits')
  if (hash === null || faults.length > 0) return { token: null, faults }
  // A * alone is every droplet.
  const isBound = droplets !== null && !droplets.includes('*')
  const bound = isBound ? new DropletNames(droplets) : null
  return { token: { name, scopes, droplets: bound, expiresAt, hash }, faults }
}

/** `place`: which word of its line it is, from 1. */
function readWord(word: string, place: number, fields: Fields): void {
  const refuse = (why: string) => void fields.faults.push(why)
  if (word.startsWith('sha256:')) {
    const hash = HASH.exec(word)?.[1]
    if (!hash) return refuse('its hash must be sha256: and 64 hexadecimal digits')
    if (fields.hash !== null) return refuse('it has two hashes: write a line for each')
    fields.hash = hash.toLowerCase()
  } else if (word.startsWith('droplets=')) {
    if (fields.droplets !== null) return refuse('it has droplets= twice')
    fields.droplets = word.slice('droplets='.length).split(',')
    for (const [index, pattern] of fields.droplets.entries()) {
      const fault = patternFault(pattern)
      if (fault) return refuse(`droplet ${index + 1} ${fault}`)
    }
  } else if (word.startsWith('expires=')) {
    if (fields.expiresAt !== null) return refuse('it has expires= twice')
    fields.expiresAt = endOfDay(word.slice('expires='.length))
    if (fields.expiresAt === null) refuse(`expires= must be ${DATE_RULE}`)
  } else {
    readScopes(word, place, fields)
  }
}

function readScopes(word: string, place: number, { scopes, faults }: Fields): void {
  for (const scope of word.split(',')) {
    if (isScope(scope)) scopes.add(scope)
    else if (scope !== '') {
      const known = [...SCOPES, 'droplets=', 'expires=', 'sha256:']
      return void faults.push(`word ${place} is none of ${known.join(', ')}`)
    }
  }
}
