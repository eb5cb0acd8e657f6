import file from './alerts.yaml' with { type: 'text' }
import { EXIT, readArguments, type CommandIo } from './command.ts'

// It is text, but bun-types gives it the type of the parsed document.
const ALERTS: string = file

/** `orchestrator alerts`: prints alert rules for Prometheus. */
export async function alerts(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments('alerts', args, io)) return EXIT.usage
  io.stdout(ALERTS)
  return EXIT.ok
}
