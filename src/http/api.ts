/** What the routes know of the house. */
import type { Config } from '../config/config.ts'
import type { TaskMetrics } from '../telemetry/task-metrics.ts'
import type { Log } from '../ports.ts'
import type { Reachability } from '../droplets/health.ts'
import type { Registry } from '../registry/registry.ts'
import type { TaskService } from '../tasks/task-service.ts'
import type { GroupCommitStore } from '../store/group-commit.ts'

export interface Api {
  config: Config
  log: Log
  tasks: TaskService
  registry: Registry
  reachability: Reachability
  store: GroupCommitStore
  metrics: TaskMetrics
  uptimeMs(): number
}

export const BASE = '/orchestrator'
export const JSON_TYPE = 'application/json'
