/** The whole HTTP API: every route, and what holds for all of them. */
import { Elysia, type AnyElysia } from 'elysia'
import type { Engine } from '../engine.ts'
import type { Ports, ProcessUsage } from '../ports.ts'
import { CpuLoad } from '../telemetry/cpu-load.ts'
import { RequestCounts } from '../telemetry/request-counts.ts'
import { RequestDurations } from '../telemetry/request-durations.ts'
import { createScrape } from '../telemetry/scrape.ts'
import { Admission, type TokenSource } from './admission.ts'
import { openApiDocument } from './docs/openapi.ts'
import { docsPages } from './docs/pages.ts'
import { dashboardPages, type Dashboard } from './dashboard.ts'
import { dropletRoutes } from './droplet-routes.ts'
import { lastResort } from './error-handler.ts'
import { everyRequest } from './every-request.ts'
import { IDLE_SECONDS, IdleLimit } from './idle-limit.ts'
import { meshRoutes, type MeshPorts } from './mesh-routes.ts'
import type { Feed } from './live/feed.ts'
import { liveRoutes, type LivePorts } from './live/live-routes.ts'
import type { MetricsPorts } from './metrics-route.ts'
import { operationRoutes } from './operation-routes.ts'
import { RequestBodies } from './request-bodies.ts'
import { Routes } from './routes.ts'
import { submitRoutes } from './submit-routes.ts'
import { taskRoutes } from './task-routes.ts'

/** Elysia looks for the path from a fixed place in the URL: not after the end of a short host. */
const PATH_AFTER_ANY_HOST = { standardHostname: false }

export interface HttpPorts extends Pick<Ports, 'clock' | 'log' | 'newId'> {
  /** What this process uses; left out where that is not known. */
  usage?: () => ProcessUsage
  /** Left out: everybody may ask for everything. */
  tokens?: TokenSource | null
  /** What those who watch are told; its owner starts and stops it. */
  feed: Feed
  /** Left out: there is no page. */
  dashboard?: Dashboard
}

export function createApp(engine: Engine, ports: HttpPorts) {
  const routes = new Routes()
  const requests = new RequestCounts(ports.clock)
  const durations = new RequestDurations()
  const admission = new Admission(ports.tokens ?? null, ports.clock)
  const counts = { requests, durations }
  const shared = everyRequest({ ...ports, config: engine.config, admission, routes, ...counts })
  const nowhere = new Elysia().use(shared).compile()
  let document: Promise<string> | undefined
  const app = new Elysia({
    handler: PATH_AFTER_ANY_HOST,
    serve: {
      // Else a second process could share the port without any error.
      reusePort: false,
      // Else Bun shows a page with our paths and our source when it meets a bug.
      development: false,
      error: lastResort(ports),
      idleTimeout: IDLE_SECONDS,
      // Bun's own limit answers with an empty 413; bodies are capped where they are read.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      // Bun's table finds a route by the path as it was written. Elysia's router, which would come
      // next, goes by the URL, and that depends on the Host and has its `..` resolved.
      routes: {
        '/*': (request: Request) => {
          // It has no server of its own; the rate limit asks one for the client's address.
          nowhere.server = app.server
          return nowhere.fetch(request)
        },
      },
    },
  })
    .use(shared)
    .use(apiRoutes(engine, apiPorts(engine, ports, admission, counts)))
    .use(docsPages(() => (document ??= openApiOf(engine))))
  if (ports.dashboard) app.use(dashboardPages(ports.dashboard))
  routes.learn(app.routes)
  addTrailingSlashes(app)
  return app
}

/** So that Bun's table knows each path with a slash at its end, too. */
function addTrailingSlashes(app: AnyElysia): void {
  for (const { method, path, handler, hooks } of [...app.routes]) {
    if (path === '/') continue
    const bare = path.endsWith('/') ? path.slice(0, -1) : path
    // Elysia takes one slash off when it fills the table.
    app.route(method, `${bare}//`, handler as () => unknown, hooks)
  }
}

/** The OpenAPI document, as JSON text. Calls no route, so what they need may be a stand-in. */
export function openApiOf(engine: Engine): Promise<string> {
  const admission = new Admission(null, { now: () => 0 })
  return openApiDocument(apiRoutes(engine, { admission } as ApiPorts))
}

type ApiPorts = MeshPorts & LivePorts & MetricsPorts

/** What the routes need, those of the mesh most. */
function apiPorts(
  engine: Engine,
  { clock, log, usage, feed }: HttpPorts,
  admission: Admission,
  { requests, durations }: { requests: RequestCounts; durations: RequestDurations },
): ApiPorts {
  const process = usage ? { usage, cpu: new CpuLoad(clock, usage) } : null
  const idleLimit = new IdleLimit(clock)
  const bodies = new RequestBodies(clock, engine.config.maxBodyBytes)
  const startedAt = clock.now()
  const scrape = createScrape({ ...engine, requests: durations, usage: usage ?? null }, clock)
  return { clock, log, requests, process, startedAt, admission, idleLimit, bodies, feed, scrape }
}

/** All that is documented. */
function apiRoutes(engine: Engine, ports: ApiPorts) {
  return new Elysia({ name: 'api' })
    .use(operationRoutes(engine, ports))
    .use(dropletRoutes(engine, ports))
    .use(submitRoutes(engine, ports))
    .use(taskRoutes(engine, ports))
    .use(meshRoutes(engine, ports))
    .use(liveRoutes(ports))
}
