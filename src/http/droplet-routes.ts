/** The list of droplets, with what is known of their health. */
import { Elysia } from 'elysia'
import type { Engine } from '../engine.ts'
import type { Ports } from '../ports.ts'
import { registryError } from '../tasks/task-errors.ts'
import { BASE } from './base.ts'
import { describe } from './docs/describe.ts'
import { dropletsExample } from './docs/examples.ts'
import { dropletsReply } from './droplets-view.ts'
import type { IdleLimit } from './idle-limit.ts'
import { DropletsQuery, queryParameters, readQuery } from './query.ts'

export function dropletRoutes(
  { registry, health, gate }: Pick<Engine, 'registry' | 'health' | 'gate'>,
  { clock, idleLimit }: Pick<Ports, 'clock'> & { idleLimit: IdleLimit },
) {
  return new Elysia({ name: 'droplets' }).get(
    `${BASE}/droplets`,
    async ({ request, server }) => {
      if (readQuery(DropletsQuery, request.url).refresh) {
        await idleLimit.during({ request, server }, () => registry.refresh())
      }
      if (registry.cacheStatus() === 'unavailable') throw registryError(registry)
      return dropletsReply({ registry, health, gate }, clock)
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
