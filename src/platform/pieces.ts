/** Streams of bytes, read up to a limit. */
import { nextTurn, type Turns } from './turns.ts'

export type Pieces = AsyncIterable<Uint8Array>

export interface ReadOptions {
  /** For what comes in, and for what comes out of each of the stages. Bytes. */
  maxBytes: number
  /** What is made of the pieces, one after the other. */
  stages?: readonly ((pieces: Pieces) => Pieces)[]
  /** Called for each piece that is kept; what it returns is waited for. */
  take?: ((bytes: number) => Promise<void> | undefined) | undefined
  /** With these, no turn of the event loop handles more than PIECE_BYTES of what comes in. */
  turns?: Turns
}

/** However much comes at once. */
const PIECE_BYTES = 64 * 1024

const nothing = () => {}

/**
 * All bytes of a stream; null when there are more than `maxBytes`: the rest is cancelled then.
 * Rejects as the stream and the stages do.
 */
export async function readPieces(
  stream: ReadableStream<Uint8Array> | null,
  { maxBytes, stages = [], take, turns }: ReadOptions,
): Promise<Uint8Array | null> {
  if (!stream) return new Uint8Array()
  const reader = stream.getReader()
  try {
    const chunks = chunksOf(reader)
    let pieces = atMost(turns ? inPieces(chunks, turns) : chunks, maxBytes)
    // Each: one inside another can hold any number of bytes that decode to nothing.
    for (const stage of stages) pieces = atMost(stage(pieces), maxBytes)
    return await collect(pieces, take)
  } catch (error) {
    if (error instanceof TooLong) return null
    throw error
  } finally {
    // Not awaited: a source that hangs may never confirm it.
    reader.cancel().catch(nothing)
  }
}

/** Closes what nobody reads any more. Not awaited: it may be busy with a source that hangs. */
export function close(pieces: AsyncIterator<Uint8Array>): void {
  pieces.return?.().catch(nothing)
}

class TooLong extends Error {}

/** As of any stream of bytes: the types of Bun and of the web differ. */
interface Reader {
  read(): Promise<{ done: boolean; value?: Uint8Array | undefined }>
}

async function* chunksOf(reader: Reader): AsyncGenerator<Uint8Array> {
  for (;;) {
    const { done, value } = await reader.read()
    if (done || !value) return
    yield value
  }
}

async function* inPieces(chunks: Pieces, turns: Turns): AsyncGenerator<Uint8Array> {
  let inThisTurn = 0
  for await (const chunk of chunks) {
    for (let at = 0; at < chunk.byteLength; at += PIECE_BYTES) {
      const piece = chunk.subarray(at, at + PIECE_BYTES)
      inThisTurn += piece.byteLength
      if (inThisTurn > PIECE_BYTES) {
        await nextTurn(turns)
        inThisTurn = piece.byteLength
      }
      yield piece
    }
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

async function collect(pieces: Pieces, take: ReadOptions['take']): Promise<Uint8Array> {
  const collected: Uint8Array[] = []
  for await (const piece of pieces) {
    const wait = take?.(piece.byteLength)
    if (wait) await wait
    collected.push(piece)
  }
  return collected.length === 1 ? collected[0]! : Buffer.concat(collected)
}
