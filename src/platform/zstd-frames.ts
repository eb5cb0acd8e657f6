import type { Pieces } from './content-coding.ts'

/** The next bytes of the format: to be read, or to be passed over. */
interface Part {
  bytes: number
  use: 'read' | 'skip'
  /** Here the data may end. */
  startsFrame?: true
}

const SKIPPABLE_MAGIC = 0x184d2a5
const RLE_BLOCK = 1

/**
 * Passes zstd's frames on (RFC 8878, section 3.1) and throws when the last one is not whole:
 * which the decoder does not tell.
 */
export async function* wholeFrames(source: Pieces): AsyncGenerator<Uint8Array> {
  const parts = frameParts()
  let part = parts.next().value
  let done = 0
  let read: number[] = []
  for await (const piece of source) {
    for (let at = 0; at < piece.byteLength;) {
      const taken = Math.min(part.bytes - done, piece.byteLength - at)
      if (part.use === 'read') read.push(...piece.subarray(at, at + taken))
      done += taken
      at += taken
      if (done < part.bytes) break
      part = parts.next(Buffer.from(read)).value
      done = 0
      read = []
    }
    yield piece
  }
  if (!part.startsFrame || done > 0) throw new Error("the answer's zstd is damaged: it ends early")
}

/** Yields no empty parts. */
function* frameParts(): Generator<Part, never, Buffer> {
  for (;;) {
    const magic = (yield { bytes: 4, use: 'read', startsFrame: true }).readUInt32LE()
    if (magic >>> 4 === SKIPPABLE_MAGIC) {
      yield* skip((yield { bytes: 4, use: 'read' }).readUInt32LE())
      continue
    }
    const [descriptor = 0] = yield { bytes: 1, use: 'read' }
    yield* skip(headerBytes(descriptor))
    yield* blocks()
    // A checksum.
    if ((descriptor & 4) !== 0) yield* skip(4)
  }
}

/** What follows the descriptor: window, dictionary, content size. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  return (isSingleSegment ? 0 : 1) + dictionary + contentSize
}

function* blocks(): Generator<Part, void, Buffer> {
  for (let isLast = false; !isLast;) {
    const header = (yield { bytes: 3, use: 'read' }).readUIntLE(0, 3)
    isLast = (header & 1) === 1
    yield* skip(((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3)
  }
}

function* skip(bytes: number): Generator<Part, void, Buffer> {
  if (bytes > 0) yield { bytes, use: 'skip' }
}
