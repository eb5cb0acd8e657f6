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
import { wholeFrames } from './zstd-frames.ts'

export type Pieces = AsyncIterable<Uint8Array>

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

/**
 * The codings that a `Content-Encoding` names, the last applied first; `known` is false when one
 * of them can't be undone, and then none should be.
 */
export function codingsOf(header: string | null): { codings: string[]; known: boolean } {
  if (header === null) return { codings: [], known: true }
  const names = header.split(',').map((name) => name.trim().toLowerCase())
  const codings = names.filter((name) => name !== '' && name !== 'identity').reverse()
  const known = codings.every((name) => Object.hasOwn(DECODERS, name))
  return { codings, known: known && codings.length <= MAX_CODINGS }
}

/**
 * What is inside a coding. No bytes at all are an empty body. Throws when the coded bytes are
 * damaged or end too early, and as `source` does. `share` is for what a decoder keeps in memory.
 */
export async function* decoded(
  source: Pieces,
  coding: string,
  share?: BodyShare,
): AsyncGenerator<Uint8Array> {
  const coded = coding === 'zstd' ? wholeFrames(source) : source[Symbol.asyncIterator]()
  const first = await coded.next()
  if (first.done) return
  const window = windowBytes(coding, first.value[0])
  await share?.take(window)
  const decoder = DECODERS[coding]!(first.value)
  const feeding = feed(decoder, first.value, coded)
  try {
    for await (const piece of decoder) yield piece as Uint8Array
  } catch (error) {
    throw (await feeding) ?? new Error(`the answer's ${coding} is damaged: ${errorText(error)}`)
  } finally {
    decoder.destroy()
    share?.give(window)
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

/** Resolves with what `coded` threw; null when it ended, or when the decoder did. */
async function feed(
  decoder: Transform,
  first: Uint8Array,
  coded: AsyncIterator<Uint8Array>,
): Promise<unknown> {
  // The decoder may end before its input does.
  const closed = new Promise<void>((resolve) => decoder.once('close', resolve))
  try {
    for (let next: IteratorResult<Uint8Array> = { value: first }; !next.done;) {
      if (!decoder.write(next.value)) await Promise.race([once(decoder, 'drain'), closed])
      if (decoder.destroyed) return null
      next = await coded.next()
    }
    decoder.end()
    return null
  } catch (error) {
    decoder.destroy(error as Error)
    return error
  }
}
