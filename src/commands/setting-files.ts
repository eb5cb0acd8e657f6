/** The files that settings name, looked at before the service starts: `check` does the same. */
import { readTokensFile } from '../access/tokens-file.ts'
import type { Config } from '../config/config.ts'
import { EXIT, type CommandIo } from './command.ts'

export interface FilesReport {
  /** For people, each with its setting. With any, the service does not start. */
  readonly faults: readonly string[]
  readonly warnings: readonly string[]
}

export async function lookAtFiles({ access }: Pick<Config, 'access'>): Promise<FilesReport> {
  const { tokensFile } = access
  if (tokensFile === null) return { faults: [], warnings: [] }
  const { faults, warnings } = await readTokensFile(tokensFile)
  const named = (text: string) => `AUTH_TOKENS_FILE=${JSON.stringify(tokensFile)}: ${text}`
  return { faults: faults.map(named), warnings: warnings.map(named) }
}

/** Writes the faults to stderr; returns the exit code. */
export function reportFileFaults(io: CommandIo, { faults }: FilesReport): number {
  for (const fault of faults) io.stderr(`${fault}\n`)
  return EXIT.config
}
