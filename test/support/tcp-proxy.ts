/** A way to a TCP server that can be broken as networks are: cut, slow, or silent. */
import { connect, createServer, type Server, type Socket } from 'node:net'

export type Direction = 'to server' | 'to client'

const BOTH: readonly Direction[] = ['to server', 'to client']

export interface ProxyOptions {
  /** A client that sends this is swallowed from then on, in both directions. */
  deafTo?: RegExp
}

interface Connection {
  readonly client: Socket
  readonly server: Socket
  /** The directions in which what is sent is lost. */
  readonly lost: Set<Direction>
}

/** Starts one on loopback, before the server at `targetPort` there. */
export async function tcpProxy(targetPort: number, options: ProxyOptions = {}): Promise<TcpProxy> {
  const proxy = new TcpProxy(targetPort, options)
  await proxy.listen()
  return proxy
}

export class TcpProxy implements AsyncDisposable {
  readonly #connections = new Set<Connection>()
  readonly #listener: Server
  #accepted = 0
  #lostOfNew: readonly Direction[] = []
  #delayMs = 0

  constructor(
    targetPort: number,
    private readonly options: ProxyOptions,
  ) {
    this.#listener = createServer((client) => this.#accept(client, targetPort))
  }

  async listen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>()
    this.#listener.once('error', reject)
    this.#listener.listen(0, '127.0.0.1', resolve)
    await promise
  }

  get port(): number {
    return (this.#listener.address() as { port: number }).port
  }

  /** How many clients have connected to it so far. */
  get accepted(): number {
    return this.#accepted
  }

  /** Those that are open now. */
  get open(): number {
    return this.#connections.size
  }

  /**
   * What is sent is lost from now on, and nobody is told: as by a firewall that has forgotten the
   * connections. In these directions; in both unless told. For old and new connections.
   */
  swallow(...directions: Direction[]): void {
    this.#lostOfNew = directions.length > 0 ? directions : BOTH
    for (const connection of this.#connections) lose(connection, this.#lostOfNew)
  }

  /** Connections that come from now on work; those that may have lost something stay silent. */
  pass(): void {
    this.#lostOfNew = []
  }

  /** Closes all that are open, at once. New ones are taken. */
  cut(): void {
    for (const { client, server } of this.#connections) {
      client.destroy()
      server.destroy()
    }
    this.#connections.clear()
  }

  /** Each piece comes this much later, ms; 0: at once. */
  delay(ms: number): void {
    this.#delayMs = ms
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.cut()
    await new Promise((resolve) => this.#listener.close(resolve))
  }

  #accept(client: Socket, targetPort: number): void {
    this.#accepted++
    const server = connect(targetPort, '127.0.0.1')
    const connection = { client, server, lost: new Set(this.#lostOfNew) }
    this.#connections.add(connection)
    this.#forward(connection, 'to server')
    this.#forward(connection, 'to client')
  }

  #forward(connection: Connection, direction: Direction): void {
    const { client, server, lost } = connection
    const [from, to] = direction === 'to server' ? [client, server] : [server, client]
    const send = (bytes: Buffer) => {
      if (lost.has(direction) || to.write(bytes)) return
      from.pause()
      to.once('drain', () => from.resume())
    }
    from.on('data', (bytes: Buffer) => {
      const isDeaf =
        direction === 'to server' && this.options.deafTo?.test(bytes.toString('latin1'))
      if (isDeaf) lose(connection, BOTH)
      if (this.#delayMs === 0) send(bytes)
      else setTimeout(send, this.#delayMs, bytes)
    })
    from.on('close', () => {
      // A client of which everything is lost does not learn that the server has gone.
      if (direction === 'to client' && lost.has(direction)) return
      this.#connections.delete(connection)
      to.destroy()
    })
    // What has failed is closed, too.
    from.on('error', () => {})
  }
}

function lose({ lost }: Connection, directions: readonly Direction[]): void {
  for (const direction of directions) lost.add(direction)
}
