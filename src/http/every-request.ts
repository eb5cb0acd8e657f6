/** What holds for every request, whether there is a route for it or not. */
import type { Elysia } from 'elysia'
import type { Config } from '../config/config.ts'
import type { Ports } from '../ports.ts'
import type { RequestDurations } from '../telemetry/request-durations.ts'
import type { RequestCounts } from '../telemetry/request-counts.ts'
import type { Admission } from './admission.ts'
import type { ResponseSettings } from './base.ts'
import { browserCheck } from './browsers.ts'
import { allowOrigin, isPreflight, preflightReply } from './cors.ts'
import { errorHandler } from './error-handler.ts'
import { hostCheck, pathOf } from './host.ts'
import { rateLimit } from './rate-limit.ts'
import { requestIdOf } from './request-id.ts'
import { requestLog } from './request-log.ts'
import type { Routes } from './routes.ts'

interface EveryRequestPorts extends Pick<Ports, 'log' | 'clock' | 'newId'> {
  config: Config
  admission: Admission
  routes: Routes
  requests: RequestCounts
  durations: RequestDurations
}

/** Must be used before the routes. */
export function everyRequest(ports: EveryRequestPorts) {
  const { config, log, newId, admission, routes, requests } = ports
  const checkHost = hostCheck()
  const checkBrowser = browserCheck(config)
  const isOpenToPages = config.access.corsOrigins.length > 0
  const count = rateLimit(config.access, ports, admission)
  return (app: Elysia) =>
    app
      .use(requestLog(ports))
      .onRequest((context) => {
        const { request } = context
        const set = context.set as ResponseSettings
        requests.countRequest()
        set.headers['x-request-id'] = requestIdOf(request, newId)
        checkHost(request.headers)
        // An answer may not be kept for pages of other origins (RFC 9110, section 12.5.5).
        if (isOpenToPages) set.headers['vary'] = 'Origin'
        const origin = checkBrowser(request)
        if (origin !== null) allowOrigin(set, origin)
        count?.({ request, server: context.server, set })
        if (origin !== null && isPreflight(request)) {
          const methods = routes.methodsOf(pathOf(request.url))
          if (methods.length > 0) return preflightReply(set, methods)
        }
        return undefined
      })
      .use(errorHandler({ log, routes, onServerError: () => requests.countError() }))
}
