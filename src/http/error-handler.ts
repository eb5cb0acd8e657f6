/** Answers every request that fails, in the one shape. Nothing of the framework shows. */
import { Elysia } from 'elysia'
import { errorText, OrchestratorError } from '../errors.ts'
import type { Log, Ports } from '../ports.ts'
import { JSON_TYPE, type ResponseSettings } from './base.ts'
import { errorBody, errorHeaders, STATUS_OF } from './error-reply.ts'
import { HungUp, isHangUp } from './hang-up.ts'
import { pathOf } from './host.ts'
import type { Routes } from './routes.ts'

export interface ErrorHandlerOptions {
  log: Log
  routes: Routes
  /** Told of each answer with a status of 500 or more. */
  onServerError(): void
}

/** Must be used before the routes whose errors it is to answer. */
export function errorHandler({ log, routes, onServerError }: ErrorHandlerOptions) {
  return new Elysia({ name: 'errors' }).onError({ as: 'global' }, (context) => {
    const { error, code, request, set } = context
    const known = knownError(error, code, request, routes)
    const answered = known ?? internalError(error, String(set.headers['x-request-id']), log)
    ;(set as ResponseSettings).error = answered
    const status = STATUS_OF[answered.code]
    if (status >= 500) onServerError()
    set.status = status
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
  if (isHangUp(error, request)) return new HungUp()
  return code === 'NOT_FOUND' ? unknownRoute(request, routes) : null
}

function unknownRoute({ url, method }: Request, routes: Routes): OrchestratorError {
  const path = pathOf(url)
  const allowed = routes.methodsOf(path)
  if (allowed.length === 0) {
    return new OrchestratorError('NOT_FOUND', `There is no ${path.slice(0, 200)}`)
  }
  // The URL has its dot segments resolved, but the path was not written so.
  if (allowed.includes(method)) {
    return new OrchestratorError('NOT_FOUND', 'There is no such path: write it without "." or ".."')
  }
  return new OrchestratorError('METHOD_NOT_ALLOWED', onlyAllowed(allowed), {
    allowed_methods: allowed,
  })
}

function onlyAllowed(methods: string[]): string {
  const list = new Intl.ListFormat('en').format(methods)
  return `Only ${list} ${methods.length === 1 ? 'is' : 'are'} allowed here`
}

/** For `Bun.serve`: answers when the error handler itself fails, and fails at nothing. */
export function lastResort({ log, newId }: Pick<Ports, 'log' | 'newId'>) {
  return (error: unknown): Response => {
    const requestId = newId()
    const answered = bugOf(requestId)
    try {
      logBug(error, requestId, log)
    } catch {
      // It may be the log that fails; whoever asked is answered all the same.
    }
    const headers = { 'content-type': JSON_TYPE, 'x-request-id': requestId }
    return new Response(errorBody(answered), { status: STATUS_OF[answered.code], headers })
  }
}

function internalError(error: unknown, requestId: string, log: Log): OrchestratorError {
  logBug(error, requestId, log)
  return bugOf(requestId)
}

function logBug(error: unknown, requestId: string, log: Log): void {
  const stack = error instanceof Error ? error.stack : undefined
  log.error('a request failed', { request_id: requestId, error: errorText(error), stack })
}

function bugOf(requestId: string): OrchestratorError {
  return new OrchestratorError('INTERNAL_ERROR', 'Something went wrong here', {
    request_id: requestId,
  })
}
