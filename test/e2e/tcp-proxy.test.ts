/** The proxy of the tests breaks connections as it says. */
import { expect, test } from 'bun:test'
import { connect, createServer, type Socket } from 'node:net'
import { allowRealTime, eventually } from '../support/eventually.ts'
import { tcpProxy, type ProxyOptions } from '../support/tcp-proxy.ts'

allowRealTime()

/** A server that says back what it gets, and remembers it. */
async function echoServer() {
  const got: string[] = []
  const server = createServer((socket) => {
    socket.on('error', () => {})
    socket.on('data', (bytes) => {
      got.push(bytes.toString())
      socket.write(bytes)
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return { port, got, [Symbol.dispose]: () => void server.close() }
}

interface Client extends Disposable {
  socket: Socket
  readonly got: string
  readonly closed: boolean
}

function client(port: number): Client {
  const state = { got: '', closed: false }
  const socket = connect(port, '127.0.0.1')
  socket.on('data', (bytes) => (state.got += bytes.toString()))
  socket.on('error', () => {})
  socket.on('close', () => (state.closed = true))
  return Object.assign(Object.create(state), {
    socket,
    [Symbol.dispose]: () => void socket.destroy(),
  }) as Client
}

async function pair(options?: ProxyOptions) {
  const stack = new AsyncDisposableStack()
  const server = stack.use(await echoServer())
  const proxy = stack.use(await tcpProxy(server.port, options))
  const open = () => stack.use(client(proxy.port))
  return { server, proxy, open, [Symbol.asyncDispose]: () => stack.disposeAsync() }
}

async function says(one: Client, text: string) {
  const before = one.got
  one.socket.write(text)
  await eventually(`${text} comes back`, () => one.got === before + text)
}

test('it passes on, at once or later, in order', async () => {
  await using it = await pair()
  const one = it.open()
  await says(one, 'first')
  const large = 'x'.repeat(3_000_000)
  await says(one, large)
  it.proxy.delay(20)
  for (const piece of ['a', 'b', 'c']) one.socket.write(piece)
  await eventually('all has come', () => one.got === `first${large}abc`)
  expect([it.proxy.accepted, it.proxy.open]).toEqual([1, 1])
})

test('cut, both sides learn of it, and a new connection works', async () => {
  await using it = await pair()
  const one = it.open()
  await says(one, 'first')
  it.proxy.cut()
  await eventually('it is closed', () => one.closed)
  expect(it.proxy.open).toBe(0)
  await says(it.open(), 'second')
})

test('what is swallowed is lost for good, and nobody is told', async () => {
  await using it = await pair()
  const old = it.open()
  await says(old, 'first')
  it.proxy.swallow()
  const during = it.open()
  old.socket.write('lost')
  during.socket.write('lost too')
  await eventually('both are open', () => it.proxy.open === 2)
  it.proxy.pass()
  await says(it.open(), 'second')
  old.socket.write('lost as well')
  await says(it.open(), 'third')
  expect([old.got, old.closed, during.got, during.closed]).toEqual(['first', false, '', false])
  expect(it.server.got).toEqual(['first', 'second', 'third'])
})

test('an answer is lost, though what was asked has come', async () => {
  await using it = await pair()
  const one = it.open()
  await says(one, 'first')
  it.proxy.swallow('to client')
  one.socket.write('second')
  await eventually('it has come', () => it.server.got.includes('second'))
  it.proxy.cut()
  await eventually('it is closed', () => one.closed)
  expect(one.got).toBe('first')
})

test('it is deaf to what it was told, and to its sender from then on', async () => {
  await using it = await pair({ deafTo: /listen/i })
  const [one, other] = [it.open(), it.open()]
  await says(one, 'first')
  one.socket.write('LISTEN x')
  one.socket.write('more')
  await says(other, 'second')
  expect(it.server.got).toEqual(['first', 'second'])
  expect(one.got).toBe('first')
})
