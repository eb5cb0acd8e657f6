import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { isPostgres } from '../config/database.ts'
import { VARIABLES } from '../config/variables.ts'
import { createDevEcho } from '../dev/echo.ts'
import { createDevRegistry } from '../dev/registry.ts'
import type { DevServer } from '../dev/server.ts'
import { listenFailure } from '../platform/listen-failure.ts'
import { systemPorts } from '../platform/system-ports.ts'
import { EXIT, hasColour, misused, readArguments, type Command, type CommandIo } from './command.ts'
import { welcome } from './dev-welcome.ts'
import { launch, runUntilStopped } from './serve.ts'
import { loadSettings } from './settings.ts'

const LOOPBACK = '127.0.0.1'
/** It would take tasks of the others, and know none of their droplets. */
const NOT_SHARED = 'dev has a mesh of its own, and takes a file or nothing; see orchestrator serve'

export const DEV: Command = {
  name: 'dev',
  synopsis: '[--port N] [--registry-port N]',
  summary: 'run it with a Registry and a droplet of its own, to try it out',
  details: `
Listens on this machine only and prints curl lines that work as printed. It keeps no tasks unless
TASK_DB is set, to a file: other nodes of a Postgres could not reach its droplet.

  --port N           where the Orchestrator listens: 8001, 0 for any free one
  --registry-port N  where its Registry listens: 8000, 0 for any free one

  orchestrator dev --port 9001 --registry-port 9000
`,
  serves: true,
  run: dev,
}

/**
 * `orchestrator dev`: runs a small mesh in one process (a Registry, a droplet `echo` and the
 * Orchestrator) and prints curl lines to try it with. It keeps no tasks unless TASK_DB is set.
 */
export async function dev(args: string[], io: CommandIo): Promise<number> {
  const ports = readPorts(args, io)
  if (!ports) return EXIT.usage
  const registry = createDevRegistry()
  const echo = createDevEcho()
  try {
    const registryUrl = await listen(io, ports.registry, registry)
    const echoUrl = registryUrl && (await listen(io, 0, echo))
    if (!registryUrl || !echoUrl) return EXIT.failed
    await register(registry, echoUrl)
    return await orchestrate(io, ports.own, registryUrl)
  } finally {
    await echo.stop()
    await registry.stop()
  }
}

async function orchestrate(io: CommandIo, port: string, registryUrl: string): Promise<number> {
  const loaded = await loadSettings(io, {
    HOST: LOOPBACK,
    TASK_DB: ':memory:',
    REGISTRY_CACHE_DIR: join(tmpdir(), `orchestrator-dev-${port}`),
    REGISTRY_SYNC_INTERVAL: '5',
    ...io.env,
    PORT: port,
    REGISTRY_URL: registryUrl,
  })
  if (!loaded) return EXIT.config
  if (isPostgres(loaded.config.task.db)) {
    io.stderr(`TASK_DB is a Postgres, and its nodes share all work: ${NOT_SHARED}\n`)
    return EXIT.config
  }
  const ports = systemPorts(io.openLog({ ...loaded.config.log, colour: hasColour(io) }))
  const orchestrator = await launch(loaded.config, ports, io, otherPort('port'))
  if (!orchestrator) return EXIT.failed
  // The first sync: the printed lines must work as soon as they are printed.
  await orchestrator.engine.registry.refresh()
  const { protocol, port: bound } = new URL(orchestrator.url)
  io.stdout(welcome(`${protocol}//localhost:${bound}`, registryUrl))
  await runUntilStopped(orchestrator, ports, io)
  return EXIT.ok
}

const PORT_FLAGS = { port: VARIABLES.PORT.default, 'registry-port': '8000' }

function readPorts(args: string[], io: CommandIo): { own: string; registry: number } | null {
  const given = readArguments(DEV, args, io, { flags: PORT_FLAGS })
  if (!given) return null
  const { kind } = VARIABLES.PORT
  for (const [flag, value] of Object.entries(given.flags)) {
    if (kind.parse(value) === undefined) {
      return misused(DEV, io, `--${flag} ${value}: must be ${kind.allowed}`)
    }
  }
  return { own: given.flags.port, registry: Number(given.flags['registry-port']) }
}

/** The URL of the server; null, with the reason on stderr, when it can't have the port. */
async function listen(io: CommandIo, port: number, server: DevServer): Promise<string | null> {
  try {
    return server.listen({ port, hostname: LOOPBACK }).url
  } catch (error) {
    const at = { host: LOOPBACK, port }
    io.stderr(`${await listenFailure(error, at, otherPort('registry-port'))}\n`)
    return null
  }
}

function otherPort(flag: keyof typeof PORT_FLAGS): string {
  return `choose another with --${flag} N; 0 takes a free one`
}

/** Without the network: the Registry is in this process. */
async function register(registry: DevServer, endpoint: string): Promise<void> {
  const body = JSON.stringify({ name: 'echo', endpoint })
  await registry.fetch(new Request('http://localhost/droplets', { method: 'POST', body }))
}
