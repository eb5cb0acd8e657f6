import type { JsonText } from './task.ts'

/** What stands for a body that was too large to read, or to remember. */
export function truncationMarker(
  originalBytes: number | null,
  maxBytes: number,
  message: string,
): JsonText {
  const kilobytes = (bytes: number) => Math.round((bytes / 1024) * 100) / 100
  return JSON.stringify({
    _truncated: true,
    _original_size_kb: originalBytes === null ? null : kilobytes(originalBytes),
    _max_size_kb: kilobytes(maxBytes),
    _message: message,
  })
}
