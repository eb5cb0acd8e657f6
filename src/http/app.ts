/** The whole HTTP API: every route, and what holds for all of them. */
import { Elysia } from 'elysia'
import type { Engine } from '../engine.ts'
import type { Ports } from '../ports.ts'
import { openApiDocument } from './docs/openapi.ts'
import { docsPages } from './docs/pages.ts'
import { dropletRoutes } from './droplet-routes.ts'
import { errorHandler } from './error-handler.ts'
import { operationRoutes } from './operation-routes.ts'
import { requestIdOf } from './request-id.ts'
import { Routes } from './routes.ts'
import { submitRoutes } from './submit-routes.ts'
import { taskRoutes } from './task-routes.ts'

/** A connection that neither sends nor is sent anything for so long is closed, s. */
const IDLE_SECONDS = 30

export function createApp(engine: Engine, { log, newId }: Pick<Ports, 'log' | 'newId'>) {
  const routes = new Routes()
  let document: Promise<string> | undefined
  const app = new Elysia({
    serve: {
      // Else a second process could share the port without any error.
      reusePort: false,
      idleTimeout: IDLE_SECONDS,
      // Bun's own limit answers with an empty 413; bodies are capped where they are read.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    },
  })
    .onRequest(({ request, set }) => {
      set.headers['x-request-id'] = requestIdOf(request, newId)
    })
    .use(errorHandler(log, routes))
    .use(apiRoutes(engine))
    .use(docsPages(() => (document ??= openApiOf(engine))))
  routes.learn(app.routes)
  return app
}

/** The OpenAPI document, as JSON text. Calls no route, so the engine may be a stand-in. */
export function openApiOf(engine: Engine): Promise<string> {
  return openApiDocument(apiRoutes(engine))
}

/** All that is documented. */
function apiRoutes(engine: Engine) {
  return new Elysia({ name: 'api' })
    .use(operationRoutes(engine))
    .use(dropletRoutes(engine))
    .use(submitRoutes(engine))
    .use(taskRoutes(engine))
}
