/** How an error goes over HTTP: the only map from codes to statuses and headers, and one shape. */
import type { ErrorCode, OrchestratorError } from '../errors.ts'
import { taskLocation } from './base.ts'
import { SlowBody } from './request-bodies.ts'

export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  INVALID_REQUEST: 400,
  // 400, as v1.1.0 documented: the fault is in the body.
  DROPLET_NOT_FOUND: 400,
  UNAUTHORIZED: 401,
  FORBIDDEN: 403,
  NOT_FOUND: 404,
  TASK_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TASK_FINISHED: 409,
  IDEMPOTENCY_KEY_IN_USE: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  RATE_LIMITED: 429,
  INTERNAL_ERROR: 500,
  DROPLET_UNREACHABLE: 503,
  REGISTRY_ERROR: 503,
  OVERLOADED: 503,
  CIRCUIT_OPEN: 503,
  SHUTTING_DOWN: 503,
  STORE_UNAVAILABLE: 503,
  TIMEOUT: 504,
  LOOP_DETECTED: 508,
}

/** When to try again (RFC 9110, section 10.2.3), seconds; where the details do not say it. */
export const RETRY_AFTER_SECONDS: Readonly<Partial<Record<ErrorCode, number>>> = {
  OVERLOADED: 5,
  CIRCUIT_OPEN: 1,
  // At one request a second or more, the next one is never further away.
  RATE_LIMITED: 1,
  SHUTTING_DOWN: 5,
  STORE_UNAVAILABLE: 1,
}

export function errorBody({ code, message, details }: OrchestratorError): string {
  return JSON.stringify({ status: 'error', error: { code, message, details } })
}

export function errorHeaders(error: OrchestratorError): Record<string, string> {
  const { code, message, details } = error
  const seconds = details.retry_after_seconds ?? RETRY_AFTER_SECONDS[code]
  if (seconds !== undefined) return { 'retry-after': String(seconds) }
  if (error instanceof SlowBody) return { connection: 'close' }
  if (code === 'METHOD_NOT_ALLOWED') {
    return { allow: (details.allowed_methods as string[]).join(', ') }
  }
  // RFC 9110, section 15.5.16: what would be accepted instead.
  if (code === 'UNSUPPORTED_MEDIA_TYPE' && 'content_encoding' in details) {
    return { 'accept-encoding': 'identity' }
  }
  if (code === 'IDEMPOTENCY_KEY_IN_USE') return { location: taskLocation(String(details.task_id)) }
  if (code === 'UNAUTHORIZED') {
    // RFC 6750, section 3.1: who has sent no token is told of no error.
    const fault = details.reason === 'missing' ? [] : challengeError('invalid_token', message)
    return { 'www-authenticate': [CHALLENGE, ...fault].join(', ') }
  }
  // Only where it is a scope that is missing.
  if (code === 'FORBIDDEN' && 'scope' in details) {
    const fault = challengeError('insufficient_scope', message)
    const scope = `scope="${String(details.scope)}"`
    return { 'www-authenticate': [CHALLENGE, ...fault, scope].join(', ') }
  }
  return {}
}

const CHALLENGE = 'Bearer realm="orchestrator"'

/** `message`: has no quotation marks or backslashes. */
function challengeError(error: string, message: string): string[] {
  return [`error="${error}"`, `error_description="${message}"`]
}
