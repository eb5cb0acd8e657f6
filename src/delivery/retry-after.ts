import { parseHttpDate } from './http-date.ts'

/**
 * `Retry-After` (RFC 9110, section 10.2.3), seconds or an HTTP date, as ms from `now` (wall
 * clock, ms); 0 when there is none, it is in the past, or it can't be read.
 */
export function retryAfterMs(header: string | null, now: number): number {
  if (header === null) return 0
  const text = header.trim()
  if (/^\d+$/.test(text)) return Number(text) * 1000
  return Math.max(0, (parseHttpDate(text, now) ?? now) - now)
}
