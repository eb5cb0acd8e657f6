/** A way to a TCP server that can be broken as networks are: cut, slow, or silent. */
import { createServer, connect, type Socket } from 'node:net'

export type Direction = 'to server' | 'to client'

export interface TcpProxy extends AsyncDisposable {
  readonly port: number
  /** How many clients have connected to it so far. */
  readonly accepted: number
  /** Those that are open now. */
  readonly open: number
  /**
   * What is sent is lost from now on, and nobody is told: as by a firewall that has forgotten the
   * connections. In these directions; in both unless told. For old and new connections.
   */
  swallow(...directions: Direction[]): void
  /** Connections that come from now on work; those that may have lost something stay silent. */
  pass(): void
  /** Closes all that are open, at once. New ones are taken. */
  cut(): void
  /** Each piece comes this much later, ms; 0: at once. */
  delay(ms: number): void
}

const BOTH: readonly Direction[] = ['to server', 'to client']

export interface ProxyOptions {
  /** A client that sends this is swallowed from then on, in both directions. */
  deafTo?: RegExp
}

interface Connection {
  readonly client: Socket
  readonly server: Socket
  readonly lost: Set<Direction>
}

/** Starts one on loopback, before the server at `targetPort` there. */
export async function tcpProxy(targetPort: number, options: ProxyOptions = {}): Promise<TcpProxy> {
  const connections = new Set<Connection>()
  let accepted = 0
  let lostOfNew: readonly Direction[] = []
  let delayMs = 0

  const forward = (connection: Connection, from: Socket, to: Socket, direction: Direction) => {
    from.on('data', (bytes) => {
      if (direction === 'to server' && options.deafTo?.test(bytes.toString('latin1'))) {
        for (const each of BOTH) connection.lost.add(each)
      }
      const send = () => {
        if (connection.lost.has(direction) || to.write(bytes)) return
        from.pause()
        to.once('drain', () => from.resume())
      }
      if (delayMs === 0) send()
      else setTimeout(send, delayMs)
    })
    from.on('close', () => {
      // Who is swallowed does not learn that the other has gone.
      if (direction === 'to client' && connection.lost.has('to client')) return
      connections.delete(connection)
      to.destroy()
    })
    from.on('error', () => {})
  }

  const listener = createServer((client) => {
    accepted++
    const server = connect(targetPort, '127.0.0.1')
    const connection: Connection = { client, server, lost: new Set(lostOfNew) }
    connections.add(connection)
    forward(connection, client, server, 'to server')
    forward(connection, server, client, 'to client')
  })
  await new Promise<void>((resolve, reject) => {
    listener.once('error', reject)
    listener.listen(0, '127.0.0.1', resolve)
  })

  const cut = () => {
    for (const { client, server } of connections) {
      client.destroy()
      server.destroy()
    }
    connections.clear()
  }
  return {
    port: (listener.address() as { port: number }).port,
    get accepted() {
      return accepted
    },
    get open() {
      return connections.size
    },
    swallow(...directions) {
      lostOfNew = directions.length > 0 ? directions : BOTH
      for (const { lost } of connections) for (const each of lostOfNew) lost.add(each)
    },
    pass: () => void (lostOfNew = []),
    cut,
    delay: (ms) => void (delayMs = ms),
    async [Symbol.asyncDispose]() {
      cut()
      await new Promise((resolve) => listener.close(resolve))
    },
  }
}
