import { EXIT, readArguments, type Command, type CommandIo } from './command.ts'
import withPostgres from './compose-postgres.yaml' with { type: 'text' }
import plain from './compose.yaml' with { type: 'text' }

// They are text, but bun-types gives them the type of the parsed documents.
const PLAIN: string = plain
const WITH_POSTGRES: string = withPostgres

export const COMPOSE: Command = {
  name: 'compose',
  synopsis: '[--postgres]',
  summary: 'print a compose file for the full stack',
  details: `
The Registry and the Orchestrator, which keeps its tasks on a volume.

  --postgres  two Orchestrators that share a Postgres, with a load balancer before them

  orchestrator compose > compose.yaml
  docker run --rm orchestrator compose --postgres > compose.yaml
`,
  run: compose,
}

/** `orchestrator compose`: prints a compose file for the Registry and one Orchestrator, or two. */
export async function compose(args: string[], io: CommandIo): Promise<number> {
  const given = readArguments(COMPOSE, args, io, { switches: ['postgres'] })
  if (!given) return EXIT.usage
  io.stdout(given.switches.postgres ? WITH_POSTGRES : PLAIN)
  return EXIT.ok
}
