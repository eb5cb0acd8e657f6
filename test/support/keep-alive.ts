/**
 * One connection that carries one request after another. fetch would use a pool, and allows only
 * 256 requests in flight in the whole process.
 */
import type { Socket } from 'bun'

export interface PlainReply {
  status: number
  headers: Headers
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any
}

export interface Connection extends AsyncDisposable {
  /** Rejects when the connection ends before the answer. One at a time. */
  request(method: string, path: string, body?: unknown): Promise<PlainReply>
  /** Resolves when the server has closed it. */
  readonly closed: Promise<void>
}

/** Rejects where nobody listens. */
export async function connect(url: string): Promise<Connection> {
  const { hostname, port, host } = new URL(url)
  const closed = Promise.withResolvers<void>()
  let buffer = Buffer.alloc(0)
  let waiting: PromiseWithResolvers<PlainReply> | null = null
  let isClosed = false
  const end = () => {
    isClosed = true
    closed.resolve()
    waiting?.reject(new Error('the connection was closed'))
  }
  const socket: Socket = await Bun.connect({
    hostname,
    port: Number(port),
    socket: {
      data(_, bytes) {
        buffer = Buffer.concat([buffer, bytes])
        const reply = parseReply(buffer)
        if (!reply) return
        buffer = Buffer.alloc(0)
        waiting?.resolve(reply)
      },
      close: end,
      error: end,
    },
  })
  return {
    closed: closed.promise,
    async request(method, path, body) {
      if (isClosed) throw new Error('the connection is closed')
      waiting = Promise.withResolvers<PlainReply>()
      const text = body === undefined ? '' : JSON.stringify(body)
      const type = body === undefined ? '' : 'content-type: application/json\r\n'
      const length = `content-length: ${Buffer.byteLength(text)}\r\n`
      socket.write(`${method} ${path} HTTP/1.1\r\nhost: ${host}\r\n${type}${length}\r\n${text}`)
      return waiting.promise
    },
    async [Symbol.asyncDispose]() {
      socket.terminate()
    },
  }
}

/** Null until the reply is complete. All replies of the service that come here have a length. */
function parseReply(buffer: Buffer): PlainReply | null {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [start = '', ...lines] = buffer.toString('utf8', 0, headEnd).split('\r\n')
  const headers = new Headers(lines.map((line) => line.split(/:\s*(.*)/, 2) as [string, string]))
  const length = headers.get('content-length')
  if (length === null) throw new Error(`an answer without a length: ${start}`)
  const body = buffer.subarray(headEnd + 4)
  if (body.length < Number(length)) return null
  return { status: Number(start.split(' ')[1]), headers, json: JSON.parse(body.toString()) }
}
