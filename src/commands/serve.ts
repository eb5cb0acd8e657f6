import type { Config } from '../config/config.ts'
import { isPostgres, shownDatabase } from '../config/database.ts'
import { errorText } from '../errors.ts'
import { createOrchestrator, type Orchestrator } from '../orchestrator.ts'
import { listenFailure } from '../platform/listen-failure.ts'
import { systemPorts } from '../platform/system-ports.ts'
import type { Ports } from '../ports.ts'
import { VERSION } from '../version.ts'
import { EXIT, hasColour, readArguments, type Command, type CommandIo } from './command.ts'
import { misspeltNames } from './misspelt.ts'
import { warnIfOpenToAll } from './open-to-all.ts'
import { reloadLogLevel } from './log-level.ts'
import { loadSettings } from './settings.ts'
import { serviceManager } from './service-manager.ts'
import { statusLine, stoppingLine } from './status-line.ts'
import { stopSignal } from './stop-signal.ts'

export const SERVE: Command = {
  name: 'serve',
  summary: 'run the service (the default)',
  details: `
Takes its settings from the environment: 'orchestrator check' prints them. SIGTERM or Ctrl-C lets
running tasks end, for SHUTDOWN_GRACE seconds at most; a second one ends it at once.

  orchestrator serve --env-file /etc/fpai/orchestrator.env
  REGISTRY_URL=file:droplets.json TASK_DB=tasks.db orchestrator
`,
  readsSettings: true,
  serves: true,
  run: serve,
}

/** `orchestrator serve`: runs the service until a signal stops it. */
export async function serve(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments(SERVE, args, io)) return EXIT.usage
  const loaded = await loadSettings(io, io.env)
  if (!loaded) return EXIT.config
  const log = io.openLog({ ...loaded.config.log, colour: hasColour(io) })
  const ports = systemPorts(log)
  const reloadLevel = reloadLogLevel(io, log)
  const misspelt = misspeltNames(io)
  if (misspelt.length > 0) ports.log.warning('settings are misspelt', { misspelt })
  const orchestrator = await launch(loaded.config, ports, io)
  if (!orchestrator) return EXIT.failed
  const { url } = orchestrator
  const { config } = loaded
  const { db } = config.task
  ports.log.info('listening', {
    ...{ url, version: VERSION, database: shownDatabase(db) },
    ...(isPostgres(db) ? { node: config.nodeName } : {}),
  })
  await runUntilStopped(orchestrator, ports, io, reloadLevel)
  return EXIT.ok
}

/**
 * Waits for the first SIGTERM or SIGINT, and stops the service then, saying what that waits for.
 * Until then a SIGHUP makes it read its files again, and `alsoReload` is called. systemd is told of
 * all that.
 */
export async function runUntilStopped(
  orchestrator: Orchestrator,
  { clock, log }: Pick<Ports, 'clock' | 'log'>,
  io: CommandIo,
  alsoReload = () => {},
): Promise<void> {
  const { engine } = orchestrator
  const { config, tasks } = engine
  const manager = serviceManager(io.ownEnv, { clock, log, pid: io.pid })
  const reload = () => {
    alsoReload()
    return orchestrator.reload()
  }
  io.onReloadSignal(() => void manager.reloading(reload))
  manager.ready(statusLine(engine, clock))
  await stopSignal(io, clock, () => tasks.running)
  log.info('stopping', {
    running: tasks.running,
    queued: tasks.queued,
    grace_seconds: config.shutdownGraceMs / 1000,
    hint: 'a second signal ends it at once',
  })
  manager.stopping(config.shutdownGraceMs, () => stoppingLine(tasks))
  await orchestrator.stop()
  manager.stop()
  log.info('stopped')
}

/**
 * Starts the service. If it can't, writes one line with the reason to stderr; null then.
 * `portHint`: what to do when the port is in use.
 */
export async function launch(
  config: Config,
  ports: Ports,
  io: CommandIo,
  portHint = '',
): Promise<Orchestrator | null> {
  let orchestrator: Orchestrator | null = null
  try {
    orchestrator = await createOrchestrator(config, ports)
  } catch (error) {
    io.stderr(`${errorText(error)}\n`)
    return null
  }
  warnIfOpenToAll(config, ports.log)
  try {
    await orchestrator.start()
    return orchestrator
  } catch (error) {
    io.stderr(`${await listenFailure(error, config, portHint)}\n`)
    await orchestrator.stop()
    return null
  }
}
