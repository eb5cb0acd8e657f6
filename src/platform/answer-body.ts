/** The bodies of answers, decoded, and bounded in memory: each of them, and all together. */
import type { BodyBudget, BodyShare } from './body-budget.ts'
import { declaredLength } from './bounded-body.ts'
import { codingsOf, decoded, type Pieces } from './content-coding.ts'

/** What is shorter is not worth a place in the budget: its request took as much. */
const SMALL_BYTES = 16 * 1024

export interface AnswerBody {
  bytes: Uint8Array
  /** A Content-Encoding that could not be undone. */
  coding: string | null
  /** To be called when the bytes are not needed any more. */
  release: () => void
}

export interface AnswerBodyOptions {
  /** For what comes over the wire, and for what is inside. */
  maxBytes: number
  /** Ends a wait for memory. The response is that of a request with this signal. */
  signal: AbortSignal
  /** Shared with others; null: what this one takes is known to be little. */
  budget: BodyBudget | null
}

const nothing = () => {}

/**
 * The body of an answer that fetch left as it came (`decompress: false`); null when it is longer
 * than `maxBytes`, coded or decoded, and then the rest is not read. Rejects when the connection
 * breaks, when the coded bytes are damaged, and when the signal aborts.
 */
export async function readAnswerBody(
  response: Response,
  { maxBytes, signal, budget }: AnswerBodyOptions,
): Promise<AnswerBody | null> {
  const header = response.headers.get('content-encoding')
  const { codings, known } = codingsOf(header)
  const coding = known ? null : header
  const length = exactLength(response)
  if (length !== null && length > maxBytes) {
    // An unread answer would hold its connection.
    response.body?.cancel().catch(nothing)
    return null
  }
  if (length !== null && length <= SMALL_BYTES && (!known || codings.length === 0)) {
    return { bytes: await response.bytes(), coding, release: nothing }
  }
  const share = budget?.open(signal)
  try {
    const bytes = await readPieces(response.body, known ? codings : [], maxBytes, share)
    if (bytes) return { bytes, coding, release: share?.release ?? nothing }
    share?.release()
    return null
  } catch (error) {
    share?.release()
    throw error
  }
}

/** The bytes of the body without its codings; null where that is not said. */
export function originalLength(response: Response): number | null {
  return response.headers.has('content-encoding') ? null : exactLength(response)
}

/** The Content-Length, null where it does not count (RFC 9112, section 6.3). */
function exactLength(response: Response): number | null {
  return response.headers.has('transfer-encoding') ? null : declaredLength(response)
}

class TooLong extends Error {}

/** As of any stream of bytes: the types of Bun and of the web differ. */
interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>
}

async function readPieces(
  stream: ReadableStream<Uint8Array> | null,
  codings: readonly string[],
  maxBytes: number,
  share: BodyShare | undefined,
): Promise<Uint8Array | null> {
  if (!stream) return new Uint8Array()
  const reader = stream.getReader()
  try {
    let pieces = atMost(piecesOf(reader), maxBytes)
    // Each: a coding inside another can hold any number of bytes that decode to nothing.
    for (const coding of codings) pieces = atMost(decoded(pieces, coding, share), maxBytes)
    return await collect(pieces, share)
  } catch (error) {
    if (error instanceof TooLong) return null
    throw error
  } finally {
    // Not awaited: a source that hangs may never confirm it.
    reader.cancel().catch(nothing)
  }
}

async function* piecesOf(reader: Reader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read()
    if (done || !value) return
    yield value
  }
}

async function* atMost(pieces: Pieces, maxBytes: number): AsyncGenerator<Uint8Array> {
  let length = 0
  for await (const piece of pieces) {
    length += piece.byteLength
    if (length > maxBytes) throw new TooLong()
    yield piece
  }
}

async function collect(pieces: Pieces, share: BodyShare | undefined): Promise<Uint8Array> {
  const collected: Uint8Array[] = []
  for await (const piece of pieces) {
    const wait = share?.take(piece.byteLength)
    if (wait) await wait
    collected.push(piece)
  }
  return collected.length === 1 ? collected[0]! : Buffer.concat(collected)
}
