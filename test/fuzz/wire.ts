/** Requests as bytes, on a connection of their own, and the answers as they came. */
import { connect } from 'node:net'
import { PATIENCE_MS } from '../support/eventually.ts'

export interface Answered {
  status: number
  headers: Headers
  text: string
  /** The parsed body; undefined when it isn't JSON. */
  // oxlint-disable-next-line typescript/no-explicit-any
  json: any
}

export interface Exchange {
  /** In their order; none when the connection was closed without one. */
  answers: Answered[]
  /** We left before there was an answer. */
  hungUp: boolean
  /** Sent and received. */
  bytes: number
}

export interface ExchangeOptions {
  /** When we leave if there is no answer; default: that is a failure. */
  hangUp?: () => Promise<unknown>
  /** How many answers we wait for. */
  answers?: number
  /** The answer is to a HEAD request: it has no body. */
  head?: boolean
}

/** Sends the pieces one after the other, a turn of the loop between them; text is Latin-1. */
export async function exchange(
  url: string,
  pieces: readonly (string | Uint8Array)[],
  { hangUp, answers: wanted = 1, head = false }: ExchangeOptions = {},
): Promise<Exchange> {
  const { hostname, port } = new URL(url)
  const { promise: closed, resolve: close } = Promise.withResolvers<void>()
  let received = Buffer.alloc(0)
  let sent = 0
  const socket = connect({ port: Number(port), host: hostname, noDelay: true })
  socket.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk])
    if (repliesIn(received, head).length >= wanted) close()
  })
  // A server may cut a request that it won't read to its end, and answer it all the same.
  socket.on('error', () => close())
  socket.on('close', () => close())
  await Promise.race([closed, new Promise((resolve) => socket.once('connect', resolve))])
  for (const piece of pieces) {
    const bytes = typeof piece === 'string' ? Buffer.from(piece, 'latin1') : piece
    sent += bytes.length
    socket.write(bytes)
    if (pieces.length > 1) await new Promise(setImmediate)
  }
  let hungUp = false
  const leave = async () => {
    // Whoever looks after health finds out what is wrong with it; here it may be over by now.
    await (hangUp ?? (() => Bun.sleep(PATIENCE_MS)))().catch(() => {})
    hungUp = true
    close()
  }
  void leave()
  await closed
  socket.destroy()
  const answers = repliesIn(received, head)
  if (hungUp && !hangUp) throw new Error(`no answer within ${PATIENCE_MS / 1000} s`)
  return { answers, hungUp: hungUp && answers.length === 0, bytes: sent + received.length }
}

/** The complete answers at the start of the bytes. */
export function repliesIn(bytes: Buffer, head = false): Answered[] {
  const answers: Answered[] = []
  for (let taken = takeAnswer(bytes, head); taken; taken = takeAnswer(bytes, head)) {
    // 100 Continue is no answer yet.
    if (taken.answer.status >= 200 || taken.answer.status === 101) answers.push(taken.answer)
    bytes = taken.rest
  }
  return answers
}

function takeAnswer(bytes: Buffer, head: boolean): { answer: Answered; rest: Buffer } | null {
  const headEnd = bytes.indexOf('\r\n\r\n')
  if (headEnd < 0) return null
  const [start = '', ...lines] = bytes.toString('latin1', 0, headEnd).split('\r\n')
  const headers = new Headers(lines.map((line) => line.split(/:\s*(.*)/, 2) as [string, string]))
  const status = Number(start.split(' ')[1] ?? 0)
  const rest = bytes.subarray(headEnd + 4)
  const bodyless = head || status === 204 || status === 304 || status < 200
  const body = bodyless ? { text: '', length: 0 } : bodyOf(headers, rest)
  if (!body) return null
  const { text, length } = body
  const isJson = headers.get('content-type')?.startsWith('application/json')
  const answer = { status, headers, text, json: isJson ? parsed(text) : undefined }
  return { answer, rest: rest.subarray(length) }
}

/** undefined: it is not JSON. */
export function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

/** null: it is not complete. */
function bodyOf(headers: Headers, bytes: Buffer): { text: string; length: number } | null {
  if (headers.get('transfer-encoding') === 'chunked') {
    const end = bytes.indexOf('0\r\n\r\n')
    return end < 0 ? null : { text: bytes.toString('utf8', 0, end), length: end + 5 }
  }
  const length = Number(headers.get('content-length') ?? 0)
  return bytes.length < length ? null : { text: bytes.toString('utf8', 0, length), length }
}
