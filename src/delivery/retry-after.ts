/**
 * `Retry-After` (RFC 9110, section 10.2.3), seconds or an HTTP date, as ms from `now` (wall
 * clock, ms); 0 when there is none, it is in the past, or it can't be read.
 */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  // Date.parse reads far more than HTTP dates, so the text must begin with the name of a day.
  const at = /^[A-Z][a-z]+,? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(at) ? 0 : Math.max(0, at - now)
}
