import type { Config, Setting } from '../config/config.ts'
import { EXIT, readArguments, type Command, type CommandIo } from './command.ts'
import { lookAtDatabase } from './doctor/database.ts'
import { lookUpRegistry } from './doctor/registry.ts'
import { doctorWorld } from './doctor/world.ts'
import { misspeltNames } from './misspelt.ts'
import { loadSettings, sourceOf } from './settings.ts'

export const CHECK: Command = {
  name: 'check',
  summary: 'check the configuration and print the effective settings',
  details: `
Tells all faults at once, with exit code 78; else prints each setting and where it comes from.
Warns of names that look misspelt, and of lines that systemd would read otherwise. Looks at the
database, without changing it (exit code 1: it cannot be used), and for the Registry's host.

  orchestrator check --env-file /etc/fpai/orchestrator.env
`,
  readsSettings: true,
  run: check,
}

/**
 * `orchestrator check`: prints the effective settings and where each comes from, and what the
 * service would do with the database; or all faults, on stderr, with exit code 78. What is only
 * suspicious is told on stderr, and changes no exit code. A database that cannot be used is 1.
 */
export async function check(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(CHECK, args, io)) return EXIT.usage
  const found = [...misspeltNames(io), ...io.envFiles.flatMap((file) => file.warnings)]
  const loaded = await loadSettings(io, io.env)
  for (const warning of [...found, ...(loaded?.warnings ?? [])]) io.stderr(`Warning: ${warning}\n`)
  if (!loaded) return EXIT.config
  io.stdout(table(loaded.settings, io))
  return tryStart(loaded.config, io)
}

/** What `serve` would find beyond its settings. */
async function tryStart(config: Config, io: CommandIo): Promise<number> {
  const world = doctorWorld(io, config, new AbortController().signal)
  const registry = await lookUpRegistry(world)
  // It starts all the same, with the list from before.
  if (registry) io.stderr(`Warning: REGISTRY_URL: ${registry.found}\n`)
  if (config.task.db === ':memory:') return EXIT.ok
  const database = await lookAtDatabase(world)
  for (const { level, found, advice } of database) {
    if (level === 'ok') io.stdout(`\n${found}\n`)
    else if (level === 'warning') io.stderr(`Warning: TASK_DB: ${found}; ${advice}\n`)
    else io.stderr(`TASK_DB: ${found}; ${advice}\n`)
  }
  return database.some(({ level }) => level === 'failure') ? EXIT.failed : EXIT.ok
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
