/**
 * What the doctor says where files of the machine are another's: run in namespaces of its own, where
 * /etc is empty and 10.99.0.1 is this machine. Prints what each diagnosis was, as JSON.
 */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { binaryPath, runBinary, startProcess } from './binary.ts'
import { freePort, serviceHome } from './binary-service.ts'
import { eventually } from './eventually.ts'
import { notifyReceiver } from './notify-receiver.ts'

const UNIT = '/etc/systemd/system/orchestrator.service'
const SETTINGS = '/etc/fpai/orchestrator.env'
const NGINX = '/etc/nginx/sites-enabled/mesh.conf'

const told: Record<string, unknown> = {}

function write(file: string, text: string): void {
  mkdirSync(dirname(file), { recursive: true })
  writeFileSync(file, text)
}

async function diagnose(name: string, env: Record<string, string>, args: string[] = []) {
  const { code, stdout, stderr } = await runBinary(['doctor', '--json', ...args], { env })
  told[name] = { code, stdout, stderr }
}

using home = serviceHome({})
const port = await freePort()
const env = { ...home.env, TASK_MAX_RUNNING: '100', PORT: String(port) }

// The unit, and the file that it reads.
const { stdout: unit } = await runBinary(['systemd'], { env })
write(UNIT, unit)
write(
  SETTINGS,
  Object.entries(env)
    .map(([name, value]) => `${name}=${value}\n`)
    .join(''),
)
await diagnose('same unit', { PATH: '/usr/bin' })
write(
  UNIT,
  unit.replace('Type=notify', 'Type=exec').replace('TimeoutStopSec=60', 'TimeoutStopSec=20s'),
)
await diagnose('other unit', {})
write(SETTINGS, 'TASK_TIMOUT=5\nPORT=x\n')
await diagnose('faulty settings of the unit', {})
await diagnose('an --env-file in their place', env, ['--env-file', '/dev/null'])

// nginx in front.
write(NGINX, `server {\n  location / { proxy_pass http://127.0.0.1:${port}; }\n}\n`)
await diagnose('nginx with its default', env)
write(NGINX, `location / { proxy_pass http://127.0.0.1:${port}; proxy_read_timeout 3m; }\n`)
await diagnose('nginx that waits', env)
rmSync(NGINX)

// A disk with little room.
mkdirSync(home.file('disk'))
Bun.spawnSync(['mount', '-t', 'tmpfs', '-o', 'size=16m', 'tmpfs', home.file('disk')])
await diagnose('small disk', { ...env, TASK_DB: home.file('disk/x.db') })
Bun.spawnSync(['umount', '-l', home.file('disk')])

// PUBLIC_URL, as others see it.
const headers = { server: 'nginx/1.22' }
async function outside(name: string, fetch: () => Response) {
  await using proxy = Bun.serve({ hostname: '10.99.0.1', port: 0, fetch })
  await diagnose(name, { ...env, PUBLIC_URL: `http://10.99.0.1:${proxy.port}` })
}
{
  await using service = await home.start(env)
  const { json } = await service.get('/orchestrator/health')
  await outside('a proxy', () => Response.json(json, { headers }))
  await outside('another service', () => new Response('<html>'))
  await outside('another Orchestrator', () => Response.json({ ...json, version: '0.9' }))
  await diagnose('nobody outside', { ...env, PUBLIC_URL: 'http://10.99.0.1:1' })
}

// A SIGHUP reads the log level from the file that the unit reads.
write(SETTINGS, 'LOG_LEVEL=ERROR\n')
using systemd = notifyReceiver('@systemd')
const asUnit = { ...home.env, LOG_LEVEL: 'ERROR', NOTIFY_SOCKET: systemd.name }
await using service = startProcess([binaryPath(), 'serve'], { env: asUnit })
await eventually('it listens', () => systemd.count('READY=1'))
write(SETTINGS, 'LOG_LEVEL=DEBUG\n')
service.signal('SIGHUP')
await eventually('the change', () => service.stdout.includes('\n'))
told.reloaded = service.stdout.split('\n')[0]

process.stdout.write(JSON.stringify(told))
