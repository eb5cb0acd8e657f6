/**
 * The one error class and its closed set of codes. Everything that ends a request early
 * throws one of these; anything else that is thrown is a bug and becomes INTERNAL_ERROR.
 * Which HTTP status a code has is decided in one place: `http/errors.ts`.
 */
export type ErrorCode =
  | 'INVALID_REQUEST'
  | 'DROPLET_NOT_FOUND'
  | 'NOT_FOUND'
  | 'TASK_NOT_FOUND'
  | 'METHOD_NOT_ALLOWED'
  | 'TASK_FINISHED'
  | 'IDEMPOTENCY_KEY_IN_USE'
  | 'IDEMPOTENCY_KEY_REUSED'
  | 'PAYLOAD_TOO_LARGE'
  | 'UNSUPPORTED_MEDIA_TYPE'
  | 'INTERNAL_ERROR'
  | 'DROPLET_UNREACHABLE'
  | 'REGISTRY_ERROR'
  | 'OVERLOADED'
  | 'SHUTTING_DOWN'
  | 'STORE_UNAVAILABLE'
  | 'TIMEOUT'

export interface Fault {
  /** JSON Pointer (RFC 6901) into the body, or `?name` / `Header-Name` for the rest. */
  path: string
  message: string
}

export class OrchestratorError extends Error {
  constructor(
    readonly code: ErrorCode,
    message: string,
    readonly details: Record<string, unknown> = {},
    /** Response headers that belong to the error: `Allow`, `Retry-After`, `Location`. */
    readonly headers: Record<string, string> = {},
  ) {
    super(message)
    this.name = 'OrchestratorError'
  }
}

export function invalidRequest(...errors: Fault[]): OrchestratorError {
  const first = errors[0]
  return new OrchestratorError(
    'INVALID_REQUEST',
    first ? `${first.path || 'body'}: ${first.message}` : 'The request is not valid',
    { errors },
  )
}

/** Any thrown value as one line of text; for logs and `last_error`, never with a stack. */
export function errorText(error: unknown): string {
  if (!(error instanceof Error)) return String(error)
  const code = (error as { code?: unknown }).code
  return typeof code === 'string' && !error.message.includes(code)
    ? `${code}: ${error.message}`
    : error.message
}
