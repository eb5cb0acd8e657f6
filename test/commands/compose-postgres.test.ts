import { expect, test } from 'bun:test'
import { compose } from '../../src/commands/compose.ts'
import { worstCaseMs } from '../../src/commands/doctor/proxy.ts'
import { loadConfig } from '../../src/config/config.ts'
import { VARIABLES } from '../../src/config/variables.ts'
import { MAX_CONNECTIONS } from '../../src/store/postgres/database.ts'
import { scriptedIo } from '../support/command-io.ts'
import { README, readmeCommands } from '../support/readme.ts'

interface Service {
  image: string
  hostname?: string
  environment?: Record<string, string>
  volumes?: string[]
  ports?: string[]
  depends_on?: string[] | Record<string, { condition: string }>
  healthcheck?: { test: string[] }
  stop_grace_period?: string
}

const io = scriptedIo()
const exitCode = await compose(['--postgres'], io)
const document = Bun.YAML.parse(io.out) as {
  services: Record<string, Service>
  volumes: Record<string, null>
  configs: { haproxy: { content: string } }
}
const { services } = document
const nodes = Object.entries(services).filter(([name]) => name.startsWith('orchestrator-'))
const { content: haproxy } = document.configs.haproxy

/** As Docker fills variables in; a missing one that is needed is an error there. */
function filledIn(text: string, env: Record<string, string>): string {
  return text.replaceAll(/\$\{(\w+)(?::([-?])([^}]*))?\}/g, (_, name, kind, rest) => {
    if (env[name]) return env[name]
    if (kind === '-') return rest
    throw new Error(`${name}: ${rest}`)
  })
}

test('prints two nodes, Postgres, the Registry and a load balancer', () => {
  expect(exitCode).toBe(0)
  expect(Object.keys(services).sort()).toEqual(
    ['balancer', 'orchestrator-1', 'orchestrator-2', 'postgres', 'registry'].sort(),
  )
  for (const { image } of nodes.map(([, node]) => node)) {
    expect(image).toBe('${ORCHESTRATOR_IMAGE:-orchestrator}')
  }
})

test('each node has settings that the service takes, and a name of its own', () => {
  const env = { POSTGRES_PASSWORD: 'abc123' }
  const configs = nodes.map(([name, node]) => {
    expect(node.hostname).toBe(name)
    const settings = Object.entries(node.environment!)
    const given = settings.map(([key, value]) => [key, filledIn(value, env)])
    for (const [key] of settings) expect(VARIABLES).toHaveProperty(key)
    const world = { writable: () => true, isTerminal: false, home: undefined, hostname: name }
    const loaded = loadConfig(Object.fromEntries(given), world)
    if (!loaded.ok) throw new Error(JSON.stringify(loaded.faults))
    return loaded.config
  })
  const [first, second] = configs as [(typeof configs)[0], (typeof configs)[0]]
  expect([first.nodeName, second.nodeName]).toEqual(['orchestrator-1:8001', 'orchestrator-2:8001'])
  expect(first.task.db).toBe('postgres://orchestrator:abc123@postgres:5432/orchestrator')
  expect({ ...second, nodeName: null }).toEqual({ ...first, nodeName: null })
  const url = new URL(first.publicUrl!)
  expect(services).toHaveProperty(url.hostname)
  expect(services[url.hostname]!.ports).toEqual([`127.0.0.1:${url.port}:${url.port}`])
})

test('has no password of its own, and goes nowhere without one', () => {
  const uses = [...io.out.matchAll(/\$\{POSTGRES_PASSWORD\S*/g)]
  expect(uses.length).toBeGreaterThan(1)
  for (const [use] of uses) expect(use).toStartWith('${POSTGRES_PASSWORD:?')
  expect(() => filledIn(services.postgres!.environment!.POSTGRES_PASSWORD!, {})).toThrow()
  const { TASK_DB: db } = services['orchestrator-1']!.environment!
  expect(db).toContain(':${POSTGRES_PASSWORD:?')
  const { POSTGRES_USER: user, POSTGRES_DB: name } = services.postgres!.environment!
  expect(db).toStartWith(`postgres://${user}:`)
  expect(db).toEndWith(`@postgres:5432/${name}`)
})

test('only the balancer and the Registry have ports, for this machine only', () => {
  const open = Object.entries(services).filter(([, { ports }]) => ports !== undefined)
  expect(open.map(([name]) => name).sort()).toEqual(['balancer', 'registry'])
  for (const [, { ports }] of open) {
    for (const port of ports!) expect(port).toStartWith('127.0.0.1:')
  }
})

test('each service is looked after, and started after what it needs', () => {
  for (const [name, node] of nodes) {
    expect(node.healthcheck?.test).toEqual(['CMD', 'orchestrator', 'health'])
    expect(node.depends_on).toHaveProperty('postgres', { condition: 'service_healthy' })
    expect(services.balancer!.depends_on).toContain(name)
    expect(Number.parseInt(node.stop_grace_period!)).toBeGreaterThan(
      Number(VARIABLES.SHUTDOWN_GRACE.default),
    )
  }
  expect(services.postgres!.healthcheck?.test).toContain('pg_isready')
  expect(services.balancer!.healthcheck).toBeDefined()
})

test('Postgres has a volume, and each node one for its copy of the list', () => {
  const mounts = Object.values(services).flatMap(({ volumes = [] }) => volumes)
  const names = mounts.map((mount) => mount.split(':')[0]!)
  expect(Object.keys(document.volumes).sort()).toEqual(names.sort())
  expect(new Set(names).size).toBe(names.length)
  expect(services.postgres!.volumes).toEqual(['postgres-data:/var/lib/postgresql/data'])
  for (const [, { volumes }] of nodes) {
    expect(volumes![0]).toEndWith(`:${VARIABLES.REGISTRY_CACHE_DIR.default}`)
  }
})

test('the balancer knows each node, asks whether it is ready, and waits for its answers', () => {
  const servers = [...haproxy.matchAll(/^ {2}server (\S+) (\S+)$/gm)]
  expect(servers.map(([, name, at]) => [name, at])).toEqual(
    nodes.map(([name]) => [name, `${name}:8001`]),
  )
  expect(haproxy).toContain('option httpchk GET /orchestrator/ready')
  const [, seconds] = /^ {2}timeout server (\d+)s$/m.exec(haproxy)!
  const world = { writable: () => true, isTerminal: false, home: undefined }
  const { config } = loadConfig({}, world) as Extract<ReturnType<typeof loadConfig>, { ok: true }>
  expect(Number(seconds) * 1000).toBeGreaterThan(worstCaseMs(config))
  // Compose would take it for a variable.
  expect(haproxy).not.toContain('$')
})

test('the README says how it is started, and how many connections each node takes', () => {
  const commands = readmeCommands()
  expect(commands).toContain('docker run --rm orchestrator compose --postgres > compose.yaml')
  expect(commands.some((each) => each.startsWith('echo "POSTGRES_PASSWORD='))).toBe(true)
  expect(README.includes(`A node takes at most ${MAX_CONNECTIONS} connections`)).toBe(true)
})

test('a misspelt option gets a hint', async () => {
  const refused = scriptedIo()
  expect(await compose(['--postgre'], refused)).toBe(64)
  expect(refused.err).toContain("Did you mean '--postgres'?")
})
