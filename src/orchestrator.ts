/** The composition root: the whole wiring, from top to bottom. */
import type { Config } from './config/config.ts'
import type { Api } from './http/api.ts'
import { createApp } from './http/app.ts'
import { TaskMetrics } from './telemetry/task-metrics.ts'
import { systemPorts } from './platform/system-ports.ts'
import type { Ports } from './ports.ts'
import { fileCache } from './registry/disk-cache.ts'
import { createReachability } from './droplets/health.ts'
import { createRegistry } from './registry/registry.ts'
import { TaskService } from './tasks/task-service.ts'
import { GroupCommitStore } from './store/group-commit.ts'
import { threadEngine } from './store/sqlite/thread.ts'

/** How long answers may take to get out once their tasks have ended, ms. */
const LAST_ANSWERS_MS = 1000

export interface Orchestrator extends AsyncDisposable {
  readonly api: Api
  /** `http://host:port`, once it has started. */
  readonly url: string
  /** Listens. Rejects with a message for people when the port is not to be had. */
  start(): Promise<void>
  /** Drains, then lets go of everything. Safe twice, safe unstarted. */
  stop(): Promise<void>
}

/** Opens the database; rejects with a message for people when that can't be. */
export async function createOrchestrator(
  config: Config,
  ports: Ports = systemPorts(config.log),
): Promise<Orchestrator> {
  const { clock, fetch, log } = ports
  const startTick = clock.monotonic()

  const retention = { maxFinished: config.task.maxHistory, ttlMs: config.task.historyTtlMs }
  const engine = await threadEngine(config.task.db, retention)
  const store = new GroupCommitStore(engine, { clock, log })
  const metrics = new TaskMetrics()

  const cache = fileCache(config.registry.cacheDir, log, ports.newId)
  const publicUrl = () =>
    config.publicUrl ?? (app.server ? `http://localhost:${app.server.port}` : null)
  const registry = createRegistry({ config, clock, fetch, log, cache, publicUrl })
  const reachability = createReachability({
    clock,
    fetch,
    intervalMs: config.probeIntervalMs,
    droplets: () => registry.directory().droplets,
  })

  const tasks = new TaskService({ config, ports, store, metrics, registry, reachability })
  const uptimeMs = () => clock.monotonic() - startTick
  const api: Api = { config, log, tasks, registry, reachability, store, metrics, uptimeMs }
  const app = createApp(api)

  async function start(): Promise<void> {
    await tasks.recover()
    app.listen({ port: config.port, hostname: config.host })
    // After listening: we register under the port that we got.
    await registry.start()
    reachability.start()
    tasks.start()
  }

  let stopping: Promise<void> | undefined
  async function drainAndClose(): Promise<void> {
    const server = app.server
    // Not stopped yet: that would close every idle connection, and who asks while we drain, be it
    // with a task or for our readiness, is to hear that we do.
    await tasks.drain(config.shutdownGraceMs)
    await Promise.race([server?.stop(), clock.sleep(LAST_ANSWERS_MS)])
    await server?.stop(true)
    await reachability.stop()
    await registry.stop()
    await store.close()
  }
  const stop = () => (stopping ??= drainAndClose())

  return {
    api,
    get url() {
      if (!app.server) throw new Error('the orchestrator has not been started')
      return app.server.url.origin
    },
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}
