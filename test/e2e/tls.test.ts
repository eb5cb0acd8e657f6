/** HTTPS from the binary. */
import { connect, type SecureVersion } from 'node:tls'
import { expect, test } from 'bun:test'
import { runBinary } from '../support/binary.ts'
import { serviceHome } from '../support/binary-service.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { pemFiles } from '../support/pem-files.ts'
import { CERTIFICATE } from '../support/self-signed.ts'

allowRealTime()

/** The version that was agreed on; null when there was none. */
function handshake(port: number, version: SecureVersion): Promise<string | null> {
  const range = { minVersion: version, maxVersion: version }
  return new Promise((resolve) => {
    const options = { port, host: '127.0.0.1', servername: 'localhost', ca: CERTIFICATE, ...range }
    const socket = connect(options, () => {
      resolve(socket.getProtocol())
      socket.destroy()
    })
    socket.on('error', () => resolve(null))
  })
}

test('serves HTTPS, and says so', async () => {
  using files = pemFiles()
  using home = serviceHome({})
  const tls = { TLS_CERT_FILE: files.certFile, TLS_KEY_FILE: files.keyFile }
  await using service = home.launch(tls)
  const [line] = await eventually('listening', () => {
    const lines = service.stdout.split('\n').filter((each) => each.includes('"listening"'))
    return lines.length > 0 ? lines : null
  })
  const { url } = JSON.parse(line!) as { url: string }
  expect(url).toMatch(/^https:\/\/127\.0\.0\.1:\d+$/)
  const port = Number(new URL(url).port)

  const asLocalhost = `https://localhost:${port}`
  const options = { tls: { ca: CERTIFICATE } }
  const health = await fetch(`${asLocalhost}/orchestrator/health`, options)
  expect([health.status, health.headers.get('strict-transport-security')]).toEqual([200, null])
  const nowhere = await fetch(`${asLocalhost}/nowhere?x`, options)
  expect(await nowhere.json()).toMatchObject({ error: { message: 'There is no /nowhere' } })
  const own = { headers: { origin: asLocalhost }, ...options }
  expect((await fetch(`${asLocalhost}/orchestrator/info`, own)).status).toBe(200)
  const plain = { headers: { origin: `http://localhost:${port}` }, ...options }
  expect((await fetch(`${asLocalhost}/orchestrator/info`, plain)).status).toBe(403)

  expect(await handshake(port, 'TLSv1.3')).toBe('TLSv1.3')
  expect(await handshake(port, 'TLSv1.2')).toBe('TLSv1.2')
  expect(await handshake(port, 'TLSv1.1')).toBeNull()

  const env = { HOST: '127.0.0.1', PORT: String(port), ...tls }
  const asked = await runBinary(['health'], { env })
  expect(asked).toMatchObject({ code: 0, stdout: `${url}/orchestrator/health: ok\n` })
  // Of another machine, the certificate is checked.
  expect(await runBinary(['health', url], { env: {} })).toMatchObject({ code: 1 })
})

test('does not start with files that are not fit, and check says the same', async () => {
  using files = pemFiles()
  using home = serviceHome({})
  const { certFile, keyFile } = files
  for (const [tls, fault] of [
    [{ TLS_CERT_FILE: certFile }, 'TLS_KEY_FILE is not set'],
    [{ TLS_KEY_FILE: keyFile }, 'TLS_CERT_FILE is not set'],
    [{ TLS_CERT_FILE: certFile, TLS_KEY_FILE: certFile }, 'TLS_KEY_FILE='],
  ] as const) {
    const options = { env: { ...home.env, ...tls } }
    const served = await runBinary([], options)
    expect(served.code).toBe(78)
    expect(served.stderr).toStartWith(fault)
    expect(served.stderr.trim().split('\n')).toHaveLength(1)
    expect(await runBinary(['check'], options)).toMatchObject({ code: 78, stderr: served.stderr })
  }
})
