/** How a route is described in the OpenAPI document. */
import { SCOPES, type Access } from '../../access/scopes.ts'
import type { ErrorCode } from '../../errors.ts'
import { errorBody, RETRY_AFTER_SECONDS, STATUS_OF } from '../error-reply.ts'
import { DOOR_EXAMPLES, ERROR_EXAMPLES } from './error-examples.ts'
import type { SchemaName } from './schemas.ts'

export interface Reply {
  description: string
  schema: SchemaName
  example: unknown
  headers?: Record<string, string>
  /** Of its content, where that is not JSON. */
  type?: string
  /** Examples of its other forms, which are text, by their content type. */
  texts?: Record<string, string>
}

export interface RouteDescription {
  /** What generated clients call it: a verb and a noun, as `listTasks`. */
  operationId: string
  summary: string
  description?: string
  tag: 'Tasks' | 'Mesh' | 'Operations'
  /** Who may use it, where there are tokens. */
  access: Access
  parameters?: object[]
  body?: { schema: SchemaName; example: unknown; isOptional?: true }
  replies: Record<number, Reply>
  /** The rate limit does not count its requests: see `UNCOUNTED` there. */
  isUncounted?: true
  /** The errors it can answer with, beside those of every route. */
  errors?: readonly ErrorCode[]
}

const MEANING: Readonly<Record<ErrorCode, string>> = {
  INVALID_REQUEST: 'the request is not valid',
  DROPLET_NOT_FOUND: 'no droplet of that name is in the Registry',
  UNAUTHORIZED: 'there is no token, or it is not one that is valid now',
  FORBIDDEN: 'the token may not do that, or may not use that droplet; or a web page may not ask',
  NOT_FOUND: 'there is no such route',
  TASK_NOT_FOUND: 'there is no such task',
  METHOD_NOT_ALLOWED: 'the route has other methods',
  TASK_FINISHED: 'the task has ended already',
  IDEMPOTENCY_KEY_IN_USE: 'the first request with this key is still running',
  IDEMPOTENCY_KEY_REUSED:
    'the key was used for another request: that of the task `task_id`, unless you may not see it',
  PAYLOAD_TOO_LARGE: 'the body is over MAX_BODY_BYTES',
  UNSUPPORTED_MEDIA_TYPE: 'the body is not JSON in UTF-8, or it is compressed',
  RATE_LIMITED: 'more requests than RATE_LIMIT allows; each node counts its own',
  INTERNAL_ERROR: 'a bug of ours',
  DROPLET_UNREACHABLE: 'no attempt got an answer, or the droplet may not be called',
  REGISTRY_ERROR: 'there is no usable list of droplets',
  OVERLOADED: 'too much is waiting or worked on already: tasks, callers, or bodies of requests',
  CIRCUIT_OPEN:
    'the droplet has not been there for a while, as this node sees it; nothing was sent',
  SHUTTING_DOWN: 'the service is shutting down',
  STORE_UNAVAILABLE:
    'the disk takes or gives nothing now. Without details, nothing was started. With `task_id`, ' +
    'the task was: `delivered` is true when the droplet has answered (`response_status` says ' +
    'how), false when nothing was sent, and null when a request was sent and what became of it is ' +
    'not known; the task itself will say the rest once the disk takes it',
  LOOP_DETECTED: 'the request has come through this service too often: a task calls it again',
  TIMEOUT: 'no attempt got an answer in time',
}

/** The headers that come with an error, and what they say. */
function headersOf(code: ErrorCode): Record<string, string> {
  if (RETRY_AFTER_SECONDS[code] !== undefined) {
    const codes = Object.keys(RETRY_AFTER_SECONDS).map((each) => `\`${each}\``)
    return { 'Retry-After': `With ${codes.join(', ')}: after how many seconds to try again` }
  }
  switch (code) {
    case 'UNAUTHORIZED':
      return {
        'WWW-Authenticate': 'What token is needed, and what is wrong with this one (RFC 6750)',
      }
    case 'FORBIDDEN':
      return { 'WWW-Authenticate': 'Where the token lacks a scope: which (RFC 6750)' }
    case 'IDEMPOTENCY_KEY_IN_USE':
      return { Location: `With \`${code}\`: where the first request's task can be followed` }
    case 'UNSUPPORTED_MEDIA_TYPE':
      return { 'Accept-Encoding': 'When the body was compressed: what would be accepted' }
    default:
      return {}
  }
}

/** A `Host` that is none is refused everywhere, and so is a web page that may not ask. */
const ERRORS_OF_ALL: readonly ErrorCode[] = ['INVALID_REQUEST', 'FORBIDDEN', 'INTERNAL_ERROR']

