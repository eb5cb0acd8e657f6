import { describe, expect, test } from 'bun:test'
import { readFileSync } from 'node:fs'
import { monotonicMicroseconds, notifySocket } from '../../src/platform/notify-socket.ts'
import { notifyReceiver } from '../support/notify-receiver.ts'
import { temporaryDir } from '../support/temporary.ts'

describe('a datagram arrives', () => {
  test('at a path, the longest too', () => {
    using dir = temporaryDir()
    for (const name of [dir.file('notify'), dir.file('x'.repeat(106 - dir.path.length))]) {
      using systemd = notifyReceiver(name)
      const socket = notifySocket(name)
      expect(socket.send('READY=1\nSTATUS=läuft')).toBe(true)
      expect(socket.send('WATCHDOG=1')).toBe(true)
      expect(systemd.messages()).toEqual(['READY=1\nSTATUS=läuft', 'WATCHDOG=1'])
    }
  })

  test('at an abstract socket', () => {
    using dir = temporaryDir()
    using systemd = notifyReceiver(`@${dir.path}`)
    expect(notifySocket(systemd.name).send('READY=1')).toBe(true)
    expect(systemd.messages()).toEqual(['READY=1'])
  })

  test('at one that has taken the place of another', () => {
    using dir = temporaryDir()
    const name = `@${dir.path}`
    const before = notifyReceiver(name)
    const socket = notifySocket(name)
    before[Symbol.dispose]()
    expect(socket.send('READY=1')).toBe(false)
    using after = notifyReceiver(name)
    expect(socket.send('READY=1')).toBe(true)
    expect(after.messages()).toEqual(['READY=1'])
  })
})

test('nobody is waited for', () => {
  using dir = temporaryDir()
  using systemd = notifyReceiver(dir.file('notify'))
  const socket = notifySocket(systemd.name)
  let sent = 0
  // Nobody reads: the kernel takes so many.
  while (sent < 100_000 && socket.send('WATCHDOG=1')) sent++
  expect(sent).toBeWithin(1, 100_000)
  expect(systemd.messages()).toHaveLength(sent)
  expect(socket.send('READY=1')).toBe(true)
})

test.each([
  ['vsock:2:1234', 'it is neither a path nor an abstract socket'],
  ['relative', 'it is neither a path nor an abstract socket'],
  ['/', 'it is neither a path nor an abstract socket'],
  [`/${'x'.repeat(107)}`, 'it is too long'],
])('%s cannot be used: %s', (name, reason) => {
  expect(() => notifySocket(name)).toThrow(reason)
})

test("the time is the machine's own", () => {
  const uptime = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  const seconds = Number(monotonicMicroseconds()) / 1e6
  const later = Number(readFileSync('/proc/uptime', 'utf8').split(' ')[0])
  // The uptime counts a suspended machine, too, and has two decimals.
  expect(seconds).toBeLessThanOrEqual(later + 0.02)
  expect(seconds).toBeGreaterThan(0)
  expect(uptime).toBeGreaterThan(0)
})
