import { EXIT, readArguments, type Command, type CommandIo } from './command.ts'
import { grafanaDashboard } from './grafana-dashboard.ts'

export const GRAFANA: Command = {
  name: 'grafana',
  summary: 'print a dashboard for Grafana',
  details: `
Grafana takes it under Dashboards, New, Import, and asks which Prometheus scrapes the service.

  orchestrator grafana > orchestrator.json
`,
  run: grafana,
}

/** `orchestrator grafana`: prints a dashboard for Grafana. */
export async function grafana(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(GRAFANA, args, io)) return EXIT.usage
  io.stdout(`${JSON.stringify(grafanaDashboard(), null, 2)}\n`)
  return EXIT.ok
}
