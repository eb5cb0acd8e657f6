import { EXIT, readArguments, type CommandIo } from './command.ts'
import { grafanaDashboard } from './grafana-dashboard.ts'

/** `orchestrator grafana`: prints a dashboard for Grafana. */
export async function grafana(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments('grafana', args, io)) return EXIT.usage
  io.stdout(`${JSON.stringify(grafanaDashboard(), null, 2)}\n`)
  return EXIT.ok
}