/** A route's description, and who may use it. */
export interface Described {
  /** Of an Elysia route. */
  readonly detail: object
  readonly access: Access
}

export function describe(route: RouteDescription): Described {
  return { detail: detailOf(route), access: route.access }
}

/** The operation once more, at the root: an id is given only once. */
export function atRoot({ detail, access }: Described): Described {
  const { operationId } = detail as Pick<RouteDescription, 'operationId'>
  return { detail: { ...detail, operationId: `${operationId}AtRoot` }, access }
}

function detailOf(route: RouteDescription): object {
  const {
    operationId,
    summary,
    description,
    tag,
    access,
    parameters = [],
    body,
    replies,
    errors = [],
    isUncounted = false,
  } = route
  const text = [description, needed(access)].filter(Boolean).join(' ')
  return {
    operationId,
    summary,
    ...(text === '' ? {} : { description: text }),
    tags: [tag],
    security: securityOf(access),
    parameters: [...parameters, { $ref: '#/components/parameters/RequestId' }],
    ...(body ? { requestBody: requestBody(body) } : {}),
    responses: {
      ...Object.fromEntries(Object.entries(replies).map(([status, each]) => [status, reply(each)])),
      ...errorReplies([
        ...refusalsOf(access),
        ...errors,
        ...(isUncounted ? [] : (['RATE_LIMITED'] as const)),
      ]),
    },
  }
}

/** The name of the security scheme in the document. */
export const SECURITY_SCHEME = 'token'

/** OpenAPI 3.1 has no scopes for bearer tokens, but roles, which are the same here. */
function securityOf(access: Access): object[] {
  if (access === 'open') return []
  return [{ [SECURITY_SCHEME]: access === 'token' ? [] : [access] }]
}

function needed(access: Access): string {
  if (access === 'open') return ''
  if (access !== 'token') return `Needs the scope \`${access}\`.`
  return `Needs a token with any of the scopes: ${SCOPES.map((scope) => `\`${scope}\``).join(', ')}.`
}

function refusalsOf(access: Access): ErrorCode[] {
  if (access === 'open') return []
  return access === 'token' ? ['UNAUTHORIZED'] : ['UNAUTHORIZED', 'FORBIDDEN']
}

function requestBody({ schema, example, isOptional }: NonNullable<RouteDescription['body']>) {
  return { required: !isOptional, content: json(schema, { example }) }
}

function reply({ description, schema, example, headers = {}, type, texts = {} }: Reply) {
  const others = Object.entries(texts).map(([each, text]) => [
    each,
    { schema: { type: 'string' }, example: text },
  ])
  const content = { ...json(schema, { example }, type), ...Object.fromEntries(others) }
  return { description, headers: documented(headers), content }
}

function documented(headers: Record<string, string>) {
  const described = Object.entries(headers).map(([name, meaning]) => [
    name,
    { description: meaning, schema: { type: 'string' } },
  ])
  const requestId = { 'X-Request-ID': { $ref: '#/components/headers/RequestId' } }
  return { ...Object.fromEntries(described), ...requestId }
}

/** `own`: the errors of the route, beside those that all have. */
function errorReplies(own: readonly ErrorCode[]) {
  const codes = new Set([...own, ...ERRORS_OF_ALL])
  const byStatus = Map.groupBy(codes, (code) => STATUS_OF[code])
  return Object.fromEntries(
    [...byStatus].map(([status, group]) => {
      const lines = group.map((code) => `\`${code}\`: ${MEANING[code]}`)
      // Those that every route has come without headers of their own, unless they are the route's.
      const withHeaders = group.filter((code) => own.includes(code))
      const headers = documented(Object.assign({}, ...withHeaders.map(headersOf)))
      const content = json('Error', errorExamples(group, own))
      return [status, { description: lines.join('; '), headers, content }]
    }),
  )
}

/** Of several errors each, by its code. */
function errorExamples(codes: readonly ErrorCode[], own: readonly ErrorCode[]): Examples {
  const [first, ...more] = codes.map((code) => {
    const error = (own.includes(code) ? undefined : DOOR_EXAMPLES[code]) ?? ERROR_EXAMPLES[code]
    return [code, { value: JSON.parse(errorBody(error)) as object }] as const
  })
  if (more.length === 0) return { example: first![1].value }
  return { examples: Object.fromEntries([first!, ...more]) }
}

type Examples = { example: unknown } | { examples: Record<string, { value: object }> }

function json(schema: SchemaName, examples: Examples, type = 'application/json') {
  return { [type]: { schema: { $ref: `#/components/schemas/${schema}` }, ...examples } }
}
