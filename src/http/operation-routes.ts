/** Health, readiness, information and metrics. */
import { Elysia } from 'elysia'
import { SERVICE, VERSION } from '../version.ts'
import type { Engine } from '../engine.ts'
import { within } from '../platform/time-limit.ts'
import type { Clock } from '../ports.ts'
import type { SharedWork } from '../store/shared/work.ts'
import { BASE } from './base.ts'
import { metricsRoute, type MetricsPorts } from './metrics-route.ts'
import { describe } from './docs/describe.ts'
import { secondsOrNull } from './seconds.ts'
import { healthExample, infoExample, notReadyExample, readyExample } from './docs/examples.ts'

/** How long the database may take to name the nodes, ms. */
const MAX_NODES_MS = 2000

export function operationRoutes(engine: Engine, ports: MetricsPorts & { clock: Clock }) {
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
    .get(`${BASE}/info`, () => infoOf(engine, ports), admission.route(documented.info))
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

async function infoOf({ config, registry, store, uptimeMs }: Engine, { clock }: { clock: Clock }) {
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
    node: store.shared?.node.name ?? null,
    nodes: store.shared && (await nodesOf(store.shared, clock)),
  }
}

/** null: the database does not tell now. */
async function nodesOf(shared: SharedWork, clock: Clock) {
  const nodes = await within(clock, MAX_NODES_MS, null, () => shared.nodes())
  if (!nodes.ok) return null
  return nodes.value.map(({ name, version, startedAt, seenAgoMs, isSelf }) => ({
    name,
    version,
    started_at: startedAt / 1000,
    seen_seconds_ago: seenAgoMs / 1000,
    self: isSelf,
  }))
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
