/**
 * A server whose every byte a test decides, on 127.0.0.1 and a free port. It uses raw TCP, because
 * no HTTP server can be made to answer as badly as real ones sometimes do.
 */
import type { Socket } from 'bun'
import { eventually } from './eventually.ts'

export interface Received {
  readonly method: string
  /** Path and query. */
  readonly url: string
  /** Names in lower case. */
  readonly headers: Readonly<Record<string, string>>
  /** As they came, one a line. */
  readonly headerLines: readonly string[]
  readonly body: string
}

/** One connection, waiting for its answer. */
export interface Wire {
  readonly request: Received
  readonly closed: boolean
  /** Resolves when the bytes are with the system, or the client has gone. */
  write(data: string | Uint8Array): Promise<void>
  /** Flushes, then closes: FIN. */
  end(): void
  /** Closes at once, as a crashed process or a firewall does. */
  reset(): void
}

/** How to answer a request. The connection stays open unless the answer closes it. */
export type Answer = (wire: Wire) => void | Promise<void>

export interface ReplyOptions {
  status?: number
  headers?: Record<string, string>
  body?: string | Uint8Array
}

function head(status: number, headers: Record<string, string>): string {
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} Scripted\r\n${lines.join('')}\r\n`
}

export function reply(options: ReplyOptions = {}): Answer {
  return async (wire) => {
    const { status = 200, headers = {}, body = '' } = options
    const bytes = typeof body === 'string' ? new TextEncoder().encode(body) : body
    await wire.write(head(status, { 'content-length': String(bytes.length), ...headers }))
    if (bytes.length > 0 && wire.request.method !== 'HEAD') await wire.write(bytes)
  }
}

export function json(value: unknown, status = 200, headers: Record<string, string> = {}): Answer {
  return reply({
    status,
    headers: { 'content-type': 'application/json', ...headers },
    body: JSON.stringify(value),
  })
}

export function html(status = 200): Answer {
  return reply({
    status,
    headers: { 'content-type': 'text/html' },
    body: '<!doctype html><title>It works!</title>',
  })
}

/** Answers when the promise resolves: a delay without a sleep. */
export function held(until: Promise<unknown>, answer: Answer): Answer {
  return async (wire) => {
    await until
    await answer(wire)
  }
}

/** Takes the request and never answers. */
export const hang: Answer = () => {}

/** Sends the headers and a first byte of the body, then nothing. */
export const hangAfterHeaders: Answer = (wire) =>
  wire.write(head(200, { 'content-type': 'application/json', 'content-length': '1000' }) + '{')

/** Sends headers without end, a few bytes at a time, so that no idle timer ever fires. */
export function trickle(everyMs = 5): Answer {
  return async (wire) => {
    await wire.write('HTTP/1.1 200 Scripted\r\n')
    for (let n = 0; !wire.closed; n++) {
      await wire.write(`x-${n}: slow\r\n`)
      await Bun.sleep(everyMs)
    }
  }
}

/** Cuts the connection before any answer. */
export const reset: Answer = (wire) => wire.reset()

/** Cuts the connection in the middle of the body. */
export const resetMidBody: Answer = async (wire) => {
  await wire.write(head(200, { 'content-type': 'application/json', 'content-length': '1000' }))
  await wire.write('{"half":')
  // A reset discards what the client has not read yet, and nothing tells when it has read. On a
  // busy machine this may be too short: then it is a reset before the headers, to which every
  // client here must react in the same way.
  await Bun.sleep(20)
  wire.reset()
}

/** Promises more bytes than it sends, then closes in good order. */
export const truncated: Answer = async (wire) => {
  await wire.write(
    head(200, { 'content-type': 'application/json', 'content-length': '1000' }) + '{"half":',
  )
  wire.end()
}

/** Something that is not HTTP. */
export const malformed: Answer = async (wire) => {
  await wire.write('SSH-2.0-OpenSSH_9.6\r\n\r\n')
  wire.end()
}

/** A body that never ends, as fast as the client takes it. */
export function endless(contentType = 'application/json'): Answer {
  return async (wire) => {
    await wire.write(head(200, { 'content-type': contentType, connection: 'close' }))
    const chunk = new Uint8Array(64 * 1024).fill(32)
    while (!wire.closed) await wire.write(chunk)
  }
}

export interface ScriptedServer extends AsyncDisposable {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly port: number
  /** Every request, in the order they were complete. */
  readonly requests: Received[]
  /** `GET /health`, one line per request. */
  readonly calls: string[]
  /** Connections open now. */
  readonly connections: number
  /** Answers from now on: one per request, the last one again and again. */
  script(...answers: Answer[]): void
  /** Resolves when so many requests have come in all. */
  received(count: number): Promise<void>
  stop(): Promise<void>
}

interface Connection {
  buffer: Buffer
  closed: boolean
  drained: (() => void) | null
  /** Answers go out one after the other, as HTTP/1.1 wants. */
  answering: Promise<void>
}

/** The first complete request in the buffer, and what is left after it. */
function takeRequest(buffer: Buffer): { request: Received; rest: Buffer } | null {
  const headEnd = buffer.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [start = '', ...lines] = buffer.toString('utf8', 0, headEnd).split('\r\n')
  const [method = '', url = ''] = start.split(' ')
  const headers: Record<string, string> = {}
  for (const line of lines) {
    const colon = line.indexOf(':')
    headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim()
  }
  if (headers['transfer-encoding']) throw new Error('a chunked request body is not supported')
  const end = headEnd + 4 + Number(headers['content-length'] ?? 0)
  if (buffer.length < end) return null
  const body = buffer.toString('utf8', headEnd + 4, end)
  return { request: { method, url, headers, headerLines: lines, body }, rest: buffer.subarray(end) }
}

function wireOf(socket: Socket<Connection>, request: Received): Wire {
  const connection = socket.data
  return {
    request,
    get closed() {
      return connection.closed
    },
    async write(data) {
      let bytes = typeof data === 'string' ? new TextEncoder().encode(data) : data
      while (bytes.length > 0 && !connection.closed) {
        const written = socket.write(bytes)
        bytes = bytes.subarray(Math.max(0, written))
        if (bytes.length === 0) return
        await new Promise<void>((resolve) => (connection.drained = resolve))
      }
    },
    end: () => void socket.end(),
    reset: () => socket.terminate(),
  }
}

/**
 * Starts one. `answer` is one for all requests, or is asked for each with its number (from 0).
 * `port` is for one that comes back where another has been.
 */
export function scriptedServer(
  answer: Answer | ((request: Received, n: number) => Answer) = reply(),
  options: { port?: number; perRequest?: boolean } = {},
): ScriptedServer {
  const requests: Received[] = []
  const sockets = new Set<Socket<Connection>>()
  let choose: (request: Received, n: number) => Answer = options.perRequest
    ? (answer as (request: Received, n: number) => Answer)
    : () => answer as Answer

  const listener = Bun.listen<Connection>({
    hostname: '127.0.0.1',
    port: options.port ?? 0,
    socket: {
      open(socket) {
        socket.data = {
          buffer: Buffer.alloc(0),
          closed: false,
          drained: null,
          answering: Promise.resolve(),
        }
        sockets.add(socket)
      },
      data(socket, bytes) {
        const connection = socket.data
        connection.buffer = Buffer.concat([connection.buffer, bytes])
        for (let taken = takeRequest(connection.buffer); taken;) {
          connection.buffer = taken.rest
          const { request } = taken
          const answerIt = choose(request, requests.push(request) - 1)
          connection.answering = connection.answering.then(() => answerIt(wireOf(socket, request)))
          taken = takeRequest(connection.buffer)
        }
      },
      drain(socket) {
        socket.data.drained?.()
      },
      close(socket) {
        socket.data.closed = true
        socket.data.drained?.()
        sockets.delete(socket)
      },
      error() {},
    },
  })

  const stop = async () => {
    listener.stop(true)
    for (const socket of sockets) socket.terminate()
  }
  return {
    url: `http://127.0.0.1:${listener.port}`,
    port: listener.port,
    requests,
    get calls() {
      return requests.map(({ method, url }) => `${method} ${url}`)
    },
    get connections() {
      return sockets.size
    },
    script(...answers) {
      const from = requests.length
      choose = (_, n) => answers[Math.min(n - from, answers.length - 1)] ?? hang
    },
    async received(count) {
      await eventually(`${count} requests`, () => requests.length >= count)
    },
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

/** A server whose answer depends on the request: `(request, n) => Answer`. */
export function answeringServer(
  choose: (request: Received, n: number) => Answer,
  port = 0,
): ScriptedServer {
  return scriptedServer(choose, { perRequest: true, port })
}

/** A URL where nobody listens. */
export async function deadUrl(): Promise<string> {
  await using server = scriptedServer()
  return server.url
}

/** A server that answers with each in turn, and goes on with the last. */
export function sequenceServer(...answers: [Answer, ...Answer[]]): ScriptedServer {
  const server = scriptedServer(answers[0])
  server.script(...answers)
  return server
}
