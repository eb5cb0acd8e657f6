/** The load balancer of `orchestrator compose --postgres`, a real HAProxy, before two binaries. */
import { expect, test } from 'bun:test'
import { compose } from '../../src/commands/compose.ts'
import { freePort, serviceHome } from '../support/binary-service.ts'
import { scriptedIo } from '../support/command-io.ts'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { hasHaproxy, startHaproxy, withHaproxy } from '../support/haproxy.ts'
import { json, scriptedServer } from '../support/scripted-server.ts'

allowRealTime()

/** The configuration that is printed, on loopback, before these two nodes. */
async function configFor(port: number, nodes: readonly [string, string]): Promise<string> {
  const io = scriptedIo()
  await compose(['--postgres'], io)
  const { configs } = Bun.YAML.parse(io.out) as { configs: { haproxy: { content: string } } }
  const [first, second] = nodes.map((url) => new URL(url).host)
  return configs.haproxy.content
    .replace('bind :8001', `bind 127.0.0.1:${port}`)
    .replace('orchestrator-1:8001', first!)
    .replace('orchestrator-2:8001', second!)
}

async function startBalancer(nodes: readonly [string, string]) {
  const port = await freePort()
  const url = `http://127.0.0.1:${port}`
  const haproxy = startHaproxy(await configFor(port, nodes))
  try {
    await eventually('the balancer answers', async () => {
      if (haproxy.exitCode !== undefined) throw new Error(haproxy.stderr)
      const response = await fetch(`${url}/orchestrator/ready`).catch(() => null)
      return response?.ok
    })
    return { url, [Symbol.asyncDispose]: () => haproxy.stop() }
  } catch (error) {
    await haproxy.stop()
    throw error
  }
}

const submission = {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: JSON.stringify({ droplet_name: 'echo', path: '/x' }),
}

test.skipIf(!hasHaproxy)(
  `events come as they happen, callers are told apart, and a node may go${withHaproxy}`,
  async () => {
    await using droplet = scriptedServer(json({ fine: true }))
    using one = serviceHome({ echo: droplet.url })
    using two = serviceHome({ echo: droplet.url })
    // As in the file: with it, an address that is made up would be believed if it were passed on.
    const settings = { TRUST_PROXY: '127.0.0.0/8', RATE_LIMIT: '1' }
    await using first = await one.start(settings)
    await using second = await two.start({ ...settings, RATE_LIMIT: '1000' })
    await using balancer = await startBalancer([first.url, second.url])

    const leaving = new AbortController()
    const events = `${balancer.url}/orchestrator/events?kinds=overview`
    const stream = await fetch(events, { signal: leaving.signal })
    // Buffered, its first bytes would wait for many more.
    const { value } = await stream.body!.getReader().read()
    expect(new TextDecoder().decode(value)).not.toBe('')
    leaving.abort()

    await eventually('the one limit of whoever asks from this machine', async () => {
      const headers = { 'x-forwarded-for': crypto.getRandomValues(new Uint8Array(4)).join('.') }
      const { status } = await fetch(`${balancer.url}/orchestrator/droplets`, { headers })
      return status === 429
    })

    first.signal('SIGKILL')
    await first.exited
    // From the first one on, which the balancer may still send to the node that is gone.
    for (const _ of Array.from({ length: 20 })) {
      const response = await fetch(`${balancer.url}/orchestrator/tasks`, submission)
      expect(response.status).toBe(200)
    }
    const { json: done } = await second.get('/orchestrator/tasks')
    expect(done.total).toBe(20)
  },
)
