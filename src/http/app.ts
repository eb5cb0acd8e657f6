/** The HTTP side of the house. */
import { Elysia } from 'elysia'
import type { Api } from './api.ts'
import { openApiDocument } from './docs/open-api.ts'
import { docsPages } from './docs/pages.ts'
import { failures } from './error-handler.ts'
import { meshRoutes } from './droplet-routes.ts'
import { operationsRoutes } from './operation-routes.ts'
import { requestIdOf } from './request-id.ts'
import { Routes } from './routes.ts'
import { taskRoutes } from './task-routes.ts'

/** A connection that neither sends nor is sent anything for so long is closed, s. */
const IDLE_SECONDS = 30

export function createApp(api: Api) {
  const routes = new Routes()
  let document: Promise<string> | undefined
  const app = new Elysia({
    normalize: false,
    serve: {
      // Two instances would share the port without a word.
      reusePort: false,
      idleTimeout: IDLE_SECONDS,
      // Bun's own limit answers with an empty 413; bodies are capped where they are read.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
    },
  })
    .onRequest(({ request, set }) => {
      set.headers['x-request-id'] = requestIdOf(request)
    })
    .use(failures(api.log, routes))
    .use(operationsRoutes(api))
    .use(meshRoutes(api))
    .use(taskRoutes(api))
    .use(docsPages(() => (document ??= openApiOf(api))))
  routes.learn(app.routes)
  return app
}

/** The OpenAPI document, as JSON text. Calls no route, so `api` needs no life. */
export function openApiOf(api: Api): Promise<string> {
  return openApiDocument(
    new Elysia().use(operationsRoutes(api)).use(meshRoutes(api)).use(taskRoutes(api)),
  )
}
