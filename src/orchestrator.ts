/** The composition root: the engine, SQLite below it and HTTP in front of it. */
import type { Config } from './config/config.ts'
import { createEngine, type Engine } from './engine.ts'
import { EventBus } from './events.ts'
import { createApp } from './http/app.ts'
import { readCertificate, type Certificate } from './platform/certificate.ts'
import { processUsage } from './platform/process-usage.ts'
import type { Ports } from './ports.ts'
import { fileCache } from './registry/disk-cache.ts'
import { GroupCommitStore } from './store/group-commit.ts'
import { openSqlite } from './store/sqlite/thread.ts'
import type { Retention } from './store/store.ts'

/** How long answers may take to get out once their tasks have ended, ms. */
const LAST_ANSWERS_MS = 1000

export interface Orchestrator extends AsyncDisposable {
  readonly engine: Engine
  /** `http://host:port`, or `https:`, once it has started. */
  readonly url: string
  /**
   * Listens, unless it was stopped. Rejects with a message for people when the port is not to be
   * had.
   */
  start(): Promise<void>
  /** Drains, then lets go of everything. Safe twice, safe unstarted. */
  stop(): Promise<void>
}

/**
 * Opens the database; rejects with a message for people when that, or the certificate, can't be. `openDatabase`: the
 * benchmark measures the service without one, too.
 */
export async function createOrchestrator(
  config: Config,
  ports: Ports,
  openDatabase: typeof openSqlite = openSqlite,
): Promise<Orchestrator> {
  const { clock, log, newId } = ports
  const tls = tlsOptions(config)
  const events = new EventBus(log)
  const database = await openDatabase(config.task.db, retentionOf(config))
  const store = new GroupCommitStore(database, { clock, log, emit: events.emit })
  const cache = fileCache(config.registry.cacheDir, log, newId)
  const publicUrl = () => config.publicUrl ?? (app.server ? localUrl(app.server) : null)
  const engine = createEngine({ config, ports, store, events, cache, publicUrl })
  const app = createApp(engine, { ...ports, usage: processUsage })

  let starting: Promise<void> | undefined
  let stopping: Promise<void> | undefined

  async function recoverAndListen(): Promise<void> {
    await engine.recover()
    if (stopping) return
    app.listen({ port: config.port, hostname: config.host, ...tls })
    // After listening: we register under the port that we got.
    await engine.start()
  }

  async function drainAndClose(): Promise<void> {
    await starting?.catch(() => {})
    const server = app.server
    // Stopping the server would close every idle connection. Whoever asks while we drain, for a
    // task or for our readiness, is told that we drain.
    await engine.drain()
    await Promise.race([server?.stop(), clock.sleep(LAST_ANSWERS_MS)])
    await server?.stop(true)
    await engine.stop()
  }
  const start = () => (starting ??= stopping ?? recoverAndListen())
  const stop = () => (stopping ??= drainAndClose())

  return {
    engine,
    get url() {
      if (!app.server) throw new Error('the orchestrator has not been started')
      return app.server.url.origin
    },
    start,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function tlsOptions({ tls }: Config): { tls?: Certificate } {
  const certificate = readCertificate(tls)
  return certificate ? { tls: certificate } : {}
}

function localUrl({ port, url }: { port?: number | undefined; url: URL }): string {
  return `${url.protocol}//localhost:${port}`
}

function retentionOf({ task }: Config): Retention {
  return { maxFinished: task.maxHistory, ttlMs: task.historyTtlMs }
}
