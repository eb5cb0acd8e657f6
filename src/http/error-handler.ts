/** Whatever goes wrong in a request, in the one shape. Nothing of the framework shows. */
import { Elysia } from 'elysia'
import { errorText, OrchestratorError } from '../errors.ts'
import type { Log } from '../ports.ts'
import { JSON_TYPE } from './api.ts'
import { errorBody, STATUS_OF } from './error-reply.ts'
import type { Routes } from './routes.ts'

/** Must be used before the routes whose failures it is to see. */
export function failures(log: Log, routes: Routes) {
  return new Elysia({ name: 'failures' }).onError({ as: 'global' }, (context) => {
    const { error, code, request, set } = context
    const known = asKnown(error, code, request, routes)
    const failure = known ?? bug(error, String(set.headers['x-request-id']), log)
    set.status = STATUS_OF[failure.code]
    Object.assign(set.headers, failure.headers, { 'content-type': JSON_TYPE })
    return errorBody(failure)
  })
}

function asKnown(
  error: unknown,
  code: string | number,
  request: Request,
  routes: Routes,
): OrchestratorError | null {
  if (error instanceof OrchestratorError) return error
  return code === 'NOT_FOUND' ? unknownRoute(request, routes) : null
}

function unknownRoute(request: Request, routes: Routes): OrchestratorError {
  const { pathname } = new URL(request.url)
  const allowed = routes.methodsOf(pathname)
  if (allowed.length === 0) {
    return new OrchestratorError('NOT_FOUND', `There is no ${pathname.slice(0, 200)}`)
  }
  const allow = allowed.join(', ')
  return new OrchestratorError(
    'METHOD_NOT_ALLOWED',
    `${request.method} is not for this path; ${allow} is`,
    { allowed_methods: allowed },
    { allow },
  )
}

function bug(error: unknown, requestId: string, log: Log): OrchestratorError {
  const stack = error instanceof Error ? error.stack : undefined
  log.error('a request failed', { request_id: requestId, error: errorText(error), stack })
  return new OrchestratorError('INTERNAL_ERROR', 'Something went wrong here', {
    request_id: requestId,
  })
}
