/**
 * Content codings of answers (RFC 9110, section 8.4.1), undone in pieces and off the main thread:
 * a few hundred bytes can hold a gigabyte, so whoever reads must be able to stop at any piece.
 */
import { once } from 'node:events'
import type { Transform } from 'node:stream'
import {
  constants,
  createBrotliDecompress,
  createGunzip,
  createInflate,
  createInflateRaw,
  createZstdDecompress,
} from 'node:zlib'
import { errorText } from '../errors.ts'
import type { BodyShare } from './body-budget.ts'
import { close, type Pieces } from './pieces.ts'
import { wholeFrames } from './zstd-frames.ts'

/** Nobody uses more, and each takes memory. */
const MAX_CODINGS = 4

/** Smaller pieces would cost more turns of the threads that decode. */
const OPTIONS = { chunkSize: 65_536 }

/** The largest window that zstd may have as a content coding (RFC 9659): 8 MiB. */
const ZSTD_WINDOW_BITS = 23
const ZSTD_OPTIONS = {
  ...OPTIONS,
  params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_BITS },
}

const DECODERS: Readonly<Record<string, (first: Uint8Array) => Transform>> = {
  gzip: () => createGunzip(OPTIONS),
  'x-gzip': () => createGunzip(OPTIONS),
  br: () => createBrotliDecompress(OPTIONS),
  zstd: () => createZstdDecompress(ZSTD_OPTIONS),
  // By RFC 9110 it is zlib's format, but some send the bare one: which can't begin with these
  // four bits.
  deflate: ([byte = 0]) =>
    (byte & 0x0f) === 8 ? createInflate(OPTIONS) : createInflateRaw(OPTIONS),
}

/** Whether these codings, the names in lower case, can be undone: all of them, or none should be. */
export function canUndo(codings: readonly string[]): boolean {
  return codings.length <= MAX_CODINGS && codings.every((name) => Object.hasOwn(DECODERS, name))
}

/**
 * What is inside a coding. No bytes at all are an empty body. Throws when the coded bytes are
 * damaged or end too early, and as `source` does. `share` is for what the decoder keeps in memory.
 */
export async function* decoded(
  source: Pieces,
  coding: string,
  share?: BodyShare,
): AsyncGenerator<Uint8Array> {
  const coded = (coding === 'zstd' ? wholeFrames(source) : source)[Symbol.asyncIterator]()
  const first = await coded.next()
  if (first.done) return
  const decoder = DECODERS[coding]!(first.value)
  void feed(decoder, first.value, coded)
  const window = windowBytes(coding, first.value[0])
  let kept = 0
  try {
    for await (const piece of decoder as AsyncIterable<Uint8Array>) {
      // The window fills with what comes out.
      const more = Math.min(piece.byteLength, window - kept)
      if (more > 0) await share?.take(more)
      kept += more
      yield piece
    }
  } catch (error) {
    throw error === decoder.errored ? failureOf(coding, error) : error
  } finally {
    decoder.destroy()
    share?.give(kept)
    close(coded)
  }
}

/**
 * The bytes that a decoder keeps of what it has decoded. For gzip and deflate they are too few to
 * count. The sender of brotli chooses them, in the first byte, up to 16 MiB (RFC 7932, section
 * 9.1).
 */
function windowBytes(coding: string, byte = 0): number {
  if (coding === 'zstd') return 2 ** ZSTD_WINDOW_BITS
  if (coding !== 'br') return 0
  const [three, upperThree] = [(byte >> 1) & 7, (byte >> 4) & 7]
  const usual = three === 0 ? 17 : 17 + three
  const bits = (byte & 1) === 0 ? 16 : three === 0 && upperThree > 1 ? 8 + upperThree : usual
  return 2 ** bits
}

/** With this a decoder ends whose input failed: for the `cause`. */
class InputFailed extends Error {}

/** Why a decoder failed. */
function failureOf(coding: string, error: unknown): unknown {
  if (error instanceof InputFailed) return error.cause
  return new Error(`the answer's ${coding} is damaged: ${errorText(error)}`)
}

/** Passes `coded` on to the decoder, until one of them ends. Never rejects. */
async function feed(
  decoder: Transform,
  first: Uint8Array,
  coded: AsyncIterator<Uint8Array>,
): Promise<void> {
  // The decoder may end before its input does.
  const closed = new Promise<void>((resolve) => decoder.once('close', resolve))
  try {
    for (let next: IteratorResult<Uint8Array> = { value: first }; !next.done;) {
      if (!decoder.write(next.value)) await Promise.race([once(decoder, 'drain'), closed])
      if (decoder.destroyed) return
      next = await coded.next()
      if (decoder.destroyed) return
    }
    decoder.end()
  } catch (cause) {
    decoder.destroy(new InputFailed('', { cause }))
  }
}
