import type { Pieces } from './pieces.ts'

/** Passes zstd's frames on and throws when the last one is not whole: the decoder does not tell. */
export async function* wholeFrames(source: Pieces): AsyncGenerator<Uint8Array> {
  const frames = new ZstdFrames()
  for await (const piece of source) {
    frames.push(piece)
    yield piece
  }
  if (!frames.mayEnd) throw new Error("the answer's zstd is damaged: it ends early")
}

/** What is read of a frame, and its length in bytes. All else is passed over. */
const PARTS = { magic: 4, skippableSize: 4, descriptor: 1, blockHeader: 3 } as const

const SKIPPABLE_MAGIC = 0x184d2a5
const RLE_BLOCK = 1

/**
 * Follows the frames (RFC 8878, section 3.1), wherever they are cut. The smallest block has three
 * bytes: so nothing is allocated for one.
 */
class ZstdFrames {
  #part: keyof typeof PARTS = 'magic'
  /** What came of the part, little-endian, and how many bytes of it. */
  #value = 0
  #length = 0
  /** How many bytes come before the part. */
  #skip = 0
  #hasChecksum = false

  push(piece: Uint8Array): void {
    for (let at = 0; at < piece.byteLength;) {
      if (this.#skip > 0) {
        const skipped = Math.min(this.#skip, piece.byteLength - at)
        this.#skip -= skipped
        at += skipped
        continue
      }
      this.#value += piece[at++]! * 2 ** (8 * this.#length++)
      if (this.#length === PARTS[this.#part]) this.#read()
    }
  }

  /** Whether a frame has just ended, or none has begun. */
  get mayEnd(): boolean {
    return this.#part === 'magic' && this.#length === 0 && this.#skip === 0
  }

  #read(): void {
    const value = this.#value
    this.#value = 0
    this.#length = 0
    switch (this.#part) {
      case 'magic':
        this.#part = value >>> 4 === SKIPPABLE_MAGIC ? 'skippableSize' : 'descriptor'
        break
      case 'skippableSize':
        this.#skip = value
        this.#part = 'magic'
        break
      case 'descriptor':
        this.#skip = headerBytes(value)
        this.#hasChecksum = (value & 4) !== 0
        this.#part = 'blockHeader'
        break
      case 'blockHeader':
        this.#readBlock(value)
    }
  }

  #readBlock(header: number): void {
    this.#skip = ((header >> 1) & 3) === RLE_BLOCK ? 1 : header >> 3
    const isLast = (header & 1) === 1
    if (!isLast) return
    if (this.#hasChecksum) this.#skip += 4
    this.#part = 'magic'
  }
}

/** What follows the descriptor: window, dictionary, content size. */
function headerBytes(descriptor: number): number {
  const isSingleSegment = (descriptor & 0x20) !== 0
  const dictionary = [0, 1, 2, 4][descriptor & 3]!
  const contentSize = [isSingleSegment ? 1 : 0, 2, 4, 8][descriptor >> 6]!
  return (isSingleSegment ? 0 : 1) + dictionary + contentSize
}
