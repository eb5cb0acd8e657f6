import { EXIT, positionals, type CommandIo } from './command.ts'
import file from './compose.yaml' with { type: 'text' }

// It is text, but bun-types gives it the type of the parsed document.
const COMPOSE: string = file

/** `orchestrator compose`: prints a compose file for the Registry and the Orchestrator. */
export async function compose(args: string[], io: CommandIo): Promise<number> {
  if (!positionals(args, io, 'Usage: orchestrator compose')) return EXIT.usage
  io.stdout(COMPOSE)
  return EXIT.ok
}
