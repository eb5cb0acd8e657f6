/** A tokens file with real tokens, in a directory of its own. */
import { rmSync, writeFileSync } from 'node:fs'
import { newToken } from '../../src/access/token-form.ts'
import { writeLine } from '../../src/access/token-lines.ts'
import type { Scope } from '../../src/access/scopes.ts'
import { temporaryDir } from './temporary.ts'

interface Rights {
  scopes: readonly Scope[]
  droplets?: readonly string[]
  expires?: string
}

export interface TestTokens<N extends string> extends Disposable {
  readonly path: string
  /** By the names that they were asked for. */
  readonly tokens: Readonly<Record<N, string>>
  /** Their lines in the file. */
  readonly lines: Readonly<Record<N, string>>
  bearer(name: N): { authorization: string }
  write(text: string): void
}

export const randomBytes = (length: number) => crypto.getRandomValues(new Uint8Array(length))

/** `wanted`: by name; `Name/2` is a second token of `Name`. A scope stands for a token with it. */
export function tokensFile<const N extends string>(
  wanted: Readonly<Record<N, Scope | Rights>>,
): TestTokens<N> {
  const dir = temporaryDir()
  const path = dir.file('tokens')
  const tokens = {} as Record<N, string>
  const lines = {} as Record<N, string>
  for (const key of Object.keys(wanted) as N[]) {
    const asked: Scope | Rights = wanted[key]
    const rights: Rights = typeof asked === 'string' ? { scopes: [asked] } : asked
    const { scopes, droplets = [], expires = null } = rights
    tokens[key] = newToken(randomBytes)
    lines[key] = writeLine({ name: key.split('/')[0]!, scopes, droplets, expires }, tokens[key])
  }
  const write = (text: string) => writeFileSync(path, text, { mode: 0o600 })
  write(`# Tokens of a test\n${Object.values<string>(lines).join('\n')}\n`)
  return {
    ...{ path, tokens, lines, write },
    bearer: (name) => ({ authorization: `Bearer ${tokens[name]}` }),
    [Symbol.dispose]: () => rmSync(dir.path, { recursive: true, force: true }),
  }
}
