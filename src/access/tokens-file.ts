/** The file with the tokens, read once. */
import { stat } from 'node:fs/promises'
import { errorText } from '../errors.ts'
import { readRegularFile } from '../platform/regular-file.ts'
import { parseTokens, type ParsedTokens } from './token-lines.ts'

const MAX_BYTES = 1024 * 1024

/** Mode bits: what everybody may do with the file. */
const READ_BY_ALL = 0o004
const WRITTEN_BY_ALL = 0o002

export interface TokensFile extends ParsedTokens {
  /** What it holds; null: it can't be read. */
  readonly text: string | null
  /** For people. */
  readonly warnings: readonly string[]
}

/** Never rejects: what is wrong is in `faults`. No fault and no warning holds a token or a hash. */
export async function readTokensFile(path: string): Promise<TokensFile> {
  try {
    const bytes = await readRegularFile(path, MAX_BYTES)
    const { mode } = await stat(path)
    const text = textOf(bytes)
    if (text === null) return unusable('it is not text in UTF-8')
    const parsed = parseTokens(text)
    return { ...parsed, text, warnings: warningsOf(parsed, mode) }
  } catch (error) {
    return unusable(`it cannot be read: ${errorText(error)}`)
  }
}

function unusable(fault: string): TokensFile {
  return { text: null, tokens: [], faults: [fault], warnings: [] }
}

function textOf(bytes: Uint8Array): string | null {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return null
  }
}

function warningsOf({ tokens, faults }: ParsedTokens, mode: number): string[] {
  const right = mode & WRITTEN_BY_ALL ? 'change' : mode & READ_BY_ALL ? 'read' : null
  const isEmpty = tokens.length === 0 && faults.length === 0
  return [
    ...(isEmpty ? ['it holds no tokens: nobody gets in'] : []),
    ...(right ? [`everybody on this machine may ${right} it: chmod o-rwx`] : []),
  ]
}
