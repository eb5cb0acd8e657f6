/** Query parameters, checked against a schema like bodies are. */
import { Type, type Static, type TObject } from 'typebox'
import { Value } from 'typebox/value'
import { invalidRequest } from '../errors.ts'
import type { TaskQuery } from '../store/store.ts'
import { clamp } from './clamp.ts'
import { MAX_WAIT_SECONDS } from './prefer.ts'
import { FilterQuery, toTaskFilter } from './task-filter.ts'
import { fieldErrors } from './validation.ts'

export const ListQuery = Type.Object({
  ...FilterQuery.properties,
  limit: Type.Optional(
    Type.Integer({ minimum: 1, maximum: 1000, default: 100, description: 'Tasks per page' }),
  ),
  cursor: Type.Optional(
    Type.String({ description: 'The `next_cursor` of the page before this one' }),
  ),
  total: Type.Optional(
    Type.Boolean({
      default: true,
      description:
        'Whether all matches are counted. `false` for who reads again and again: counting may ' +
        'take a tenth of a second in a history of a million tasks',
    }),
  ),
})

/** What the query of a list asks the store for. */
export function toTaskQuery(query: Static<typeof ListQuery>): TaskQuery {
  const { limit = 100, cursor, total } = query
  return {
    ...toTaskFilter(query),
    limit,
    ...(cursor ? { cursor } : {}),
    ...(total === false ? { counted: false } : {}),
  }
}

export const DropletsQuery = Type.Object({
  refresh: Type.Optional(
    Type.Boolean({ description: 'Sync with the Registry first', default: false }),
  ),
  recent: Type.Optional(
    Type.Boolean({ description: 'With how fast each has answered lately', default: false }),
  ),
})

export const FindQuery = Type.Object({
  wait: Type.Optional(
    Type.Integer({
      default: 0,
      description:
        'Answer when the task has ended, or after this many seconds: 0 to 55, and what is beyond ' +
        'counts as the nearest of them',
    }),
  ),
})

export function toWaitMs({ wait = 0 }: Static<typeof FindQuery>): number {
  return clamp(wait, 0, MAX_WAIT_SECONDS) * 1000
}

const CONVERTIBLE = /^-?\d+$|^(?:true|false)$/

/**
 * Reads what the schema names and ignores the rest; an empty value is none. Throws
 * INVALID_REQUEST with every error.
 */
export function readQuery<T extends TObject>(schema: T, url: string): Static<T> {
  const given = new URLSearchParams(url.includes('?') ? url.slice(url.indexOf('?') + 1) : '')
  const query: Record<string, unknown> = {}
  for (const [name, property] of Object.entries(schema.properties)) {
    const text = given.get(name)
    if (text === null || text === '') continue
    query[name] = CONVERTIBLE.test(text) ? Value.Convert(property, text) : text
  }
  const errors = fieldErrors(Value.Errors(schema, query)).map(({ path, message }) => ({
    path: `?${path.slice(1)}`,
    message,
  }))
  if (errors.length > 0) throw invalidRequest(...errors)
  return query as Static<T>
}

/** The schema as OpenAPI parameters. */
export function queryParameters(schema: TObject): object[] {
  return Object.entries(schema.properties).map(([name, { description, ...property }]) => ({
    name,
    in: 'query',
    required: false,
    description,
    schema: property,
  }))
}
