import { describe, expect, test } from 'bun:test'
import { health as healthWithin } from '../../src/commands/health.ts'
import type { CommandIo } from '../../src/commands/command.ts'
import { scriptedIo } from '../support/command-io.ts'
import { allowRealTime, PATIENCE_MS } from '../support/eventually.ts'

allowRealTime()

/** The command, which gives up only where the test is about that. */
const health = (args: string[], io: CommandIo, limitMs = PATIENCE_MS) =>
  healthWithin(args, io, limitMs)

/** A service that answers 200 where the health of an Orchestrator is, else 404. */
function service(hostname = '127.0.0.1', path = '/orchestrator/health') {
  const server = Bun.serve({
    hostname,
    port: 0,
    fetch: (request) => {
      return new Response('{}', { status: new URL(request.url).pathname === path ? 200 : 404 })
    },
  })
  return { port: String(server.port), [Symbol.asyncDispose]: () => server.stop(true) }
}

describe('health', () => {
  test('asks the service of its own environment', async () => {
    await using up = service()
    const io = scriptedIo({ PORT: up.port })
    expect(await health([], io)).toBe(0)
    expect(io.out).toBe(`http://127.0.0.1:${up.port}/orchestrator/health: ok\n`)
    expect(io.err).toBe('')
  })

  describe("the unit's settings", () => {
    test('count where the environment has none', async () => {
      await using up = service('127.0.0.2')
      const unit = { HOST: '127.0.0.2', PORT: up.port, LOG_LEVEL: 'loud' }
      expect(await health([], scriptedIo({}, unit))).toBe(0)
      expect(await health([], scriptedIo({ HOST: '127.0.0.2' }, { PORT: up.port }))).toBe(0)
    })

    test('count less than the environment, and not at all beside a URL', async () => {
      await using up = service()
      const unit = { PORT: '1' }
      expect(await health([], scriptedIo({ PORT: up.port }, unit))).toBe(0)
      expect(await health([`http://127.0.0.1:${up.port}`], scriptedIo({}, unit))).toBe(0)
    })

    test('that cannot be read are told of', async () => {
      await using up = service()
      const known = scriptedIo({ PORT: up.port }, null)
      expect(await health([], known)).toBe(0)
      expect(known.err).toBe('')
      const unknown = scriptedIo({ HOST: '127.0.0.3' }, null)
      expect(await health([], unknown)).toBe(1)
      expect(unknown.err).toStartWith('/etc/fpai/orchestrator.env cannot be read: which PORT?\n')
    })
  })

  test.each(['0.0.0.0', 'localhost', '127.0.0.1'])('HOST=%s', async (HOST) => {
    await using up = service(HOST)
    expect(await health([], scriptedIo({ HOST, PORT: up.port }))).toBe(0)
  })

  test('HOST is a specific address', async () => {
    await using up = service('127.0.0.2')
    expect(await health([], scriptedIo({ HOST: '127.0.0.2', PORT: up.port }))).toBe(0)
    expect(await health([], scriptedIo({ PORT: up.port }))).toBe(1)
  })

  test.each(['', '/', '/orchestrator', '/orchestrator/', '/orchestrator/health'])(
    'takes a URL that ends in %p',
    async (end) => {
      await using up = service()
      expect(await health([`http://127.0.0.1:${up.port}${end}`], scriptedIo())).toBe(0)
    },
  )

  test('takes any whole URL as it is', async () => {
    await using up = service('127.0.0.1', '/health')
    expect(await health([`http://127.0.0.1:${up.port}/health`], scriptedIo())).toBe(0)
    expect(await health([`http://127.0.0.1:${up.port}`], scriptedIo())).toBe(1)
  })

  test('another status is 1, with one line that says so and no secret', async () => {
    await using up = service()
    const io = scriptedIo()
    expect(await health([`http://me:hunter2@127.0.0.1:${up.port}/nothing`], io)).toBe(1)
    expect(io.err).toBe(`http://***@127.0.0.1:${up.port}/nothing: answered 404\n`)
  })

  test('nobody there is 1, with one line', async () => {
    const io = scriptedIo()
    expect(await health(['http://127.0.0.1:1'], io)).toBe(1)
    expect(io.err).toMatch(/^http:\/\/127\.0\.0\.1:1\/orchestrator\/health: .+\n$/)
  })

  test('a service that hangs is 1 after the limit', async () => {
    const server = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: () => new Promise(() => {}) })
    const io = scriptedIo()
    expect(await health([server.url.href], io, 20)).toBe(1)
    expect(io.err).toEndWith('/orchestrator/health: no answer within 0.02 s\n')
    await server.stop(true)
  })

  test.each([
    [{ PORT: '0' }, 'PORT=0 takes a free port: name the URL instead'],
    [{ PORT: 'x"' }, 'PORT="x\\"" is no port'],
    [{ HOST: '*' }, 'HOST="*" is no address'],
  ])('%p tells no address: 1', async (env, reason) => {
    const io = scriptedIo(env as Record<string, string>)
    expect(await health([], io)).toBe(1)
    expect(io.err).toBe(`${reason}\n`)
  })

  test.each(['', '/', '/orchestrator', '/orchestrator/health'])(
    'takes host:port%s without a scheme',
    async (end) => {
      await using up = service()
      for (const host of ['127.0.0.1', 'localhost']) {
        const io = scriptedIo()
        expect(await health([`${host}:${up.port}${end}`], io)).toBe(0)
        expect(io.out).toBe(`http://${host}:${up.port}/orchestrator/health: ok\n`)
      }
    },
  )

  test('takes an IPv6 address in brackets', async () => {
    const io = scriptedIo()
    expect(await health(['[::1]:1'], io)).toBe(1)
    expect(io.err).toStartWith('http://[::1]:1/orchestrator/health: ')
  })

  test.each([
    [['localhost']],
    [['ftp://h:21']],
    [['me@h:80']],
    [['http://']],
    [['a', 'b']],
    [['--fast']],
  ])('%p is a usage error', async (args) => {
    const io = scriptedIo()
    expect(await health(args, io)).toBe(64)
    expect(io.err).toContain('Usage: orchestrator health [URL]')
  })
})
