import type { JsonText, Task } from '../task.ts'
import { truncationMarker } from '../truncation.ts'

/** Of larger bodies, in bytes of JSON text, only a marker is stored. */
export const MAX_STORED_BODY_BYTES = 10 * 1024

/** The body, or the marker that is stored in its place. */
export function storedBody(body: JsonText | null): JsonText | null {
  // A character is at least a byte and at most three: most bodies need no counting.
  if (body === null || body.length * 3 <= MAX_STORED_BODY_BYTES) return body
  const bytes = Buffer.byteLength(body)
  if (bytes <= MAX_STORED_BODY_BYTES) return body
  return truncationMarker(bytes, MAX_STORED_BODY_BYTES, 'The body is too large for the history')
}

/** A task as it is stored: without a body that is too large for the history. */
export function asStored(task: Task): Task {
  const responseBody = storedBody(task.responseBody)
  return responseBody === task.responseBody ? task : { ...task, responseBody }
}
