/** From a code to a status: the only such map. And the one shape of every error. */
import type { ErrorCode, OrchestratorError } from '../errors.ts'

export const STATUS_OF: Readonly<Record<ErrorCode, number>> = {
  INVALID_REQUEST: 400,
  // 400, as v1.1.0 documented: the fault is in the body.
  DROPLET_NOT_FOUND: 400,
  NOT_FOUND: 404,
  TASK_NOT_FOUND: 404,
  METHOD_NOT_ALLOWED: 405,
  TASK_FINISHED: 409,
  IDEMPOTENCY_KEY_IN_USE: 409,
  IDEMPOTENCY_KEY_REUSED: 422,
  PAYLOAD_TOO_LARGE: 413,
  UNSUPPORTED_MEDIA_TYPE: 415,
  INTERNAL_ERROR: 500,
  DROPLET_UNREACHABLE: 503,
  REGISTRY_ERROR: 503,
  OVERLOADED: 503,
  SHUTTING_DOWN: 503,
  STORE_UNAVAILABLE: 503,
  TIMEOUT: 504,
}

export function errorBody({ code, message, details }: OrchestratorError): string {
  return JSON.stringify({ status: 'error', error: { code, message, details } })
}
