import { loadConfig } from '../config/config.ts'
import type { Engine } from '../engine.ts'
import { openApiOf } from '../http/app.ts'
import { configWorld, EXIT, readArguments, type Command, type CommandIo } from './command.ts'

export const OPENAPI: Command = {
  name: 'openapi',
  summary: 'print the OpenAPI document',
  details: `
  orchestrator openapi > openapi.json
`,
  run: openapi,
}

/** `orchestrator openapi`: prints the OpenAPI document. Needs no database and no Registry. */
export async function openapi(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(OPENAPI, args, io)) return EXIT.usage
  const loaded = loadConfig({ TASK_DB: ':memory:' }, configWorld(io))
  if (!loaded.ok) return EXIT.failed
  // The document is made from the descriptions of the routes: no route runs, so none misses the
  // rest of the engine.
  const document = await openApiOf({ config: loaded.config } as Engine)
  io.stdout(`${JSON.stringify(JSON.parse(document), null, 2)}\n`)
  return EXIT.ok
}
