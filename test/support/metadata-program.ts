/**
 * Runs in a network namespace of its own, whose loopback has the addresses that must not be called,
 * with a server at each that counts requests. Starts the service there, sends it a task for every
 * form of these addresses, and prints what came of each, and who was asked.
 */
import { writeFileSync } from 'node:fs'
import { serviceHome, type Service } from './binary-service.ts'
import { eventually } from './eventually.ts'
import { startNameServer } from './name-server.ts'

const FORBIDDEN = [
  ...['169.254.169.254', '100.100.100.200', '168.63.129.16', 'fd00:ec2::254', '::a9fe:a9fe'],
  ...['64:ff9b::a9fe:a9fe', '64:ff9b:1::a9fe:a9fe', '2002:a9fe:a9fe::1', '::ffff:0:a9fe:a9fe'],
]
const PORT = 8080

/** With another answer each time it is asked: first where it may be called. */
let rebound = 0
const NAMES: Record<string, (type: string) => string[]> = {
  'metadata.test': (type) => (type === 'A' ? ['169.254.169.254'] : ['fd00:ec2::254']),
  'mapped.test': (type) => (type === 'AAAA' ? ['::ffff:169.254.169.254'] : []),
  'mixed.test': (type) => (type === 'A' ? ['169.254.169.254', '127.0.0.1'] : ['fd00:ec2::254']),
  'rebinding.test': (type) =>
    type !== 'A' ? [] : rebound++ === 0 ? ['127.0.0.1'] : ['169.254.169.254'],
}

const REFUSED = [
  ...['169.254.169.254', '2852039166', '0xa9fea9fe', '0251.0376.0251.0376', '169.254.43518'],
  ...['[::ffff:169.254.169.254]', '[::ffff:a9fe:a9fe]', '[::169.254.169.254]'],
  ...['[::ffff:0:169.254.169.254]', '[64:ff9b::169.254.169.254]', '[64:ff9b:1::169.254.169.254]'],
  ...['[2002:a9fe:a9fe::1]', '[fd00:ec2::254]', '100.100.100.200', '168.63.129.16', '[fe80::1]'],
  ...['in-hosts', 'metadata.test', 'METADATA.test.', 'mapped.test'],
]
const CALLED = ['127.0.0.1', 'localhost', 'mixed.test', 'rebinding.test']

const hits: Record<string, number> = {}

function run(...command: string[]): void {
  const { exitCode, stderr } = Bun.spawnSync(command)
  if (exitCode !== 0) throw new Error(`${command.join(' ')}: ${stderr.toString()}`)
}

function listen(address: string): void {
  hits[address] = 0
  Bun.serve({
    hostname: address,
    port: PORT,
    fetch() {
      hits[address]!++
      return Response.json([])
    },
  })
}

function prepare(file: (name: string) => string): void {
  run('ip', 'link', 'set', 'lo', 'up')
  run('ip', 'address', 'add', 'fe80::1/64', 'dev', 'lo')
  for (const address of FORBIDDEN) {
    // Not looked for elsewhere first: until then nothing could listen there.
    const form = address.includes(':') ? [`${address}/128`, 'nodad'] : [`${address}/32`]
    run('ip', 'address', 'add', ...form, 'dev', 'lo')
    listen(address)
  }
  listen('127.0.0.1')
  writeFileSync(file('resolv.conf'), 'nameserver 127.0.0.1\n')
  writeFileSync(file('hosts'), '127.0.0.1 localhost\n169.254.169.254 in-hosts\n')
  for (const name of ['resolv.conf', 'hosts']) run('mount', '--bind', file(name), `/etc/${name}`)
}

/** The status of the answer, or why there was none. */
async function ended(service: Service, droplet_name: string): Promise<number | string> {
  const { json } = await service.submit({
    droplet_name,
    method: 'POST',
    payload: {},
    max_retries: 2,
  })
  return (
    json.response_status ?? `${json.error.details.last_error} (${json.error.details.retry_count})`
  )
}

/** Every droplet has been probed, too. */
async function allProbed(service: Service): Promise<void> {
  await eventually('all are probed', async () => {
    const { json } = await service.get('/orchestrator/droplets')
    return json.droplets.every((one: { last_probe: number | null }) => one.last_probe !== null)
  })
}

async function calledWith(allow: string) {
  const hosts = [...REFUSED, ...CALLED]
  using home = serviceHome(
    Object.fromEntries(hosts.map((host) => [host, `http://${host}:${PORT}/`])),
  )
  rebound = 0
  for (const address of Object.keys(hits)) hits[address] = 0
  await using service = await home.start({ DROPLET_ALLOW: allow, DROPLET_PROBE_INTERVAL: '0.1' })
  const outcomes: Record<string, number | string> = {}
  for (const host of hosts) outcomes[host] = await ended(service, host)
  await allProbed(service)
  if (allow === '') {
    await eventually('the name leads elsewhere', async () => {
      return typeof (await ended(service, 'rebinding.test')) === 'string'
    })
  }
  const [refused] = service.log('droplets that may not be called are listed')
  return { outcomes, hits: { ...hits }, warned: refused?.refused ?? 0 }
}

async function registryAtForbidden() {
  using home = serviceHome()
  for (const address of Object.keys(hits)) hits[address] = 0
  await using service = await home.start({ REGISTRY_URL: `http://169.254.169.254:${PORT}` })
  const reply = await eventually('a sync', async () => {
    const { json } = await service.get('/orchestrator/droplets')
    return json.error.details.last_error as string | null
  })
  return { error: reply, hits: { ...hits } }
}

using scratch = serviceHome()
prepare(scratch.file)
const names = await startNameServer((name, type) => NAMES[name]?.(type) ?? [])
const result = {
  unset: await calledWith(''),
  opened: await calledWith('169.254.169.254,127.0.0.0/8'),
  registry: await registryAtForbidden(),
}
console.log(JSON.stringify(result))
names[Symbol.dispose]()
process.exit(0)
