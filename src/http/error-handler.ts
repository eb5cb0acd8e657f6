/** Answers every request that fails, in the one shape. Nothing of the framework shows. */
import { Elysia } from 'elysia'
import { errorText, OrchestratorError } from '../errors.ts'
import type { Log } from '../ports.ts'
import { JSON_TYPE } from './base.ts'
import { errorBody, errorHeaders, STATUS_OF } from './error-reply.ts'
import type { Routes } from './routes.ts'

/** Must be used before the routes whose errors it is to answer. */
export function errorHandler(log: Log, routes: Routes) {
  return new Elysia({ name: 'errors' }).onError({ as: 'global' }, (context) => {
    const { error, code, request, set } = context
    const known = knownError(error, code, request, routes)
    const answered = known ?? internalError(error, String(set.headers['x-request-id']), log)
    set.status = STATUS_OF[answered.code]
    Object.assign(set.headers, errorHeaders(answered), { 'content-type': JSON_TYPE })
    return errorBody(answered)
  })
}

/** null for a bug. */
function knownError(
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
  )
}

function internalError(error: unknown, requestId: string, log: Log): OrchestratorError {
  const stack = error instanceof Error ? error.stack : undefined
  log.error('a request failed', { request_id: requestId, error: errorText(error), stack })
  return new OrchestratorError('INTERNAL_ERROR', 'Something went wrong here', {
    request_id: requestId,
  })
}
