/** Health, readiness, information and metrics. */
import { Elysia } from 'elysia'
import { SERVICE, VERSION } from '../version.ts'
import type { Engine } from '../engine.ts'
import { BASE } from './base.ts'
import { metricsRoute, type MetricsPorts } from './metrics-route.ts'
import { describe } from './docs/describe.ts'
import { secondsOrNull } from './seconds.ts'
import { healthExample, infoExample, notReadyExample, readyExample } from './docs/examples.ts'

export function operationRoutes(engine: Engine, ports: MetricsPorts) {
  const { admission } = ports
  return new Elysia({ name: 'operations' })
    .get(
      `${BASE}/health`,
      () => ({ status: 'ok', service: SERVICE, version: VERSION }),
      admission.route(documented.health),
    )
    .get(
      `${BASE}/ready`,
      ({ set }) => {
        const readiness = readinessOf(engine)
        if (readiness.status !== 'ready') set.status = 503
        return readiness
      },
      admission.route(documented.ready),
    )
    .get(`${BASE}/info`, () => infoOf(engine), admission.route(documented.info))
    .use(metricsRoute(engine, ports))
}

function readinessOf({ registry, store, tasks }: Engine) {
  const checks = {
    registry: registryCheck(registry),
    store: { ok: store.fault === null, reason: store.fault },
    lifecycle: {
      ok: !tasks.draining,
      reason: tasks.draining ? 'the service is shutting down' : null,
    },
  }
  const ready = Object.values(checks).every(({ ok }) => ok)
  return { status: ready ? 'ready' : 'not_ready', service: SERVICE, checks }
}

/** A list that is stale is usable, and the reason says for how long. */
function registryCheck(registry: Engine['registry']) {
  const status = registry.cacheStatus()
  if (status === 'active') return { ok: true, reason: null }
  const { registry_url, last_error } = registry.errorDetails()
  const why = `${registry_url}: ${last_error ?? 'no sync has ended yet'}`
  if (status === 'unavailable') {
    return { ok: false, reason: `there is no usable list of droplets (${why})` }
  }
  const usableForMs = registry.usableForMs()
  const howLong = usableForMs === null ? '' : ` for ${Math.ceil(usableForMs / 1000)} s more`
  return { ok: true, reason: `the list from before is used${howLong} (${why})` }
}

function infoOf({ config, registry, uptimeMs }: Engine) {
  const { lastSyncAt } = registry.stats()
  return {
    id: registry.selfId(),
    name: SERVICE,
    version: VERSION,
    registry_url: config.registry.url,
    registered: registry.registered(),
    last_registry_sync: secondsOrNull(lastSyncAt),
    cache_status: registry.cacheStatus(),
    cache_age_seconds: registry.cacheAgeSeconds(),
    uptime_seconds: Math.floor(uptimeMs() / 1000),
    bun_version: Bun.version,
  }
}

const documented = {
  health: describe({
    operationId: 'getHealth',
    tag: 'Operations',
    access: 'open',
    summary: 'Tell that the service is alive',
    description: 'Always fast; looks at nothing else.',
    isUncounted: true,
    replies: { 200: { description: 'Alive', schema: 'Health', example: healthExample } },
  }),
  ready: describe({
    operationId: 'getReadiness',
    tag: 'Operations',
    access: 'open',
    summary: 'Tell whether tasks can be taken',
    isUncounted: true,
    replies: {
      200: { description: 'Ready', schema: 'Readiness', example: readyExample },
      503: { description: 'Not ready, and why', schema: 'Readiness', example: notReadyExample },
    },
  }),
  info: describe({
    operationId: 'getInfo',
    tag: 'Operations',
    access: 'admin',
    summary: 'Tell who this is',
    replies: { 200: { description: 'This service', schema: 'Info', example: infoExample } },
  }),
}
