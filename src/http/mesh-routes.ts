/** What every service of the mesh serves: at the root, where others ask for it, and below BASE. */
import { Elysia } from 'elysia'
import type { Engine } from '../engine.ts'
import type { Ports } from '../ports.ts'
import { BASE } from './base.ts'
import { atRoot, type Described } from './docs/describe.ts'
import * as documented from './docs/mesh-operations.ts'
import { messageRoute, sendRoute } from './message-routes.ts'
import {
  capabilitiesView,
  dependenciesView,
  meshHealthView,
  stateView,
  type StateSources,
} from './mesh-views.ts'
import type { RoutePorts } from './route-ports.ts'

export type MeshPorts = StateSources & RoutePorts & Pick<Ports, 'clock' | 'log'>

/** `/health` has two forms: this one at the root, that of v1.1.0 below BASE. */
export function meshRoutes(engine: Engine, ports: MeshPorts) {
  return new Elysia({ name: 'mesh' })
    .get(
      '/health',
      () => meshHealthView(engine, ports.clock),
      ports.admission.route(documented.health),
    )
    .use(conventions('', engine, ports))
    .use(conventions(BASE, engine, ports))
    .use(sendRoute(engine, ports))
}

function conventions(base: string, engine: Engine, ports: MeshPorts) {
  const { registry, uptimeMs } = engine
  const { capabilities, state, dependencies, message } = documented
  const here = (described: Described) =>
    ports.admission.route(base === '' ? atRoot(described) : described)
  return new Elysia({ name: `mesh conventions ${base}` })
    .get(`${base}/capabilities`, capabilitiesView, here(capabilities))
    .get(`${base}/state`, () => stateView(ports, uptimeMs()), here(state))
    .get(
      `${base}/dependencies`,
      () => dependenciesView(registry.directory(), registry.cacheStatus()),
      here(dependencies),
    )
    .use(messageRoute(base, ports, here(message)))
}
