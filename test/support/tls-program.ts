/** Calls a TLS server on 127.0.0.1 under several names, and says how each call ended. */
import { systemFetch } from '../../src/platform/fetch.ts'
import { CERTIFICATE, PRIVATE_KEY } from './self-signed.ts'

const ports = new Set<number>()
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  tls: { cert: CERTIFICATE, key: PRIVATE_KEY },
  fetch(request) {
    ports.add(server.requestIP(request)!.port)
    return new Response(request.headers.get('host')!.replace(/:\d+$/, ''))
  },
})
const signal = new AbortController().signal

async function call(name: string): Promise<string> {
  const init = { method: 'GET', headers: {}, signal, address: '127.0.0.1' }
  try {
    const response = await systemFetch(`https://${name}:${server.port}/`, init)
    return `${await response.text()} ${response.status}`
  } catch (error) {
    return String((error as { code?: unknown }).code)
  }
}

const ended: Record<string, unknown> = {}
for (const name of ['localhost', 'localhost.', 'other.example', 'localhost']) {
  ended[name] = await call(name)
}
console.log(JSON.stringify({ ...ended, connections: ports.size }))
await server.stop(true)
