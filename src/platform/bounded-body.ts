/** Bodies of requests, read up to a limit: Bun's own readers have none. */
import { readPieces, type ReadOptions } from './pieces.ts'

/**
 * The Content-Length in bytes (RFC 9110, section 8.6); null when there is none, or more than one:
 * `Headers` joins equal ones to a list.
 */
export function declaredLength({ headers }: Pick<Request, 'headers'>): number | null {
  const header = headers.get('content-length')
  return header !== null && /^\d+$/.test(header) ? Number(header) : null
}

/**
 * The whole body; null when it is longer than `maxBytes`, and then the rest is not read.
 * `take` is called for each piece of a body that has no declared length. Rejects as it does, and as
 * the body's stream does: when the connection breaks or the signal aborts.
 */
export async function readBody(
  request: Request,
  maxBytes: number,
  take?: ReadOptions['take'],
): Promise<Uint8Array | null> {
  const declared = declaredLength(request)
  if (declared !== null && declared > maxBytes) return null
  // HTTP holds the body to its declared length, and `bytes()` is the fastest way to read it. But
  // for a chunked one the declared length does not count (RFC 9112, section 6.3).
  const isExact = declared !== null && !request.headers.has('transfer-encoding')
  return isExact ? request.bytes() : readPieces(request.body, { maxBytes, take })
}
