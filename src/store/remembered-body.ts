import type { JsonText } from '../task.ts'
import { truncationMarker } from '../truncation.ts'

/** Bodies over this, in bytes of JSON text, are remembered as the marker only. */
export const REMEMBERED_BODY_BYTES = 10 * 1024

/** The body as the history keeps it. */
export function rememberedBody(body: JsonText | null): JsonText | null {
  // A character is at least a byte and at most three: most bodies need no counting.
  if (body === null || body.length * 3 <= REMEMBERED_BODY_BYTES) return body
  const bytes = Buffer.byteLength(body)
  if (bytes <= REMEMBERED_BODY_BYTES) return body
  return truncationMarker(bytes, REMEMBERED_BODY_BYTES, 'The body is too large for the history')
}
