/** Tokens that are the same in each run: an input that is run again means the same ones. */
import type { Scope } from '../../src/access/scopes.ts'
import { hashOf, newToken } from '../../src/access/token-form.ts'
import { writeLine } from '../../src/access/token-lines.ts'

export function tokenOf(n: number): string {
  return newToken((length) => Uint8Array.from({ length }, (_, at) => (97 * n + 31 * at + 7) % 248))
}

export interface Rights {
  readonly scopes: readonly Scope[]
  /** As in the file: names and beginnings of names; left out: all. */
  readonly droplets?: readonly string[]
  readonly expires?: string
}

const BOTH = ['tasks:read', 'tasks:write'] as const

const RIGHTS = {
  admin: { scopes: ['admin'] },
  reader: { scopes: ['tasks:read'] },
  writer: { scopes: ['tasks:write'] },
  both: { scopes: BOTH },
  echoes: { scopes: BOTH, droplets: ['Echo'] },
  bases: { scopes: BOTH, droplets: ['ba*'] },
  bound: { scopes: ['admin'], droplets: ['echo'] },
  old: { scopes: ['admin'], expires: '2020-01-31' },
} as const satisfies Record<string, Rights>

type Name = keyof typeof RIGHTS

export interface Credential {
  readonly name: string
  readonly token: string
  /** null: the file has no such token, or it has expired. */
  readonly rights: Rights | null
}

const stranger = { name: 'stranger', token: tokenOf(99), rights: null }
const known = (Object.keys(RIGHTS) as Name[]).map((name, n): Credential => {
  const rights: Rights = RIGHTS[name]
  return { name, token: tokenOf(n + 10), rights: rights.expires ? null : rights }
})

export const CREDENTIALS: readonly Credential[] = [...known, stranger]

export const ADMIN = known[0]!

export const TOKENS_FILE = known
  .map(({ name, token }) => {
    const { scopes, droplets = [], expires }: Rights = RIGHTS[name as Name]
    const line = { name, scopes, droplets, expires: expires ?? null }
    return `${writeLine(line, token)}\n`
  })
  .join('')

/** What nobody but who sends it may ever see. */
export const TOKEN_SECRETS = CREDENTIALS.flatMap(({ token }) => [token, hashOf(token)])
