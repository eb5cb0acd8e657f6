/** The OpenAPI document of the routes. */
import { swagger } from '@elysiajs/swagger'
import { Elysia, type AnyElysia } from 'elysia'
import { JSON_TYPE } from '../api.ts'
import { VERSION } from '../../version.ts'
import { SCHEMAS } from './schemas.ts'

const HIDDEN = '/hidden'

interface Operation {
  requestBody?: { content: Record<string, unknown> }
}

interface Document {
  paths: Record<string, Record<string, Operation>>
}

/**
 * As JSON text. The plugin runs in an app of its own, never served: its page would load scripts
 * from a public CDN.
 */
export async function openApiDocument(routes: AnyElysia): Promise<string> {
  const plugin = swagger({
    path: HIDDEN,
    specPath: `${HIDDEN}/json`,
    exclude: [HIDDEN, `${HIDDEN}/json`],
    documentation: {
      info: {
        title: 'Orchestrator',
        version: VERSION,
        description:
          'Takes a task, finds its droplet in the Registry, calls it, tries again when it ' +
          'stumbles, answers with the result and remembers it.',
        license: { name: 'MIT', identifier: 'MIT' } as object as { name: string },
      },
      servers: [{ url: '/', description: 'This service' }],
      tags: [
        { name: 'Tasks', description: 'Submit tasks and follow them' },
        { name: 'Mesh', description: 'The droplets' },
        { name: 'Operations', description: 'Health, readiness, information, metrics' },
      ],
      components: { schemas: SCHEMAS as Record<string, object> },
    },
  })
  const app = new Elysia().use(routes).use(plugin)
  const response = await app.handle(new Request(`http://localhost${HIDDEN}/json`))
  const document = (await response.json()) as Document
  for (const operation of Object.values(document.paths).flatMap(Object.values<Operation>)) {
    // The plugin adds the types that Elysia would read if we let it.
    const json = operation.requestBody?.content[JSON_TYPE]
    if (operation.requestBody) operation.requestBody.content = { [JSON_TYPE]: json }
  }
  // The plugin says 3.0.3; TypeBox writes JSON Schema, which is what 3.1 takes.
  return JSON.stringify({ ...document, openapi: '3.1.0' })
}
