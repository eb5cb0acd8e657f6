import { EXIT, readArguments, type CommandIo } from './command.ts'
import file from './compose.yaml' with { type: 'text' }

// It is text, but bun-types gives it the type of the parsed document.
const COMPOSE: string = file

/** `orchestrator compose`: prints a compose file for the Registry and the Orchestrator. */
export async function compose(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments('compose', args, io)) return EXIT.usage
  io.stdout(COMPOSE)
  return EXIT.ok
}
