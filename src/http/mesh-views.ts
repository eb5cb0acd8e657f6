/** What this service tells of itself in the words that all services of the mesh use. */
import type { Directory } from '../droplets/directory.ts'
import type { Engine } from '../engine.ts'
import type { Clock, ProcessUsage } from '../ports.ts'
import type { CacheStatus } from '../registry/snapshot.ts'
import type { CpuLoad } from '../telemetry/cpu-load.ts'
import type { RequestCounts } from '../telemetry/request-counts.ts'
import { timestamp } from '../timestamp.ts'
import { SERVICE, VERSION } from '../version.ts'

export interface StateSources {
  requests: RequestCounts
  /** null where it is not known. */
  process: { usage: () => ProcessUsage; cpu: CpuLoad } | null
  /** Wall clock, ms. */
  startedAt: number
}

const REGISTRY = 'registry'
const MEGABYTE = 1024 * 1024

/**
 * `error`: nothing can be written to disk. `inactive`: it takes no tasks, because it is being
 * stopped or knows no droplets. Monitors restart what does not answer 200, which would help in
 * none of these cases.
 */
export function meshHealthView(engine: Engine, clock: Clock) {
  return {
    status: meshStatus(engine),
    service: SERVICE,
    version: VERSION,
    timestamp: timestamp(clock.now()),
  }
}

function meshStatus({ store, tasks, registry }: Engine): 'active' | 'inactive' | 'error' {
  if (store.fault !== null) return 'error'
  return tasks.draining || registry.cacheStatus() === 'unavailable' ? 'inactive' : 'active'
}

export function capabilitiesView() {
  return {
    version: VERSION,
    features: [
      'task_routing',
      'task_history',
      'asynchronous_tasks',
      'automatic_retry',
      'idempotency_keys',
      'cancel',
      'replay',
      'droplet_discovery',
      'droplet_health',
      'tokens',
      'rate_limit',
      'bulkheads',
      'circuit_breakers',
      'signed_requests',
      'messages',
      'metrics',
      'openapi',
    ],
    dependencies: [REGISTRY],
    udc_version: '1.0',
    metadata: { documentation: '/orchestrator/docs', openapi: '/orchestrator/docs/json' },
  }
}

/** Costs the same however much has happened. */
export function stateView({ requests, process, startedAt }: StateSources, uptimeMs: number) {
  return {
    cpu_percent: process?.cpu.percent() ?? null,
    memory_mb: process ? round(process.usage().memoryBytes / MEGABYTE) : null,
    uptime_seconds: Math.floor(uptimeMs / 1000),
    requests_total: requests.total,
    requests_per_minute: requests.lastMinute,
    errors_last_hour: requests.errorsLastHour,
    last_restart: timestamp(startedAt),
  }
}

const round = (value: number) => Math.round(value * 10) / 10

const REGISTRY_STATUS = {
  active: 'connected',
  stale: 'available',
  unavailable: 'unavailable',
} as const satisfies Record<CacheStatus, string>

/** The Registry, or the file in its place. Droplets are what tasks name, not what we depend on. */
export function dependenciesView(directory: Directory, cacheStatus: CacheStatus) {
  const status = REGISTRY_STATUS[cacheStatus]
  const registry = { id: directory.find(REGISTRY)?.id ?? null, name: REGISTRY, status }
  return {
    required: [registry],
    optional: [],
    missing: status === 'unavailable' ? [registry] : [],
  }
}
