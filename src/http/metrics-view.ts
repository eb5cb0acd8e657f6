/** The numbers of `GET /orchestrator/metrics`, in v1.1.0's words; null is "not known". */
import type { MeshGate } from '../droplets/mesh-gate.ts'
import type { Registry } from '../registry/registry.ts'
import type { TaskStore } from '../store/store.ts'
import { SERVICE, VERSION } from '../version.ts'
import type { TaskMetrics } from '../telemetry/task-metrics.ts'
import { secondsOrNull } from './seconds.ts'

export interface MetricsSources {
  uptimeMs: number
  metrics: TaskMetrics
  tasks: { queued: number; running: number }
  registry: Pick<Registry, 'stats' | 'cacheStatus' | 'cacheAgeSeconds' | 'directory'>
  health: { reachableCount(): number }
  gate: Pick<MeshGate, 'stats'>
  store: Pick<TaskStore, 'fault' | 'stats'>
}

/** The same cost however many tasks there have been. */
export function metricsView(sources: MetricsSources) {
  const { metrics, tasks, registry, health, gate, store } = sources
  const { openCircuits, overloaded, circuitOpen } = gate.stats()
  const syncs = registry.stats()
  return {
    service: SERVICE,
    version: VERSION,
    uptime_seconds: Math.floor(sources.uptimeMs / 1000),
    tasks: {
      total: metrics.total,
      ...metrics.ended,
      queued: tasks.queued,
      running: tasks.running,
      success_rate_percent: metrics.successRatePercent,
      avg_response_time_ms: metrics.averageMs,
      p50_response_time_ms: metrics.percentileMs(50),
      p95_response_time_ms: metrics.percentileMs(95),
      p99_response_time_ms: metrics.percentileMs(99),
    },
    retry: {
      total_retries: metrics.retries,
      retry_success_count: metrics.retriedToSuccess,
      retry_final_fail_count: metrics.retriedInVain,
    },
    registry: {
      syncs_total: syncs.syncsTotal,
      syncs_success: syncs.syncsSuccess,
      syncs_error: syncs.syncsError,
      last_sync: secondsOrNull(syncs.lastSyncAt),
      last_sync_duration_ms: syncs.lastSyncDurationMs,
      cache_age_seconds: registry.cacheAgeSeconds(),
      cache_status: registry.cacheStatus(),
    },
    gate: {
      circuits_open: openCircuits,
      refused_overloaded: overloaded,
      refused_circuit_open: circuitOpen,
    },
    store: { ...store.stats, writable: store.fault === null },
    droplets_known: registry.directory().size,
    droplets_reachable: health.reachableCount(),
  }
}
