/**
 * A small Registry for those who have no mesh yet. Its wire format is that of the mesh's own
 * (Registry 1.0.0), error bodies included. It keeps its list in memory.
 */
import { systemClock } from '../platform/clock.ts'
import type { Clock } from '../ports.ts'
import { VERSION } from '../version.ts'
import { Refusal, unprocessable } from './refusal.ts'
import { RegisteredDroplets } from './registered-droplets.ts'
import { RegistryRoutes } from './registry-routes.ts'
import { devServer, type DevServer } from './server.ts'

export interface DevRegistryOptions {
  /** Lists itself as `registry`, which the mesh's own doesn't do. Default true. */
  listSelf?: boolean
  clock?: Clock
}

export function createDevRegistry(options: DevRegistryOptions = {}): DevServer {
  const { listSelf = true, clock = systemClock } = options
  const list = new RegisteredDroplets(clock)
  const routes = new RegistryRoutes(list, clock)
  const self = listSelf ? addSelf(list) : null
  const server = devServer((request) => answer(routes, request))
  return {
    ...server,
    listen(at) {
      const bound = server.listen(at)
      if (self) self.endpoint = bound.url
      return bound
    },
  }
}

function addSelf(list: RegisteredDroplets) {
  const endpoint = 'http://localhost:8000'
  return list.add({ name: 'registry', endpoint, metadata: { version: VERSION } })
}

async function answer(routes: RegistryRoutes, request: Request): Promise<Response> {
  try {
    const methods = routes.at(new URL(request.url).pathname)
    if (!methods) throw new Refusal(404, 'Not Found')
    const handler = methods[request.method]
    if (!handler) throw new Refusal(405, 'Method Not Allowed')
    return handler(request.method === 'GET' ? undefined : await jsonOf(request))
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    return Response.json({ detail: error.detail }, { status: error.status })
  }
}

/** Undefined without a body: most DELETEs have none. */
async function jsonOf(request: Request): Promise<unknown> {
  const text = await request.text()
  if (text === '') return undefined
  try {
    return JSON.parse(text) as unknown
  } catch {
    throw unprocessable({ path: '', message: 'JSON decode error' })
  }
}
