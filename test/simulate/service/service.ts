/**
 * The only place that creates the service: its real code, wired as `src/orchestrator.ts` wires
 * it, but without HTTP.
 */
import type { Config } from '../../../src/config/config.ts'
import { TaskMetrics } from '../../../src/telemetry/task-metrics.ts'
import type { Ports } from '../../../src/ports.ts'
import type { DirectoryCache } from '../../../src/registry/disk-cache.ts'
import { createReachability } from '../../../src/droplets/health.ts'
import { createRegistry } from '../../../src/registry/registry.ts'
import type { FinalStatus } from '../../../src/task.ts'
import { TaskService } from '../../../src/tasks/task-service.ts'
import type { Engine } from '../../../src/store/driver.ts'
import { GroupCommitStore } from '../../../src/store/group-commit.ts'
import { taskServiceClient, type ServiceClient } from './service-client.ts'

/** What the simulation puts in the place of the outside world. */
export interface SimulatedPorts extends Ports {
  engine: Engine
  cache: DirectoryCache
}

export interface Service {
  readonly client: ServiceClient
  start(): Promise<void>
  stop(): Promise<void>
  /** What the service says of itself. */
  report(): ServiceReport
}

export interface ServiceReport {
  /** Tasks that ended in this process. */
  ended: Readonly<Record<FinalStatus, number>>
  retries: number
  running: number
  queued: number
  storeWritable: boolean
}

export function createService(config: Config, ports: SimulatedPorts): Service {
  const { clock, fetch, log, engine, cache } = ports
  const metrics = new TaskMetrics()
  const store = new GroupCommitStore(engine, { clock, log })
  const publicUrl = () => config.publicUrl
  const registry = createRegistry({ config, clock, fetch, log, cache, publicUrl })
  const reachability = createReachability({
    clock,
    fetch,
    intervalMs: config.probeIntervalMs,
    droplets: () => registry.directory().droplets,
  })
  const tasks = new TaskService({ config, ports, store, metrics, registry, reachability })

  return {
    client: taskServiceClient(tasks, config.task),
    async start() {
      await tasks.recover()
      await registry.start()
      reachability.start()
      tasks.start()
    },
    async stop() {
      await tasks.drain(config.shutdownGraceMs)
      await reachability.stop()
      await registry.stop()
      await store.close()
    },
    report: () => ({
      ended: metrics.ended,
      retries: metrics.retries,
      running: tasks.running,
      queued: tasks.queued,
      storeWritable: store.writable,
    }),
  }
}
