/** Requests as bytes, for those that no HTTP client sends; one connection each. */
import { connect } from 'node:net'

export interface RawReply {
  /** 0 when the connection was closed without an answer. */
  status: number
  headers: Headers
  text: string
  /** The parsed body; undefined when it isn't JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any
}

/**
 * Sends the bytes and reads until the server closes the connection: best with `Connection: close`.
 * Text is sent as Latin-1, a byte for each character.
 */
export async function sendRaw(url: string, request: string): Promise<RawReply> {
  return parseRaw(await exchange(url, request))
}

function exchange(url: string, request: string): Promise<Buffer> {
  const { hostname, port } = new URL(url)
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    const socket = connect(Number(port), hostname, () => socket.write(request, 'latin1'))
    socket.on('data', (chunk: Buffer) => chunks.push(chunk))
    socket.on('error', reject)
    socket.on('close', () => resolve(Buffer.concat(chunks)))
  })
}

function parseRaw(bytes: Buffer): RawReply {
  const headEnd = bytes.indexOf('\r\n\r\n')
  const head = bytes.toString('latin1', 0, Math.max(0, headEnd))
  const [start = '', ...lines] = head.split('\r\n')
  const headers = new Headers(lines.map((line) => line.split(/:\s*(.*)/, 2) as [string, string]))
  const text = headEnd < 0 ? '' : bytes.toString('utf8', headEnd + 4)
  const isJson = headers.get('content-type')?.startsWith('application/json') && text !== ''
  return {
    status: Number(start.split(' ')[1] ?? 0),
    headers,
    text,
    json: isJson ? JSON.parse(text) : undefined,
  }
}
