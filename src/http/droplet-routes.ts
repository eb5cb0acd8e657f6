/** The list of droplets, with what is known of their health. */
import { Elysia } from 'elysia'
import { visibleTo } from '../access/caller.ts'
import { inTurns } from '../platform/turns.ts'
import type { Ports } from '../ports.ts'
import { registryError } from '../tasks/task-errors.ts'
import { BASE } from './base.ts'
import { describe } from './docs/describe.ts'
import { dropletsExample } from './docs/examples.ts'
import { dropletsReply, type Mesh } from './droplets-view.ts'
import { DropletsQuery, queryParameters, readQuery } from './query.ts'
import type { RoutePorts } from './route-ports.ts'

export function dropletRoutes(
  mesh: Mesh,
  { clock, admission, idleLimit }: Pick<Ports, 'clock'> & RoutePorts,
) {
  const { registry } = mesh
  return new Elysia({ name: 'droplets' }).get(
    `${BASE}/droplets`,
    async ({ request, set, server }) => {
      const { refresh = false, recent = false } = readQuery(DropletsQuery, request.url)
      if (refresh) {
        await idleLimit.during({ request, server }, () => registry.refresh())
      }
      if (registry.cacheStatus() === 'unavailable') throw registryError(registry)
      const isVisible = visibleTo(admission.callerOf(set))
      const droplets = await inTurns(registry.directory().visible(isVisible), clock)
      return dropletsReply(mesh, droplets, recent, clock)
    },
    admission.route(documented),
  )
}

const documented = describe({
  operationId: 'listDroplets',
  tag: 'Mesh',
  access: 'tasks:read',
  summary: 'List the droplets that tasks can be sent to',
  parameters: queryParameters(DropletsQuery),
  replies: {
    200: { description: 'The droplets', schema: 'Droplets', example: dropletsExample },
  },
  errors: ['INVALID_REQUEST', 'REGISTRY_ERROR'],
})
