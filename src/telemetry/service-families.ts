/** What a scrape tells of the service as a whole: the numbers of the JSON form. */
import type { Load } from '../delivery/load.ts'
import type { DropletHealth } from '../droplets/health.ts'
import type { MeshGate } from '../droplets/mesh-gate.ts'
import type { Registry } from '../registry/registry.ts'
import type { TaskStore } from '../store/store.ts'
import { counter, counters, gauge, gauges, type Family } from './family.ts'
import type { TaskMetrics } from './task-metrics.ts'

export interface ServiceSources {
  readonly metrics: TaskMetrics
  readonly tasks: { load(): Load }
  readonly registry: Pick<Registry, 'stats' | 'cacheStatus' | 'cacheAgeSeconds' | 'directory'>
  readonly health: Pick<DropletHealth, 'reachableCount'>
  readonly gate: Pick<MeshGate, 'stats'>
  readonly store: Pick<TaskStore, 'fault' | 'stats' | 'shared'>
}

export function serviceFamilies(sources: ServiceSources): Family[] {
  return [
    ...taskFamilies(sources),
    ...gateFamilies(sources),
    ...registryFamilies(sources),
    ...storeFamilies(sources),
  ]
}

function taskFamilies({ tasks, metrics }: ServiceSources): Family[] {
  const { queued, running, oldestAgeMs } = tasks.load()
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
      (oldestAgeMs ?? 0) / 1000,
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
    ...sharedFamilies(store),
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

function sharedFamilies({ shared }: ServiceSources['store']): Family[] {
  if (!shared) return []
  return [
    gauge(
      'orchestrator_shared_queue_depth',
      'Tasks that wait and that no node has, as all nodes see them',
      shared.backlog,
    ),
    gauge(
      'orchestrator_shared_oldest_task_age_seconds',
      'How long the oldest one of those has been due; 0 when none is',
      shared.backlogDueMs / 1000,
    ),
  ]
}

function inSeconds(ms: number | null): number | null {
  return ms === null ? null : ms / 1000
}
