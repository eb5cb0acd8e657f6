/**
 * What the binary tells systemd, over a socket of the test's own. A real systemd does not run in
 * the tests: what it does with these messages is in sd_notify(3).
 */
import { expect, test } from 'bun:test'
import { rmSync, writeFileSync } from 'node:fs'
import { binaryPath, startProcess } from '../support/binary.ts'
import { serviceHome, type ServiceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { notifyReceiver, type NotifyReceiver } from '../support/notify-receiver.ts'
import { ASYNC } from '../support/orchestrator.ts'
import { deadUrl, hang, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const socketIn = (home: ServiceHome) => notifyReceiver(home.file('notify'))
const told = (systemd: NotifyReceiver, line: string, times = 1) =>
  eventually(`${times} times ${line}`, () => systemd.count(line) >= times)

test('ready once it listens, with no Registry too; then the watchdog is fed', async () => {
  using home = serviceHome()
  using systemd = socketIn(home)
  await using service = home.launch({
    NOTIFY_SOCKET: systemd.name,
    WATCHDOG_USEC: '40000',
    REGISTRY_URL: await deadUrl(),
  })
  await told(systemd, 'READY=1')
  // The first of all: nothing was sent before the process had replaced itself.
  expect(systemd.messages()[0]).toMatch(
    /^READY=1\nSTATUS=There is no usable list of droplets: .*; 0 tasks\/min$/,
  )
  const { url } = await eventually('listening', () => {
    const line = service.stdout.split('\n').find((each) => each.includes('"listening"'))
    return line === undefined ? null : (JSON.parse(line) as { url: string })
  })
  expect((await fetch(`${url}/orchestrator/health`)).status).toBe(200)
  await told(systemd, 'WATCHDOG=1', 5)
  expect(service.stdout).not.toContain('systemd')

  // A process that is stopped feeds nobody: what was on its way is here when it is seen to stand.
  // Nothing tells that nothing comes: five intervals are waited for.
  service.signal('SIGSTOP')
  await eventually('it stands still', () => stateOf(service.pid) === 'T')
  const fed = systemd.count('WATCHDOG=1')
  await Bun.sleep(200)
  expect(systemd.count('WATCHDOG=1')).toBe(fed)
  service.signal('SIGCONT')
  await told(systemd, 'WATCHDOG=1', fed + 2)
})

/** Of proc_pid_stat(5). */
function stateOf(pid: number): string {
  const [stat] = Bun.spawnSync(['cat', `/proc/${pid}/stat`])
    .stdout.toString()
    .split('\n')
  return stat!.slice(stat!.lastIndexOf(')') + 2)[0]!
}

test('the watchdog of another process is not fed, and an abstract socket will do', async () => {
  using home = serviceHome()
  using systemd = notifyReceiver(`@${home.path}`)
  const env = { NOTIFY_SOCKET: systemd.name, WATCHDOG_USEC: '20000', WATCHDOG_PID: '1' }
  await using service = home.launch(env)
  await told(systemd, 'READY=1')
  service.signal('SIGTERM')
  expect(await service.exited).toBe(0)
  expect(systemd.count('WATCHDOG=1')).toBe(0)
  expect(systemd.count('STOPPING=1')).toBe(1)
})

test('the status tells of droplets that are down, and what a stop waits for', async () => {
  await using slow = scriptedServer(hang)
  using home = serviceHome({ echo: slow.url, gone: await deadUrl() })
  using systemd = socketIn(home)
  await using service = await home.start({ NOTIFY_SOCKET: systemd.name, SHUTDOWN_GRACE: '600' })
  const failed = { droplet_name: 'gone', max_retries: 0 }
  expect((await service.submit(failed)).status).toBe(503)
  await eventually('the status', () => systemd.last('STATUS') === '1 tasks/min, 1 droplet down')
  await service.submit({}, ASYNC)
  await slow.received(1)
  service.signal('SIGTERM')
  await told(systemd, 'STOPPING=1')
  expect(systemd.last('STATUS')).toBe('stopping: 1 task running')
  // 600 s, and 15 s for what comes after that.
  expect(systemd.last('EXTEND_TIMEOUT_USEC')).toBe('615000000')
  service.signal('SIGKILL')
})

test('a SIGHUP is a reload; the file of --env-file says the log level', async () => {
  using home = serviceHome({})
  using systemd = socketIn(home)
  const file = home.file('settings.env')
  writeFileSync(file, 'LOG_LEVEL=ERROR\n')
  const env = { ...home.env, NOTIFY_SOCKET: systemd.name, REGISTRY_SYNC_INTERVAL: '0.1' }
  await using service = startProcess([binaryPath(), 'serve', '--env-file', file], { env })
  const lines = () => service.stdout.split('\n').slice(0, -1)
  await told(systemd, 'READY=1')
  expect(lines()).toEqual([])

  writeFileSync(file, 'LOG_LEVEL=DEBUG\n')
  service.signal('SIGHUP')
  await told(systemd, 'READY=1', 2)
  expect(systemd.messages().slice(1, 3)).toEqual([
    expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d+$/),
    'READY=1',
  ])
  await eventually('a line', () => lines().length > 0)
  expect(JSON.parse(lines()[0]!)).toMatchObject({
    level: 'INFO',
    msg: 'the log level was changed',
    from: 'ERROR',
    to: 'DEBUG',
  })
  // What was silent from the start on speaks now.
  await eventually('a sync', () => service.stdout.includes('"level":"DEBUG"'))

  writeFileSync(file, 'LOG_LEVEL=loud\n')
  service.signal('SIGHUP')
  await eventually('the fault', () => service.stdout.includes('"the log level is not valid"'))
  await told(systemd, 'READY=1', 3)

  // To open it would wait for who writes into it.
  rmSync(file)
  expect(Bun.spawnSync(['mkfifo', file]).exitCode).toBe(0)
  service.signal('SIGHUP')
  await eventually('the fault', () => service.stdout.includes('settings.env is a pipe'))
  await told(systemd, 'READY=1', 4)
})

test('requests and tasks are logged from the moment on that the level says so', async () => {
  await using droplet = scriptedServer()
  using home = serviceHome({ echo: droplet.url })
  const file = home.file('settings.env')
  writeFileSync(file, 'LOG_LEVEL=ERROR\nPORT=0\n')
  const env = { ...home.env, REGISTRY_SYNC_INTERVAL: '0.1' }
  await using service = startProcess([binaryPath(), '--env-file', file], { env })
  const logged = () =>
    service.stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as { msg: string; url?: string })
  // At ERROR it does not say where it listens.
  const port = await eventually('it listens', () => listeningPort(service.pid))
  const submit = () =>
    fetch(`http://127.0.0.1:${port}/orchestrator/tasks`, {
      method: 'POST',
      body: JSON.stringify({ droplet_name: 'echo', path: '/' }),
    })
  await eventually('it takes tasks', async () => (await submit()).status === 200)
  expect(logged()).toEqual([])
  writeFileSync(file, 'LOG_LEVEL=DEBUG\n')
  service.signal('SIGHUP')
  await eventually('the change', () => logged().length > 0)
  await submit()
  for (const msg of ['attempt started', 'attempt ended', 'task ended', 'request']) {
    await eventually(msg, () => logged().some((line) => line.msg === msg))
  }
})

/** Of proc_net_tcp(5): the socket that this process has, in state LISTEN. */
function listeningPort(pid: number): number | null {
  const table = Bun.spawnSync(['cat', `/proc/${pid}/net/tcp`]).stdout.toString()
  const descriptors = Bun.spawnSync(['ls', '-l', `/proc/${pid}/fd`]).stdout.toString()
  for (const line of table.split('\n').slice(1)) {
    const [, local, , state, , , , , , inode] = line.trim().split(/\s+/)
    if (state === '0A' && descriptors.includes(`socket:[${inode}]`)) {
      return parseInt(local!.split(':')[1]!, 16)
    }
  }
  return null
}

test('a socket that nobody reads is one warning', async () => {
  using home = serviceHome({})
  await using service = await home.start({
    NOTIFY_SOCKET: home.file('nobody'),
    WATCHDOG_USEC: '20000',
  })
  await eventually('the warning', () => service.log('systemd takes no message').length)
  for (let n = 0; n < 50; n++) await service.get('/orchestrator/health')
  expect(service.log('systemd takes no message')).toHaveLength(1)
})
