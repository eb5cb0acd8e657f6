/** One run of the service: its real code, wired as `src/orchestrator.ts` does it, but for HTTP. */
import type { Config } from '../../src/config/config.ts'
import { TaskMetrics } from '../../src/telemetry/task-metrics.ts'
import type { Clock, Fetch, Log, Ports } from '../../src/ports.ts'
import type { DirectoryCache } from '../../src/registry/disk-cache.ts'
import { createReachability, type Reachability } from '../../src/droplets/health.ts'
import { createRegistry, type Registry } from '../../src/registry/registry.ts'
import { TaskService } from '../../src/tasks/task-service.ts'
import type { Engine } from '../../src/store/driver.ts'
import { GroupCommitStore } from '../../src/store/group-commit.ts'
import type { Process } from './process.ts'

export interface Surroundings {
  config: Config
  clock: Clock
  fetch: Fetch
  log: Log
  engine: Engine
  cache: DirectoryCache
  newId(): string
}

export class Life {
  readonly metrics = new TaskMetrics()
  readonly store: GroupCommitStore
  readonly registry: Registry
  readonly service: TaskService
  readonly #reachability: Reachability

  constructor(
    readonly process: Process,
    readonly config: Config,
    { clock, fetch, log, engine, cache, newId }: Surroundings,
  ) {
    const ports: Ports = { clock, fetch, log, newId }
    this.store = new GroupCommitStore(engine, { clock, log })
    const publicUrl = () => config.publicUrl
    this.registry = createRegistry({ config, clock, fetch, log, cache, publicUrl })
    this.#reachability = createReachability({
      clock,
      fetch,
      intervalMs: config.probeIntervalMs,
      droplets: () => this.registry.directory().droplets,
    })
    const { store, metrics, registry } = this
    const reachability = this.#reachability
    this.service = new TaskService({ config, ports, store, metrics, registry, reachability })
  }

  async start(): Promise<void> {
    await this.service.recover()
    await this.registry.start()
    this.#reachability.start()
    this.service.start()
  }

  async stop(): Promise<void> {
    await this.service.drain(this.config.shutdownGraceMs)
    await this.#reachability.stop()
    await this.registry.stop()
    await this.store.close()
  }
}
