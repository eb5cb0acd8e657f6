/** The list of droplets, with what is known of their health. */
import { Elysia } from 'elysia'
import type { Engine } from '../engine.ts'
import { registryError } from '../tasks/task-errors.ts'
import { BASE } from './base.ts'
import { describe } from './docs/describe.ts'
import { dropletsExample } from './docs/examples.ts'
import { DropletsQuery, queryParameters, readQuery } from './query.ts'

export function dropletRoutes({ registry, health }: Pick<Engine, 'registry' | 'health'>) {
  return new Elysia({ name: 'droplets' }).get(
    `${BASE}/droplets`,
    async ({ request }) => {
      if (readQuery(DropletsQuery, request.url).refresh) await registry.refresh()
      if (registry.cacheStatus() === 'unavailable') throw registryError(registry)
      const droplets = registry.directory().droplets.map((droplet) => {
        const { reachable, lastProbe, latencyMs } = health.of(droplet.name)
        return {
          id: droplet.id,
          name: droplet.name,
          url: droplet.url,
          endpoint: droplet.url,
          version: droplet.version,
          status: droplet.status,
          reachable,
          last_probe: lastProbe === null ? null : lastProbe / 1000,
          latency_ms: latencyMs,
        }
      })
      return {
        droplets,
        cache_status: registry.cacheStatus(),
        cache_age_seconds: registry.cacheAgeSeconds(),
        served_from: registry.servedFrom(),
      }
    },
    { detail },
  )
}

const detail = describe({
  operationId: 'listDroplets',
  tag: 'Mesh',
  summary: 'List the droplets that tasks can be sent to',
  parameters: queryParameters(DropletsQuery),
  replies: {
    200: { description: 'The droplets', schema: 'Droplets', example: dropletsExample },
  },
  errors: ['INVALID_REQUEST', 'REGISTRY_ERROR'],
})
