import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import { loadConfig } from '../config/config.ts'
import { errorText } from '../errors.ts'
import { systemPorts } from '../platform/system-ports.ts'
import { configWorld, EXIT, reportFaults, type CommandIo } from './command.ts'
import { createDevEcho } from '../dev/echo.ts'
import { createDevRegistry } from '../dev/registry.ts'
import { launch, stopSignal } from './serve.ts'

const USAGE = 'Usage: orchestrator dev [--port N] [--registry-port N]'
const LOOPBACK = '127.0.0.1'

/**
 * `orchestrator dev`: a small mesh in one process: a Registry, a droplet `echo` and the
 * Orchestrator, and curl lines to try it with. It keeps nothing unless TASK_DB says where.
 */
export async function dev(args: string[], io: CommandIo): Promise<number> {
  const ports = readPorts(args, io)
  if (!ports) return EXIT.usage
  const registry = createDevRegistry()
  const echo = createDevEcho()
  try {
    const registryUrl = listen(io, 'the Registry', ports.registry, registry)
    const echoUrl = registryUrl && listen(io, 'the droplet echo', 0, echo)
    if (!registryUrl || !echoUrl) return EXIT.failed
    await register(registryUrl, echoUrl)
    return await orchestrate(io, ports.own, registryUrl)
  } finally {
    await echo.stop()
    await registry.stop()
  }
}

async function orchestrate(io: CommandIo, port: string, registryUrl: string): Promise<number> {
  const loaded = loadConfig(
    {
      HOST: LOOPBACK,
      TASK_DB: ':memory:',
      REGISTRY_CACHE_DIR: join(tmpdir(), `orchestrator-dev-${port}`),
      REGISTRY_SYNC_INTERVAL: '5',
      ...io.env,
      PORT: port,
      REGISTRY_URL: registryUrl,
    },
    configWorld(io),
  )
  if (!loaded.ok) return reportFaults(io, loaded.faults)
  const log = { ...loaded.config.log, colour: io.isTerminal }
  const orchestrator = await launch(loaded.config, systemPorts(log), io)
  if (!orchestrator) return EXIT.failed
  // The first sync: what is printed works from the moment that it is printed.
  await orchestrator.api.registry.refresh()
  io.stdout(welcome(`http://localhost:${new URL(orchestrator.url).port}`, registryUrl))
  await stopSignal(io)
  await orchestrator.stop()
  return EXIT.ok
}

function readPorts(args: string[], io: CommandIo): { own: string; registry: number } | null {
  try {
    const { values } = parseArgs({
      args,
      options: {
        port: { type: 'string', default: '8001' },
        'registry-port': { type: 'string', default: '8000' },
      },
    })
    for (const [name, value] of Object.entries(values)) {
      if (!/^\d{1,5}$/.test(value) || Number(value) > 65535) {
        throw new Error(`--${name} ${value}: must be a whole number from 0 to 65535`)
      }
    }
    return { own: values.port, registry: Number(values['registry-port']) }
  } catch (error) {
    io.stderr(`${errorText(error)}\n${USAGE}\n`)
    return null
  }
}

/** The URL under which it listens; null, told on stderr, when the port is not to be had. */
function listen(
  io: CommandIo,
  what: string,
  port: number,
  server: { listen(at: { port: number; hostname: string }): { port: number } },
): string | null {
  try {
    return `http://localhost:${server.listen({ port, hostname: LOOPBACK }).port}`
  } catch (error) {
    io.stderr(`Cannot listen on port ${port} for ${what}: ${errorText(error)}\n`)
    return null
  }
}

async function register(registryUrl: string, endpoint: string): Promise<void> {
  await fetch(`${registryUrl}/droplets`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name: 'echo', endpoint }),
  })
}

function welcome(url: string, registryUrl: string): string {
  return `
The Orchestrator is at ${url}/orchestrator/docs, its Registry at ${registryUrl}/droplets.
Try, in another terminal:

  # Is it well? Which droplets does it know?
  curl ${url}/orchestrator/health
  curl ${url}/orchestrator/droplets

  # Send a task to a droplet and get its answer
  curl -X POST ${url}/orchestrator/tasks -H 'Content-Type: application/json' \\
    -d '{"droplet_name":"echo","method":"POST","path":"/hello","payload":{"hello":"world"}}'

  # A droplet that stumbles twice: the answer comes after 1 s and 2 s of waiting
  curl -X POST ${url}/orchestrator/tasks -H 'Content-Type: application/json' \\
    -d '{"droplet_name":"echo","path":"/hello?status=503&fail_attempts=2"}'

  # Don't wait for a slow one: 202 at once, and the task goes on
  curl -X POST ${url}/orchestrator/tasks -H 'Content-Type: application/json' \\
    -H 'Prefer: respond-async' -d '{"droplet_name":"echo","path":"/slow?delay_ms=3000"}'

  # What became of them all?
  curl '${url}/orchestrator/tasks?limit=5'
  curl ${url}/orchestrator/metrics

Ctrl-C stops it.
`
}
