/**
 * A droplet's answer as JSON text: valid JSON unchanged, any other text as a JSON string, null
 * when empty, and what is not UTF-8 as base64 in a marker.
 */
import { withRaw } from '../json-text.ts'
import type { Work } from '../platform/turns.ts'
import type { JsonText } from '../task.ts'
import { JsonChecker } from './json-checker.ts'

export interface AnswerBytes {
  bytes: Uint8Array
  headers: Pick<Headers, 'get'>
  /** A Content-Encoding that could not be undone. */
  coding: string | null
}

/** A slice takes about a millisecond. A multiple of 3, so that base64 can be joined. */
const SLICE_BYTES = 48 * 1024

const utf8 = new TextDecoder('utf-8', { fatal: true })

/** What is larger must go through `largeBodyToJson`. */
export const isSmall = ({ bytes }: AnswerBytes): boolean => bytes.byteLength <= SLICE_BYTES

/** For small answers: JSON.parse takes up to 150 ms a megabyte. */
export function bodyToJson(answer: AnswerBytes): JsonText | null {
  const { bytes } = answer
  if (bytes.byteLength === 0) return null
  let text: string
  try {
    text = utf8.decode(bytes)
  } catch {
    return binaryMarker(answer, base64(bytes))
  }
  try {
    JSON.parse(text)
    return text
  } catch {
    return JSON.stringify(text)
  }
}

/** The same in slices. `states`: of `transitions`. */
export function* largeBodyToJson(answer: AnswerBytes, states: Uint8Array): Work<JsonText> {
  const pieces: string[] = []
  const isJson = yield* decode(answer.bytes, pieces, states)
  if (isJson) return pieces.join('')
  if (isJson === null) {
    const encoded: string[] = []
    for (const slice of slices(answer.bytes)) {
      encoded.push(base64(slice))
      yield
    }
    return binaryMarker(answer, encoded.join(''))
  }
  for (const [at, piece] of pieces.entries()) {
    pieces[at] = JSON.stringify(piece).slice(1, -1)
    yield
  }
  return `"${pieces.join('')}"`
}

/** Fills `pieces` with the text; returns whether it is JSON, null: it is not UTF-8. */
function* decode(bytes: Uint8Array, pieces: string[], states: Uint8Array): Work<boolean | null> {
  const decoder = new TextDecoder('utf-8', { fatal: true })
  const checker = new JsonChecker(states)
  let isJson = true
  for (const slice of slices(bytes)) {
    const isLast = slice.byteOffset + slice.byteLength === bytes.byteOffset + bytes.byteLength
    try {
      pieces.push(decoder.decode(slice, { stream: !isLast }))
    } catch {
      return null
    }
    isJson &&= checker.push(pieces.at(-1)!)
    yield
  }
  return isJson && checker.end()
}

function* slices(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.byteLength; at += SLICE_BYTES) {
    yield bytes.subarray(at, at + SLICE_BYTES)
  }
}

const base64 = ({ buffer, byteOffset, byteLength }: Uint8Array): string =>
  Buffer.from(buffer, byteOffset, byteLength).toString('base64')

function binaryMarker({ headers, coding }: AnswerBytes, encoded: string): JsonText {
  const fields = {
    _binary: true,
    _content_type: headers.get('content-type'),
    ...(coding === null ? {} : { _content_encoding: coding }),
  }
  return withRaw(fields, { _base64: `"${encoded}"` })
}
