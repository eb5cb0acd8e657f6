/** The OpenAPI document of the routes. */
import { swagger } from '@elysiajs/swagger'
import { Elysia, type AnyElysia } from 'elysia'
import { VERSION } from '../../version.ts'
import { REQUEST_ID } from '../request-id.ts'
import { SECURITY_SCHEME } from './describe.ts'
import { withPlainSchemas } from './plain-schemas.ts'
import { SCHEMAS } from './schemas.ts'

/** What all routes have in common. */
const COMPONENTS = {
  securitySchemes: {
    [SECURITY_SCHEME]: {
      type: 'http' as const,
      scheme: 'bearer',
      bearerFormat: 'orc_ and 36 letters and digits',
      description:
        'Made by `orchestrator token`. A service without AUTH_TOKENS_FILE needs none. `admin` ' +
        'stands for all scopes. A token for some droplets sees only those and their tasks.',
    },
  },
  schemas: SCHEMAS as Record<string, object>,
  parameters: {
    RequestId: {
      name: 'X-Request-ID',
      in: 'header' as const,
      required: false,
      description: 'Of the caller; the log and the task have it. A fresh one without it',
      schema: REQUEST_ID as object,
    },
  },
  headers: {
    RequestId: {
      description: "The request's `X-Request-ID`, or a fresh one",
      schema: REQUEST_ID as object,
    },
  },
}

const HIDDEN = '/hidden'

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
          'Takes a task, finds its droplet in the Registry, calls it, and tries again when that ' +
          'fails. Answers with the result, and keeps the task in its history. Nodes that share a ' +
          'Postgres have one history, one queue and one set of keys; what each has of its own says so.',
        license: { name: 'MIT', identifier: 'MIT' } as object as { name: string },
      },
      servers: [{ url: '/', description: 'This service' }],
      tags: [
        { name: 'Tasks', description: 'Submit tasks and follow them' },
        { name: 'Mesh', description: 'The droplets' },
        { name: 'Operations', description: 'Health, readiness, information, metrics, events' },
      ],
      components: COMPONENTS,
    },
  })
  const app = new Elysia().use(routes).use(plugin)
  const response = await app.handle(new Request(`http://localhost${HIDDEN}/json`))
  const document = (await response.json()) as Record<string, unknown>
  // The plugin says 3.0.3; TypeBox writes JSON Schema, which is what 3.1 takes.
  return JSON.stringify(withPlainSchemas({ ...document, openapi: '3.1.0', security: [] }))
}
