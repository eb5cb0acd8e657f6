/** What systemd is told, and when: on a fake clock, over a real socket. */
import { afterEach, beforeEach, describe, expect, test } from 'bun:test'
import { serviceManager } from '../../src/commands/service-manager.ts'
import { systemClock } from '../../src/platform/clock.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { FakeClock } from '../support/fake-clock.ts'
import { recordingLog } from '../support/log.ts'
import { notifyReceiver, type NotifyReceiver } from '../support/notify-receiver.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

let dir: ReturnType<typeof temporaryDir>
let systemd: NotifyReceiver
let clock: FakeClock
let log: ReturnType<typeof recordingLog>
beforeEach(() => {
  dir = temporaryDir()
  systemd = notifyReceiver(dir.file('notify'))
  clock = new FakeClock()
  log = recordingLog()
})
afterEach(() => {
  systemd[Symbol.dispose]()
  dir[Symbol.dispose]()
})

const managerOf = (env: Record<string, string> = {}) =>
  serviceManager({ NOTIFY_SOCKET: systemd.name, ...env }, { clock, log, pid: 7 })

test('nothing, where it is not asked for', async () => {
  const manager = serviceManager({ WATCHDOG_USEC: '1000' }, { clock, log, pid: 7 })
  manager.ready(() => 'fine')
  let reloaded = false
  await manager.reloading(async () => void (reloaded = true))
  manager.stopping(1000, () => '')
  manager.stop()
  expect(reloaded).toBe(true)
  expect([clock.pending, log.lines]).toEqual([0, []])
})

test('ready, reloading, stopping: each with what systemd needs', async () => {
  const manager = managerOf()
  manager.ready(() => '0 tasks/min')
  await manager.reloading(async () => {})
  manager.stopping(600_000, () => 'stopping: 3 tasks running')
  expect(systemd.messages()).toEqual([
    'READY=1\nSTATUS=0 tasks/min',
    expect.stringMatching(/^RELOADING=1\nMONOTONIC_USEC=\d{6,}$/),
    'READY=1',
    'STOPPING=1\nSTATUS=stopping: 3 tasks running\nEXTEND_TIMEOUT_USEC=615000000',
  ])
  manager.stop()
  expect(clock.pending).toBe(0)
})

test('a reload does not make a service ready that stops', async () => {
  const manager = managerOf()
  manager.ready(() => '')
  const slow = Promise.withResolvers<void>()
  const reloading = manager.reloading(() => slow.promise)
  manager.stopping(0, () => '')
  slow.resolve()
  await reloading
  let reloaded = false
  await manager.reloading(async () => void (reloaded = true))
  expect(reloaded).toBe(true)
  expect(systemd.messages().map((message) => message.split('\n')[0]!)).toEqual([
    'READY=1',
    'RELOADING=1',
    'STOPPING=1',
  ])
  manager.stop()
})

test('a status forges no other message', () => {
  const manager = managerOf()
  manager.ready(() => 'fine\nSTOPPING=1')
  expect(systemd.messages()).toEqual(['READY=1\nSTATUS=fine STOPPING=1'])
  manager.stop()
})

test('the status is sent when it has changed, every 5 s at most', async () => {
  let status = 'one'
  const manager = managerOf()
  manager.ready(() => status)
  await clock.advance(60_000)
  expect(systemd.messages()).toEqual(['READY=1\nSTATUS=one'])
  status = 'two'
  await clock.advance(4_999)
  status = 'three'
  await clock.advance(10_001)
  expect(systemd.messages().slice(1)).toEqual(['STATUS=three'])
  manager.stop()
})

describe('the watchdog', () => {
  test('is fed twice in each interval, by the loop only', async () => {
    const manager = managerOf({ WATCHDOG_USEC: '180000000', WATCHDOG_PID: '7' })
    manager.ready(() => '')
    await clock.advance(89_999)
    expect(systemd.count('WATCHDOG=1')).toBe(0)
    await clock.advance(1)
    expect(systemd.count('WATCHDOG=1')).toBe(1)
    await clock.advance(900_000)
    expect(systemd.count('WATCHDOG=1')).toBe(11)
    manager.stopping(1000, () => '')
    await clock.advance(90_000)
    expect(systemd.count('WATCHDOG=1')).toBe(12)
    manager.stop()
    await clock.advance(900_000)
    expect(systemd.count('WATCHDOG=1')).toBe(12)
  })

  test('is not fed by a real loop that is stuck', async () => {
    const env = { NOTIFY_SOCKET: systemd.name, WATCHDOG_USEC: '10000' }
    const manager = serviceManager(env, { clock: systemClock, log, pid: 7 })
    manager.ready(() => '')
    await eventually('fed', () => systemd.count('WATCHDOG=1') > 1)
    const fed = systemd.count('WATCHDOG=1')
    // Nothing of the loop runs in these ten intervals.
    Bun.sleepSync(100)
    expect(systemd.count('WATCHDOG=1')).toBe(fed)
    await eventually('fed again', () => systemd.count('WATCHDOG=1') > fed)
    manager.stop()
  })

  test.each([
    { WATCHDOG_PID: '7' },
    { WATCHDOG_USEC: '180000000', WATCHDOG_PID: '8' },
    { WATCHDOG_USEC: 'soon' },
    { WATCHDOG_USEC: '0' },
  ] as Record<string, string>[])('is not fed with %j', async (env) => {
    const manager = managerOf(env)
    manager.ready(() => '')
    await clock.advance(900_000)
    expect(systemd.messages()).toEqual(['READY=1\nSTATUS='])
    manager.stop()
  })
})

test('a socket without a reader is one warning', async () => {
  const manager = managerOf({ NOTIFY_SOCKET: dir.file('nobody'), WATCHDOG_USEC: '2000000' })
  manager.ready(() => 'fine')
  await clock.advance(30_000)
  expect(log.lines).toEqual([
    { level: 'WARNING', msg: 'systemd takes no message', fields: { message: 'READY=1' } },
  ])
  manager.stop()
})

test('what could not be sent goes before what comes next', async () => {
  const name = `@${dir.path}`
  const manager = serviceManager(
    { NOTIFY_SOCKET: name, WATCHDOG_USEC: '2000000' },
    { clock, log, pid: 7 },
  )
  manager.ready(() => 'fine')
  using late = notifyReceiver(name)
  await clock.advance(1_000)
  expect(late.messages()).toEqual(['READY=1\nSTATUS=fine', 'WATCHDOG=1'])
  manager.stop()
})

test('a name that is none: one warning, and the service runs', () => {
  const manager = serviceManager({ NOTIFY_SOCKET: 'vsock:2:1' }, { clock, log, pid: 7 })
  manager.ready(() => 'fine')
  expect(log.messages('WARNING')).toEqual(['systemd cannot be told of the service'])
  expect(log.lines[0]!.fields.socket).toBe('vsock:2:1')
  expect(clock.pending).toBe(0)
})
