/** What holds for every request, whether there is a route for it or not. */
import type { Elysia } from 'elysia'
import type { Ports } from '../ports.ts'
import type { RequestCounts } from '../telemetry/request-counts.ts'
import { errorHandler } from './error-handler.ts'
import { hostCheck } from './host.ts'
import { requestIdOf } from './request-id.ts'
import { requestLog } from './request-log.ts'
import type { Routes } from './routes.ts'

/** Must be used before the routes. */
export function everyRequest(
  ports: Pick<Ports, 'log' | 'clock' | 'newId'>,
  routes: Routes,
  counts: RequestCounts,
) {
  const { log, newId } = ports
  const checkHost = hostCheck()
  return (app: Elysia) =>
    app
      .use(requestLog(ports))
      .onRequest(({ request, set }) => {
        counts.countRequest()
        set.headers['x-request-id'] = requestIdOf(request, newId)
        checkHost(request.headers)
      })
      .use(errorHandler({ log, routes, onServerError: () => counts.countError() }))
}
