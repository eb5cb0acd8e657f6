import type { Setting } from '../config/config.ts'
import { EXIT, readArguments, type Command, type CommandIo } from './command.ts'
import { misspeltNames } from './misspelt.ts'
import { loadSettings } from './settings.ts'

export const CHECK: Command = {
  name: 'check',
  summary: 'check the configuration and print the effective settings',
  details: `
Tells all faults at once, with exit code 78; else prints each setting and where it comes from.
Warns of names that look misspelt, and of lines that systemd would read otherwise.

  orchestrator check --env-file /etc/fpai/orchestrator.env
`,
  readsSettings: true,
  run: check,
}

/**
 * `orchestrator check`: prints the effective settings and where each comes from; or all faults, on
 * stderr, with exit code 78. What is only suspicious is told on stderr, and changes no exit code.
 */
export async function check(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(CHECK, args, io)) return EXIT.usage
  const found = [...misspeltNames(io), ...io.envFiles.flatMap((file) => file.warnings)]
  const loaded = await loadSettings(io, io.env)
  for (const warning of [...found, ...(loaded?.warnings ?? [])]) io.stderr(`Warning: ${warning}\n`)
  if (!loaded) return EXIT.config
  io.stdout(table(loaded.settings, io))
  return EXIT.ok
}

function table(settings: readonly Setting[], io: CommandIo): string {
  const heading = { name: 'VARIABLE', value: 'VALUE', source: 'SOURCE' }
  const rows = [heading, ...settings.map((each) => ({ ...each, source: sourceOf(each, io) }))]
  const names = Math.max(...rows.map(({ name }) => name.length))
  const values = Math.max(...rows.map(({ value }) => value.length))
  return rows
    .map(({ name, value, source }) => `${name.padEnd(names)}  ${value.padEnd(values)}  ${source}\n`)
    .join('')
}

/** The file's name, for what is from a file. */
function sourceOf({ name, source }: Setting, { ownEnv, envFiles }: CommandIo): string {
  if (source !== 'environment' || ownEnv[name] !== undefined) return source
  return envFiles.findLast(({ values }) => values[name] !== undefined)?.name ?? source
}
