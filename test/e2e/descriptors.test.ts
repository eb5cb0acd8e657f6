/** A process that has no file descriptors left. */
import { connect, type Socket } from 'node:net'
import { readdirSync } from 'node:fs'
import { expect, test } from 'bun:test'
import { binaryPath, startProcess, type BinaryProcess } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

const LIMIT = 64

/** A connection that has sent this, and collects what it gets. */
function talkTo(url: string, text: string) {
  const { hostname, port } = new URL(url)
  const socket: Socket = connect(Number(port), hostname, () => socket.write(text))
  const connection = { socket, received: '' }
  socket.on('data', (bytes) => (connection.received += bytes))
  socket.on('error', () => {})
  return connection
}

const submission = JSON.stringify({ droplet_name: 'echo', path: '/', max_retries: 0 })
const POST = [
  'POST /orchestrator/tasks HTTP/1.1',
  'host: localhost',
  'content-type: application/json',
  `content-length: ${submission.length}`,
  `\r\n${submission}`,
].join('\r\n')

const openFiles = ({ pid }: BinaryProcess) => readdirSync(`/proc/${pid}/fd`).length

test('its first task fails, and it lives on', async () => {
  await using droplet = scriptedServer(json({ fine: true }))
  using home = serviceHome({ echo: droplet.url })
  const command = ['/bin/sh', '-c', `ulimit -n ${LIMIT} && exec ${binaryPath()}`]
  await using service = startProcess(command, { env: home.env, cwd: home.path })
  const url = await eventually('synced', () => {
    const isReady = service.stdout.includes('synced with the Registry')
    return isReady ? /"url":"(http[^"]+)"/.exec(service.stdout)?.[1] : null
  })
  const first = talkTo(url, 'GET /orchestrator/health HTTP/1.1\r\nhost: localhost\r\n\r\n')
  await eventually('accepted', () => first.received.includes('"ok"'))
  // A connection counts from its first byte on.
  const others = Array.from({ length: 2 * LIMIT }, () => talkTo(url, 'POST '))
  await eventually('no descriptor is left', () => openFiles(service) === LIMIT)

  first.socket.write(POST)
  await eventually('answered', () => first.received.endsWith('}}}') || service.exitCode)
  expect(service.exitCode).toBeUndefined()
  expect(first.received).toContain('503 Service Unavailable')
  expect(first.received).toContain(
    '"last_error":"EMFILE: this process has no file descriptors left"',
  )
  expect(droplet.requests).toEqual([])

  for (const { socket } of others) socket.destroy()
  await eventually('descriptors are free', () => openFiles(service) < LIMIT / 2)
  const again = talkTo(url, POST)
  await eventually('answered again', () => again.received.includes('"fine":true'))
  again.socket.destroy()
  first.socket.destroy()
})
