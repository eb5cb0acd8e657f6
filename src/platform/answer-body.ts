/** The bodies of answers, decoded, and bounded in memory: each of them, and all together. */
import type { BodyBudget, BodyShare } from './body-budget.ts'
import { declaredLength } from './bounded-body.ts'
import { codingsOf } from './codings.ts'
import { canUndo, decoded } from './content-coding.ts'
import { readPieces, type Pieces } from './pieces.ts'
import type { Turns } from './turns.ts'

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
  turns: Turns
}

/** What is shorter is not worth a place in the budget: its request took as much. */
const SMALL_BYTES = 16 * 1024

const nothing = () => {}

/**
 * Whether the body is short, at most `maxBytes`, and not coded: then it may be read by the fastest
 * way, `bytes()`, which has no limit.
 */
export function isSmallAndPlain(response: Response, maxBytes: number): boolean {
  const length = declaredLength(response)
  if (length === null || length > SMALL_BYTES || length > maxBytes) return false
  const { headers } = response
  return !headers.has('content-encoding') && !headers.has('transfer-encoding')
}

/**
 * The body of an answer that fetch left as it came (`decompress: false`); null when it is longer
 * than `maxBytes`, coded or decoded, and then the rest is not read. Rejects when the connection
 * breaks, when the coded bytes are damaged, and when the signal aborts.
 */
export async function readAnswerBody(
  response: Response,
  { maxBytes, signal, budget, turns }: AnswerBodyOptions,
): Promise<AnswerBody | null> {
  const length = exactLength(response)
  if (length !== null && length > maxBytes) {
    // An unread answer would hold its connection.
    response.body?.cancel().catch(nothing)
    return null
  }
  const header = response.headers.get('content-encoding')
  const codings = codingsOf(header)
  const known = canUndo(codings)
  const share = budget?.open(signal)
  const release = share?.release ?? nothing
  const stages = known ? codings.toReversed().map((coding) => undo(coding, share)) : []
  let bytes: Uint8Array | null = null
  try {
    bytes = await readPieces(response.body, { maxBytes, stages, take: share?.take, turns })
  } finally {
    if (!bytes) release()
  }
  return bytes && { bytes, coding: known ? null : header, release }
}

const undo = (coding: string, share: BodyShare | undefined) => (pieces: Pieces) =>
  decoded(pieces, coding, share)

/** The bytes of the body without its codings; null where that is not said. */
export function originalLength(response: Response): number | null {
  return response.headers.has('content-encoding') ? null : exactLength(response)
}

/** The Content-Length, null where it does not count (RFC 9112, section 6.3). */
function exactLength(response: Response): number | null {
  return response.headers.has('transfer-encoding') ? null : declaredLength(response)
}
