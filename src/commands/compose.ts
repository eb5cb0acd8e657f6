import { EXIT, readArguments, type Command, type CommandIo } from './command.ts'
import file from './compose.yaml' with { type: 'text' }

// It is text, but bun-types gives it the type of the parsed document.
const TEXT: string = file

export const COMPOSE: Command = {
  name: 'compose',
  summary: 'print a compose file for the full stack',
  details: `
  orchestrator compose > compose.yaml
  docker run --rm orchestrator compose > compose.yaml
`,
  run: compose,
}

/** `orchestrator compose`: prints a compose file for the Registry and the Orchestrator. */
export async function compose(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(COMPOSE, args, io)) return EXIT.usage
  io.stdout(TEXT)
  return EXIT.ok
}
