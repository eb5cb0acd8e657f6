/** Checks every reply against the OpenAPI document. */
import { expect } from 'bun:test'
import { Value } from 'typebox/value'
import { openApiOf } from '../../src/http/app.ts'
import type { Engine } from '../../src/engine.ts'
import { SCHEMAS, type SchemaName } from '../../src/http/docs/schemas.ts'
import { testConfig } from './config.ts'

interface Body {
  description: string
  headers?: Record<string, unknown>
  content: Record<string, Shown>
}

export interface Shown {
  schema: { $ref: string }
  example?: unknown
  /** In place of `example` where there are several errors: by their codes. */
  examples?: Record<string, { value: unknown }>
}

interface Operation {
  responses: Record<string, Body>
}

export interface OpenApi {
  openapi: string
  paths: Record<string, Record<string, Operation & Record<string, unknown>>>
  components: { schemas: Record<string, unknown> }
}

let text: Promise<string> | undefined

/** The document of the routes. No route is called to make it. */
export async function openApi(): Promise<OpenApi> {
  text ??= openApiOf({ config: testConfig() } as Engine)
  return JSON.parse(await text) as OpenApi
}

/** Which `METHOD path status` a test run has seen; for the test that counts them. */
export const seen = new Set<string>()

/**
 * Fails unless the status is documented for the route, and the body has the documented schema and
 * no other field. A route that is not in the document answers with errors only; but for the
 * documents themselves, which it leaves out.
 */
export async function expectDocumented(
  method: string,
  pathname: string,
  status: number,
  body: unknown,
): Promise<void> {
  const { paths } = await openApi()
  const path = Object.keys(paths).find((each) =>
    new RegExp(`^${each.replaceAll(/\{\w+\}/g, '[^/]+')}/?$`).test(pathname),
  )
  const operation = path && paths[path]![method.toLowerCase()]
  if (!operation) {
    if (status >= 400) return expectShape('Error', body)
    if (pathname.startsWith('/orchestrator/docs/')) return
    throw new Error(`${method} ${pathname} is not documented, and answers ${status}`)
  }
  const response = operation.responses[String(status)]
  if (!response) throw new Error(`${method} ${path} → ${status} is not documented`)
  const shown = response.content['application/json']
  if (shown) expectShape(shown.schema.$ref.split('/').at(-1) as SchemaName, body)
  seen.add(`${method} ${path} ${status}`)
}

export function expectShape(name: SchemaName, body: unknown): void {
  const schema = SCHEMAS[name]
  const faults = [...Value.Errors(schema, body)].map(({ path, message }) => `${path}: ${message}`)
  expect(faults).toEqual([])
  // Clean drops what the schema doesn't name.
  expect(body).toEqual(Value.Clean(schema, structuredClone(body)))
}
