/** The composition root: the engine, a database below it and HTTP in front of it. */
import { LiveTokens } from './access/live-tokens.ts'
import type { Config } from './config/config.ts'
import { shownDatabase } from './config/database.ts'
import { createEngine, type Engine } from './engine.ts'
import { errorText } from './errors.ts'
import { EventBus } from './events.ts'
import { createApp } from './http/app.ts'
import { Feed } from './http/live/feed.ts'
import { readCertificate, type Certificate } from './platform/certificate.ts'
import { validityFault } from './platform/certificate-validity.ts'
import { watchFile } from './platform/file-changes.ts'
import { processUsage } from './platform/process-usage.ts'
import type { Ports } from './ports.ts'
import { fileCache } from './registry/disk-cache.ts'
import { GroupCommitStore } from './store/group-commit.ts'
import { openDatabase } from './store/open.ts'
import type { SpanSink } from './spans.ts'
import { traceTasks } from './telemetry/task-spans.ts'
import { dashboard } from './web/assets.ts'

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
  /** Reads again what changes while it runs: the tokens. */
  reload(): Promise<void>
  /** Drains, then lets go of everything. Safe twice, safe unstarted. */
  stop(): Promise<void>
}

/**
 * Reads the tokens and the certificate and opens the database; rejects with a message for people
 * when that can't be. `open`: the benchmark measures the service without a database, too.
 */
export async function createOrchestrator(
  config: Config,
  ports: Ports,
  open: typeof openDatabase = openDatabase,
): Promise<Orchestrator> {
  const { clock, log, newId } = ports
  const tls = await tlsOptions(config, ports)
  const events = new EventBus(log)
  const tokens = await openTokens(config, ports)
  const database = await open(config, ports).catch((error) => {
    const reason = `The database ${shownDatabase(config.task.db)} cannot be used: ${errorText(error)}`
    throw new Error(reason, { cause: error })
  })
  const store = new GroupCommitStore(database, { clock, log, emit: events.emit })
  const cache = fileCache(config.registry.cacheDir, log, newId)
  const publicUrl = () => config.publicUrl ?? (app.server ? localUrl(app.server) : null)
  const spans = await openSpans(config, ports, events)
  const engine = createEngine({ config, ports, store, events, cache, publicUrl })
  const feed = new Feed(engine, events, ports)
  const app = createApp(engine, { ...ports, usage: processUsage, tokens, feed, dashboard })

  const { start, stop } = lifeOf({ config, tls, clock, engine, app, feed, tokens, spans })
  return {
    engine,
    get url() {
      if (!app.server) throw new Error('the orchestrator has not been started')
      return app.server.url.origin
    },
    start,
    reload: async () => tokens?.reread(),
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

interface Parts {
  config: Pick<Config, 'host' | 'port'>
  tls: { tls?: Certificate }
  clock: Ports['clock']
  engine: Engine
  app: ReturnType<typeof createApp>
  feed: Feed
  tokens: LiveTokens | null
  spans: SpanSink | null
}

/** Stopping is the reverse of starting. Each happens once. */
function lifeOf({
  config,
  tls,
  clock,
  engine,
  app,
  feed,
  tokens,
  spans,
}: Parts): Pick<Orchestrator, 'start' | 'stop'> {
  let starting: Promise<void> | undefined
  let stopping: Promise<void> | undefined

  async function recoverAndListen(): Promise<void> {
    await engine.recover()
    if (stopping) return
    tokens?.start()
    app.listen({ port: config.port, hostname: config.host, ...tls })
    // After listening: we register under the port that we got.
    await engine.start()
    feed.start()
  }

  async function drainAndClose(): Promise<void> {
    await starting?.catch(() => {})
    const server = app.server
    // Stopping the server would close every idle connection. Whoever asks while we drain, for a
    // task or for our readiness, is told that we drain.
    await engine.drain()
    // The server waits for streams.
    feed.stop()
    await Promise.race([server?.stop(), clock.sleep(LAST_ANSWERS_MS)])
    await server?.stop(true)
    tokens?.stop()
    await engine.stop()
    await spans?.stop()
  }

  return {
    start: () => (starting ??= stopping ?? recoverAndListen()),
    stop: () => (stopping ??= drainAndClose()),
  }
}

async function openTokens({ access }: Config, { clock, log }: Ports): Promise<LiveTokens | null> {
  if (access.tokensFile === null) return null
  return LiveTokens.open(access.tokensFile, { clock, log, watchFile })
}

/** The SDK is loaded only where it is used. */
async function openSpans(
  { traces }: Config,
  ports: Ports,
  events: EventBus,
): Promise<SpanSink | null> {
  const { endpoint, headers, share } = traces
  if (endpoint === null) return null
  const { openOtlp } = await import('./platform/otlp.ts')
  const sink = openOtlp({ ...ports, endpoint, headers })
  traceTasks(events, sink, share)
  return sink
}

async function tlsOptions({ tls }: Config, { clock, log }: Ports): Promise<{ tls?: Certificate }> {
  const certificate = await readCertificate(tls)
  if (!certificate) return {}
  const fault = validityFault(tls, certificate, clock.now())
  if (fault !== null) log.warning('clients will refuse the certificate', { reason: fault })
  return { tls: certificate }
}

function localUrl({ port, url }: { port?: number | undefined; url: URL }): string {
  return `${url.protocol}//localhost:${port}`
}
