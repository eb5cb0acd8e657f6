import file from './alerts.yaml' with { type: 'text' }
import { EXIT, readArguments, type Command, type CommandIo } from './command.ts'

// It is text, but bun-types gives it the type of the parsed document.
const TEXT: string = file

export const ALERTS: Command = {
  name: 'alerts',
  summary: 'print alert rules for Prometheus',
  details: `
For 'rule_files' of its configuration.

  orchestrator alerts > orchestrator.rules.yml
`,
  run: alerts,
}

/** `orchestrator alerts`: prints alert rules for Prometheus. */
export async function alerts(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(ALERTS, args, io)) return EXIT.usage
  io.stdout(TEXT)
  return EXIT.ok
}
