/** What the routes know of the house. */
import type { Config } from '../config.ts'
import type { TaskMetrics } from '../metrics/task-metrics.ts'
import type { Log } from '../ports.ts'
import type { Reachability } from '../registry/probe.ts'
import type { Registry } from '../registry/sync.ts'
import type { TaskService } from '../service/task-service.ts'
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
