/**
 * The service without HTTP and without a database of its own: the orchestrator serves it over
 * HTTP with SQLite, the simulator runs it on simulated time and a simulated disk.
 */
import type { Config } from './config/config.ts'
import { Delivery } from './delivery/delivery.ts'
import { createSign } from './delivery/signature.ts'
import { AllowList } from './droplets/allow-list.ts'
import { dialOnly } from './droplets/dial.ts'
import type { Gate } from './droplets/gate.ts'
import { createHealth, type DropletHealth } from './droplets/health.ts'
import { MeshGate } from './droplets/mesh-gate.ts'
import { createRouter } from './droplets/router.ts'
import type { EventBus } from './events.ts'
import type { Ports } from './ports.ts'
import type { DirectoryCache } from './registry/disk-cache.ts'
import { createRegistry, type Registry } from './registry/registry.ts'
import type { TaskStore } from './store/store.ts'
import { TaskService } from './tasks/task-service.ts'
import { DropletLatencies } from './telemetry/droplet-latencies.ts'
import { DropletMetrics } from './telemetry/droplet-metrics.ts'
import { logTasks } from './telemetry/task-log.ts'
import { TaskMetrics } from './telemetry/task-metrics.ts'

export interface EngineParts {
  config: Config
  ports: Ports
  /** Its commits emit into `events`. */
  store: TaskStore
  events: EventBus
  cache: DirectoryCache
  /** What we register as; null while it is not known yet. */
  publicUrl(): string | null
  /** Stands before that of the engine, or takes its place. */
  gate?: (own: MeshGate) => Gate
}

export interface Engine {
  readonly config: Config
  readonly tasks: TaskService
  readonly registry: Registry
  readonly health: DropletHealth
  readonly gate: Pick<MeshGate, 'of' | 'stats'>
  readonly store: TaskStore
  readonly metrics: TaskMetrics
  readonly latencies: DropletLatencies
  /** What `metrics` has, by droplet, for Prometheus. */
  readonly droplets: DropletMetrics
  uptimeMs(): number
  /**
   * Takes over what an earlier process left: the tasks that are unfinished, none of which runs
   * yet, and the list of droplets.
   */
  recover(): Promise<void>
  /** Begins to sync, to probe and to run asynchronous tasks. */
  start(): Promise<void>
  /** Refuses new tasks and gives those under way the configured grace. */
  drain(): Promise<void>
  /** Ends all timers and requests, and closes the store. May be called again, or unstarted. */
  stop(): Promise<void>
}

export function createEngine(parts: EngineParts): Engine {
  const { config, store, events, cache, publicUrl } = parts
  const allowList = new AllowList(config.droplets.allow, config.registry.url)
  const ports = { ...parts.ports, fetch: dialOnly(allowList, parts.ports) }
  const { clock } = ports
  const startTick = clock.monotonic()

  const registry = createRegistry({ ...ports, config, cache, publicUrl, allowList })
  const intervalMs = config.probeIntervalMs
  const health = createHealth({ ...ports, events, intervalMs, list: registry })
  const gate = gateOf(parts, registry, health)
  const delivery = new Delivery({
    ...ports,
    ...config.task,
    store,
    events,
    router: createRouter(registry),
    gate: parts.gate?.(gate) ?? gate,
    sign: createSign(config.droplets.signingSecrets),
    traceShare: config.traces.endpoint === null ? 1 : config.traces.share,
  })
  const tasks = new TaskService({ config, ports, store, registry, delivery, events })

  return {
    ...{ config, tasks, registry, health, gate, store },
    ...measure(parts),
    uptimeMs: () => clock.monotonic() - startTick,
    async recover() {
      await Promise.all([delivery.recover(), registry.restore()])
    },
    async start() {
      await registry.start()
      health.start()
      delivery.start()
    },
    drain() {
      const drained = tasks.drain(config.shutdownGraceMs)
      // Nobody waits for a droplet to which nothing can be sent any more.
      registry.releaseLookUps()
      return drained
    },
    async stop() {
      delivery.stop()
      gate.stop()
      await health.stop()
      await registry.stop()
      await store.close()
    },
  }
}

/** After all others have subscribed to the events: what they do is to be counted. */
function measure({
  config,
  events,
  ports,
}: EngineParts): Pick<Engine, 'metrics' | 'latencies' | 'droplets'> {
  const { clock, log } = ports
  const metrics = new TaskMetrics(events)
  const latencies = new DropletLatencies(clock, events)
  const droplets = new DropletMetrics(events, config.metricsMaxDroplets)
  logTasks(events, log, clock)
  return { metrics, latencies, droplets }
}

function gateOf({ config, ports }: EngineParts, list: Registry, health: DropletHealth): MeshGate {
  return new MeshGate({
    ...ports,
    ...config.droplets,
    list,
    maxRunning: config.task.maxRunning,
    patienceMs: config.task.timeoutMs,
    look: (name) => health.lookAt(name),
  })
}
