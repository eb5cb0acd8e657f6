/** How a route is described in the OpenAPI document. */
import type { ErrorCode } from '../../errors.ts'
import { STATUS_OF } from '../error-reply.ts'
import type { SchemaName } from './schemas.ts'

export interface Reply {
  description: string
  schema: SchemaName
  example: unknown
  headers?: Record<string, string>
}

export interface RouteDescription {
  /** What generated clients call it: a verb and a noun, as `listTasks`. */
  operationId: string
  summary: string
  description?: string
  tag: 'Tasks' | 'Mesh' | 'Operations'
  parameters?: object[]
  body?: { schema: SchemaName; example: unknown }
  replies: Record<number, Reply>
  /** The errors it can answer with, beside those of every route. */
  errors?: readonly ErrorCode[]
}

const MEANING: Readonly<Record<ErrorCode, string>> = {
  INVALID_REQUEST: 'the request is not valid',
  DROPLET_NOT_FOUND: 'no droplet of that name is in the Registry',
  NOT_FOUND: 'there is no such route',
  TASK_NOT_FOUND: 'there is no such task',
  METHOD_NOT_ALLOWED: 'the route has other methods',
  TASK_FINISHED: 'the task has ended already',
  IDEMPOTENCY_KEY_IN_USE: 'the first request with this key is still running',
  IDEMPOTENCY_KEY_REUSED:
    'the key was used for another request: that of the task `task_id`, unless you may not see it',
  PAYLOAD_TOO_LARGE: 'the body is over MAX_BODY_BYTES',
  UNSUPPORTED_MEDIA_TYPE: 'the body is not JSON in UTF-8, or it is compressed',
  INTERNAL_ERROR: 'a bug of ours',
  DROPLET_UNREACHABLE: 'no attempt got an answer',
  REGISTRY_ERROR: 'there is no usable list of droplets',
  OVERLOADED: 'too many tasks are waiting',
  SHUTTING_DOWN: 'the service is shutting down',
  STORE_UNAVAILABLE:
    'the disk takes or gives nothing now. Without details, nothing was started. With `task_id`, ' +
    'the task was: `delivered` is true when the droplet has answered (`response_status` says ' +
    'how), false when nothing was sent, and null when a request was sent and what became of it is ' +
    'not known; the task itself will say the rest once the disk takes it',
  TIMEOUT: 'no attempt got an answer in time',
}

/** A `Host` that is none is refused everywhere. */
const ERRORS_OF_ALL: readonly ErrorCode[] = ['INVALID_REQUEST', 'INTERNAL_ERROR']

/** The `detail` of an Elysia route. */
export function describe(route: RouteDescription) {
  const { operationId, summary, description, tag, parameters, body, replies, errors = [] } = route
  return {
    operationId,
    summary,
    ...(description ? { description } : {}),
    tags: [tag],
    ...(parameters ? { parameters } : {}),
    ...(body ? { requestBody: { required: true, content: json(body.schema, body.example) } } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(replies).map(([status, each]) => [status, reply(each)])),
      ...errorReplies([...errors, ...ERRORS_OF_ALL]),
    },
    // The plugin's types know OpenAPI 3.0 only; the document is 3.1.
  } as object
}

/** The operation once more, at the root: an id is given only once. */
export function atRoot(detail: object): object {
  const { operationId } = detail as Pick<RouteDescription, 'operationId'>
  return { ...detail, operationId: `${operationId}AtRoot` }
}

function reply({ description, schema, example, headers = {} }: Reply) {
  const described = Object.entries(headers).map(([name, meaning]) => [
    name,
    { description: meaning, schema: { type: 'string' } },
  ])
  return {
    description,
    ...(described.length > 0 ? { headers: Object.fromEntries(described) } : {}),
    content: json(schema, example),
  }
}

function errorReplies(codes: readonly ErrorCode[]) {
  const byStatus = Map.groupBy(new Set(codes), (code) => STATUS_OF[code])
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => {
      const lines = group.map((code) => `\`${code}\`: ${MEANING[code]}`)
      const error = { code: group[0], message: '…', details: {} }
      const content = json('Error', { status: 'error', error })
      return [status, { description: lines.join('; '), content }]
    }),
  )
}

function json(schema: SchemaName, example: unknown) {
  return { 'application/json': { schema: { $ref: `#/components/schemas/${schema}` }, example } }
}
