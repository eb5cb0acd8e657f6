/**
 * The one error class and its closed set of codes. What ends a request early is thrown as one of
 * these; anything else that is thrown is a bug and becomes INTERNAL_ERROR. How a code goes over
 * HTTP is decided in one place: `http/error-reply.ts`.
 */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'UNAUTHORIZED'
  | 'FORBIDDEN'
  | 'DROPLET_NOT_FOUND'
  | 'NOT_FOUND'
  | 'TASK_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'TASK_FINISHED'
  | 'IDEMPOTENCY_KEY_IN_USE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'RATE_LIMITED'
  | 'INTERNAL_ERROR'
  | 'DROPLET_UNREACHABLE'
  | 'REGISTRY_ERROR'
  | 'OVERLOADED'
  | 'CIRCUIT_OPEN'
  | 'SHUTTING_DOWN'
  | 'STORE_UNAVAILABLE'
  | 'LOOP_DETECTED'
  | 'TIMEOUT'

export class OrchestratorError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Record<string, unknown> = {},
  ) {
    super(message)
    this.name = 'OrchestratorError'
  }
}

/** What is wrong with one field of a request. */
export interface FieldError {
  /** A JSON Pointer (RFC 6901) into the body; or `?name` of a parameter, or a header's name. */
  path: string
  /** Completes the sentence "<field> …". */
  message: string
}

export function invalidRequest(...errors: FieldError[]): OrchestratorError {
  const first = errors[0]
  return new OrchestratorError(
    'INVALID_REQUEST',
    first ? `${first.path || 'body'}: ${first.message}` : 'The request is not valid',
    { errors },
  )
}

/** Any thrown value as one line of text; for logs and `last_error`, never with a stack. */
export function errorText(error: unknown): string {
  const lines = rawText(error).split('\n')
  return lines.length === 1
    ? lines[0]!
    : lines
        .map((line) => line.trim())
        .filter(Boolean)
        .join(' ')
}

/** What programs know an error by, such as ECONNREFUSED; undefined: it has none. */
export function codeOf(error: unknown): unknown {
  return (error as { code?: unknown } | null | undefined)?.code
}

function rawText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = codeOf(error)
  return typeof code === 'string' && !error.message.includes(code)
    ? `${code}: ${error.message}`
    : error.message
}
