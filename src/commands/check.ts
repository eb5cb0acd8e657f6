import { loadConfig, type Setting } from '../config/config.ts'
import { configWorld, EXIT, readArguments, reportFaults, type CommandIo } from './command.ts'

/**
 * `orchestrator check`: prints the effective settings and where each comes from; or all faults, on
 * stderr, with exit code 78.
 */
export async function check(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments('check', args, io)) return EXIT.usage
  const loaded = loadConfig(io.env, configWorld(io))
  if (!loaded.ok) return reportFaults(io, loaded.faults)
  io.stdout(table(loaded.settings))
  return EXIT.ok
}

function table(settings: readonly Setting[]): string {
  const heading = { name: 'VARIABLE', value: 'VALUE', source: 'SOURCE' }
  const rows = [heading, ...settings]
  const names = Math.max(...rows.map(({ name }) => name.length))
  const values = Math.max(...rows.map(({ value }) => value.length))
  return rows
    .map(({ name, value, source }) => `${name.padEnd(names)}  ${value.padEnd(values)}  ${source}\n`)
    .join('')
}
