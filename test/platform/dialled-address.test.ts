/** The real fetch, told which address to dial. */
import { expect, test } from 'bun:test'
import { systemFetch } from '../../src/platform/fetch.ts'
import { systemResolver } from '../../src/platform/resolver.ts'
import { runProcess, ROOT } from '../support/binary.ts'
import { allowRealTime } from '../support/eventually.ts'
import { CERTIFICATE } from '../support/self-signed.ts'
import { temporaryDir } from '../support/temporary.ts'

allowRealTime()

const signal = new AbortController().signal
const get = (url: string, address: string) =>
  systemFetch(url, { method: 'GET', headers: {}, signal, address })

/** Says as whom it was called, and counts connections. */
function server(hostname = '127.0.0.1') {
  const ports = new Set<number>()
  const bound = Bun.serve({
    port: 0,
    hostname,
    fetch(request, { requestIP }) {
      ports.add(requestIP.call(bound, request)!.port)
      return new Response(`${request.headers.get('host')} ${new URL(request.url).pathname}`)
    },
  })
  return { port: bound.port, ports, [Symbol.dispose]: () => void bound.stop(true) }
}

test('the name and the port stay in Host, the path as it is, and the connection is kept', async () => {
  using there = server()
  for (const name of ['droplet.mesh', 'other', 'droplet.mesh']) {
    const response = await get(`http://${name}:${there.port}/a%2Fb?c=d/e`, '127.0.0.1')
    expect(await response.text()).toBe(`${name}:${there.port} /a%2Fb`)
  }
  expect(there.ports.size).toBe(1)
})

test('over IPv6', async () => {
  using there = server('::1')
  const response = await get(`http://droplet:${there.port}/x`, '::1')
  expect(await response.text()).toBe(`droplet:${there.port} /x`)
})

test('without a path, and without a port', async () => {
  // Nothing listens at port 80 of this address.
  const refused = get('http://droplet.mesh', '127.0.0.251').catch(
    (error: { code: string }) => error,
  )
  expect(await refused).toMatchObject({ code: 'ECONNREFUSED' })
})

test('over TLS, the certificate must be for the name, on a pooled connection too', async () => {
  using dir = temporaryDir()
  await Bun.write(dir.file('ca.pem'), `${CERTIFICATE}\n`)
  // What is trusted is read when a process starts.
  const env = { NODE_EXTRA_CA_CERTS: dir.file('ca.pem'), PATH: process.env.PATH ?? '' }
  const program = [process.execPath, 'test/support/tls-program.ts']
  const { stdout, stderr } = await runProcess(program, { cwd: ROOT, env })
  expect(stderr).toBe('')
  expect(JSON.parse(stdout)).toEqual({
    localhost: 'localhost 200',
    'localhost.': 'localhost. 200',
    'other.example': 'ERR_TLS_CERT_ALTNAME_INVALID',
    connections: 1,
  })
})

test('names come from /etc/hosts; one that nobody knows is told so', async () => {
  const resolve = systemResolver()
  const { addresses, ttlMs } = await resolve('localhost')
  expect(addresses).toContain('127.0.0.1')
  expect(new Set(addresses).size).toBe(addresses.length)
  expect(ttlMs).toBeGreaterThanOrEqual(0)
  // No look-up leaves the machine: an empty label is in no name.
  const failed = await resolve('a..b').catch((error: { code: string; message: string }) => error)
  expect(failed).toMatchObject({ code: 'ENOTFOUND' })
})
