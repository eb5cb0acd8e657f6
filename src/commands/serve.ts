import { loadConfig, type Config } from '../config/config.ts'
import { errorText } from '../errors.ts'
import { createOrchestrator, type Orchestrator } from '../orchestrator.ts'
import { listenFailure } from '../platform/listen-failure.ts'
import { systemPorts } from '../platform/system-ports.ts'
import type { Log, Ports } from '../ports.ts'
import { VERSION } from '../version.ts'
import {
  configWorld,
  EXIT,
  hasColour,
  readArguments,
  reportFaults,
  type CommandIo,
} from './command.ts'
import { misspeltNames } from './misspelt.ts'

/** Exit code after a second signal: the one that a shell reports for a death by SIGINT. */
const EXIT_AT_ONCE = 130

/** `orchestrator serve`: runs the service until a signal stops it. */
export async function serve(args: string[], io: CommandIo): Promise<number> {
  if (!readArguments('serve', args, io)) return EXIT.usage
  const loaded = loadConfig(io.env, configWorld(io))
  if (!loaded.ok) return reportFaults(io, loaded.faults)
  const ports = systemPorts(io.openLog({ ...loaded.config.log, colour: hasColour(io) }))
  const misspelt = misspeltNames(io)
  if (misspelt.length > 0) ports.log.warning('settings are misspelt', { misspelt })
  const orchestrator = await launch(loaded.config, ports, io)
  if (!orchestrator) return EXIT.failed
  const { url } = orchestrator
  const { config } = loaded
  ports.log.info('listening', { url, version: VERSION, database: config.task.db })
  await runUntilStopped(orchestrator, ports.log, io)
  return EXIT.ok
}

/** Waits for the first SIGTERM or SIGINT, and stops the service then, saying what that waits for. */
export async function runUntilStopped(
  orchestrator: Orchestrator,
  log: Log,
  io: CommandIo,
): Promise<void> {
  const { config, tasks } = orchestrator.engine
  await stopSignal(io, () => tasks.running)
  log.info('stopping', {
    running: tasks.running,
    queued: tasks.queued,
    grace_seconds: config.shutdownGraceMs / 1000,
    hint: 'a second signal ends it at once',
  })
  await orchestrator.stop()
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
    io.stderr(`The database ${config.task.db} cannot be used: ${errorText(error)}\n`)
    return null
  }
  try {
    await orchestrator.start()
    return orchestrator
  } catch (error) {
    io.stderr(`${await listenFailure(error, config, portHint)}\n`)
    await orchestrator.stop()
    return null
  }
}

/** Resolves at the first SIGTERM or SIGINT; the second ends the process at once, and says so. */
function stopSignal(io: CommandIo, running: () => number): Promise<void> {
  return new Promise((resolve) => {
    let signals = 0
    io.onStopSignal(() => {
      if (signals++ === 0) return resolve()
      const count = running()
      io.stderr(`ended at once; ${count} ${count === 1 ? 'task was' : 'tasks were'} running\n`)
      io.exit(EXIT_AT_ONCE)
    })
  })
}
