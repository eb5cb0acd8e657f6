/** What holds for every request, whether there is a route for it or not. */
import type { Elysia } from 'elysia'
import type { Ports } from '../ports.ts'
import { errorHandler } from './error-handler.ts'
import { checkHost } from './host.ts'
import { requestIdOf } from './request-id.ts'
import type { Routes } from './routes.ts'

/** Must be used before the routes. */
export function everyRequest({ log, newId }: Pick<Ports, 'log' | 'newId'>, routes: Routes) {
  return (app: Elysia) =>
    app
      .onRequest(({ request, set }) => {
        set.headers['x-request-id'] = requestIdOf(request, newId)
        checkHost(request.headers)
      })
      .use(errorHandler(log, routes))
}
