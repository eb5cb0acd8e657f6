/** What a scrape tells of the service as a whole: the numbers of the JSON form, and the process. */
import type { DropletHealth } from '../droplets/health.ts'
import type { MeshGate } from '../droplets/mesh-gate.ts'
import type { ProcessUsage } from '../ports.ts'
import type { Registry } from '../registry/registry.ts'
import type { TaskStore } from '../store/store.ts'
import { VERSION } from '../version.ts'
import { counter, counters, gauge, gauges, histogramSamples, type Family } from './family.ts'
import type { RequestDurations } from './request-durations.ts'
import type { TaskMetrics } from './task-metrics.ts'

export interface ServiceSources {
  readonly metrics: TaskMetrics
  readonly tasks: {
    readonly queued: number
    readonly running: number
    oldestAgeMs(): number | null
  }
  readonly registry: Pick<Registry, 'stats' | 'cacheStatus' | 'cacheAgeSeconds' | 'directory'>
  readonly health: Pick<DropletHealth, 'reachableCount'>
  readonly gate: Pick<MeshGate, 'stats'>
  readonly store: Pick<TaskStore, 'fault' | 'stats'>
  readonly requests: RequestDurations
  /** null where it is not known. */
  readonly usage: (() => ProcessUsage) | null
}

/** `lagMs`: how long the last turn of the event loop took. */
export function serviceFamilies(sources: ServiceSources, lagMs: number): Family[] {
  return [
    ...taskFamilies(sources),
    ...gateFamilies(sources),
    ...registryFamilies(sources),
    ...storeFamilies(sources),
    requestFamily(sources),
    ...processFamilies(sources, lagMs),
  ]
}

function taskFamilies({ tasks, metrics }: ServiceSources): Family[] {
  const { queued, running } = tasks
  return [
    gauges(
      'orchestrator_queue_depth',
      'Tasks that wait for their first attempt, and those that run or wait for another',
      'state',
      { queued, running },
    ),
    gauge(
      'orchestrator_oldest_task_age_seconds',
      'How long the oldest waiting task has been due; 0 when none is',
      (tasks.oldestAgeMs() ?? 0) / 1000,
    ),
    counter(
      'orchestrator_retries_total',
      'Requests to droplets after the first of their task',
      metrics.retries,
    ),
    counters(
      'orchestrator_retried_tasks_total',
      'Tasks that have ended after at least one retry, without the cancelled ones',
      'result',
      { success: metrics.retriedToSuccess, failure: metrics.retriedInVain },
    ),
  ]
}

function gateFamilies({ gate }: ServiceSources): Family[] {
  const { openCircuits, overloaded, circuitOpen } = gate.stats()
  return [
    gauge('orchestrator_circuits_open', 'Droplets whose circuit is open', openCircuits),
    counters(
      'orchestrator_gate_refusals_total',
      'New tasks that were refused before anything was sent',
      'reason',
      { overloaded, circuit_open: circuitOpen },
    ),
  ]
}

function registryFamilies({ registry, health }: ServiceSources): Family[] {
  const { syncsSuccess, syncsError, lastSyncAt, lastSyncDurationMs } = registry.stats()
  const status = registry.cacheStatus()
  const is = (each: typeof status) => Number(each === status)
  return [
    counters(
      'orchestrator_registry_syncs_total',
      'Syncs with the Registry that have ended',
      'result',
      { success: syncsSuccess, error: syncsError },
    ),
    gauge(
      'orchestrator_registry_last_sync_timestamp_seconds',
      'When the last successful sync ended, in Unix time',
      inSeconds(lastSyncAt),
    ),
    gauge(
      'orchestrator_registry_last_sync_duration_seconds',
      'How long the last sync took',
      inSeconds(lastSyncDurationMs),
    ),
    gauge(
      'orchestrator_registry_cache_age_seconds',
      'Time since the last successful sync',
      registry.cacheAgeSeconds(),
    ),
    gauges(
      'orchestrator_registry_cache_status',
      'Which state the list of droplets is in: 1 for that, 0 for the others',
      'status',
      { active: is('active'), stale: is('stale'), unavailable: is('unavailable') },
    ),
    gauge('orchestrator_registry_droplets', 'Droplets that are listed', registry.directory().size),
    gauge(
      'orchestrator_registry_droplets_reachable',
      'Those of them that answer',
      health.reachableCount(),
    ),
  ]
}

function storeFamilies({ store }: ServiceSources): Family[] {
  const { commits, writes, failures } = store.stats
  return [
    counter('orchestrator_store_commits_total', 'Commits, each synced to disk', commits),
    counter('orchestrator_store_writes_total', 'Steps of tasks in those commits', writes),
    counter('orchestrator_store_failures_total', 'Commits that failed', failures),
    gauge(
      'orchestrator_store_writable',
      'Whether new tasks can be written: 1 or 0',
      Number(store.fault === null),
    ),
  ]
}

function requestFamily({ requests }: ServiceSources): Family {
  const name = 'http_server_request_duration_seconds'
  return {
    ...{ name, type: 'histogram', help: 'How long requests to this service took' },
    *samples() {
      for (const { method, route, status, histogram } of requests.all()) {
        const labels = {
          http_request_method: method,
          http_route: route,
          http_response_status_code: String(status),
        }
        yield* histogramSamples(name, labels, histogram)
      }
    },
  }
}

function processFamilies({ usage }: ServiceSources, lagMs: number): Family[] {
  const labels = { version: VERSION, bun_version: Bun.version }
  const build: Family = {
    name: 'orchestrator_build_info',
    type: 'gauge',
    help: 'Always 1; its labels say what runs',
    samples: () => [{ labels, value: 1 }],
  }
  const lag = gauge(
    'orchestrator_event_loop_lag_seconds',
    'How long other work held up the event loop at the scrape',
    lagMs / 1000,
  )
  return usage ? [build, lag, ...usageFamilies(usage())] : [build, lag]
}

function usageFamilies({ cpuMs, memoryBytes, startedAt }: ProcessUsage): Family[] {
  return [
    counter('process_cpu_seconds_total', 'Processor time that the process has used', cpuMs / 1000),
    gauge('process_resident_memory_bytes', 'Resident memory', memoryBytes),
    gauge('process_start_time_seconds', 'When the process started, in Unix time', startedAt / 1000),
  ]
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}
