/** What browsers are told about requests from other origins (Fetch standard, CORS protocol). */
import type { ResponseSettings } from './base.ts'

const ALLOWED_HEADERS = 'Authorization, Content-Type, Idempotency-Key, Prefer, X-Request-ID'
const EXPOSED_HEADERS =
  'Allow, Idempotency-Replayed, Location, Preference-Applied, RateLimit, RateLimit-Policy, ' +
  'Retry-After, WWW-Authenticate, X-Request-ID, X-Task-ID'
/** How long a browser may keep the answer to a preflight. */
const MAX_AGE_SECONDS = 600

/** For every answer to a page of `origin`, errors included: without it the page can't read them. */
export function allowOrigin(set: ResponseSettings, origin: string): void {
  set.headers['access-control-allow-origin'] = origin
  set.headers['access-control-expose-headers'] = EXPOSED_HEADERS
}

/** Whether a browser asks if it may send a request. */
export function isPreflight({ method, headers }: Request): boolean {
  return method === 'OPTIONS' && headers.has('access-control-request-method')
}

/** `methods`: those of the route. */
export function preflightReply(set: ResponseSettings, methods: readonly string[]): Response {
  set.headers['access-control-allow-methods'] = methods.join(', ')
  set.headers['access-control-allow-headers'] = ALLOWED_HEADERS
  set.headers['access-control-max-age'] = MAX_AGE_SECONDS
  return new Response(null, { status: 204 })
}
