const REDACTED = 'REDACTED'

/**
 * The URL, with `REDACTED` for each value in its query and fragment, so that it can be logged
 * and listed: values may be secret, the names of parameters are not. A part without `=` could be
 * either, and counts as a value.
 */
export function redactQuery(url: string): string {
  const start = url.search(/[?#]/)
  if (start === -1) return url
  return url.slice(0, start) + url.slice(start).replace(/[^?&#][^&#]*/g, redactPart)
}

function redactPart(part: string): string {
  const nameEnd = part.indexOf('=') + 1
  return part.slice(0, nameEnd) + REDACTED
}
